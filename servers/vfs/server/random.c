/* /dev/random and /dev/urandom: the ChaCha20 block function (RFC 8439) over a key that each request replaces,
 * seeded from what init put into the startup block and the time-stamp counter. */
#include <ipc/startup.h>
#include <ipc/task.h>
#include "../port.h"

static uint32_t key[8];
static uint64_t blocks;
static bool seeded;

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void quarter(uint32_t *s, int a, int b, int c, int d)
{
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

static void block(uint32_t out[16])
{
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(in + 4, key, sizeof key);
    in[12] = (uint32_t)++blocks;
    in[13] = (uint32_t)(blocks >> 32);
    memcpy(out, in, sizeof in);
    for (int i = 0; i < 10; i++) {
        quarter(out, 0, 4, 8, 12), quarter(out, 1, 5, 9, 13);
        quarter(out, 2, 6, 10, 14), quarter(out, 3, 7, 11, 15);
        quarter(out, 0, 5, 10, 15), quarter(out, 1, 6, 11, 12);
        quarter(out, 2, 7, 8, 13), quarter(out, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
        out[i] += in[i];
}

void port_random(void *p, size_t n)
{
    uint32_t out[16];
    const struct startup *s = ipc_startup();
    uint64_t tsc = __builtin_ia32_rdtsc();

    if (!seeded && s)
        memcpy(key, s->random, sizeof s->random);
    seeded = true;
    key[6] ^= (uint32_t)tsc;
    key[7] ^= (uint32_t)(tsc >> 32) ^ (uint32_t)port_now();
    for (uint8_t *at = p; n;) {
        size_t part = min_u64(n, sizeof out);
        block(out);
        memcpy(at, out, part);
        at += part;
        n -= part;
    }
    block(out); /* so that what was given cannot be found from the state that stays */
    memcpy(key, out, sizeof key);
}
