/* getentropy: the ChaCha20 block function (RFC 8439, section 2.3) keyed from the startup block, with the
 * counter of the processor mixed in. After each request the key is replaced, so earlier output cannot be
 * recomputed. */
#include "libc.h"
#include "futex_lock.h"

#include <string.h>
#include <unistd.h>

static uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
static unsigned int state_lock;

static uint32_t rotate(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

static void block(uint32_t out[16])
{
    memcpy(out, state, sizeof state);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++)
            quarter(out, i, i + 4, i + 8, i + 12);
        for (int i = 0; i < 4; i++)
            quarter(out, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (int i = 0; i < 16; i++)
        out[i] += state[i];
    state[12]++;
}

void random_startup(const uint64_t seed[2])
{
    uint64_t ticks = __builtin_ia32_rdtsc();
    memcpy(&state[4], seed, 2 * sizeof *seed);
    memcpy(&state[8], &ticks, sizeof ticks);
}

/* In the child of a fork: a thread that held the lock is not here. */
void random_unlock(void)
{
    if (state_lock)
        state_lock = 0;
}

int getentropy(void *buffer, size_t length)
{
    uint32_t words[16];
    if (length > 256)
        return fail(EIO);
    futex_lock(&state_lock);
    if (process_forked()) /* since the last request: go another way than the parent */
        state[10] ^= (uint32_t)getpid();
    state[11] ^= (uint32_t)__builtin_ia32_rdtsc();
    for (size_t done = 0; done < length; done += sizeof words) {
        block(words);
        memcpy((char *)buffer + done, words, length - done < sizeof words ? length - done : sizeof words);
    }
    block(words);
    memcpy(&state[4], words, 8 * sizeof *words);
    futex_unlock(&state_lock);
    memset(words, 0, sizeof words);
    __asm__ volatile("" : : "r"(words) : "memory"); /* the compiler may not leave that out */
    return 0;
}
