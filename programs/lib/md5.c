#include "md5.h"

#include <string.h>

/// Section 3.4: floor(2^32 × |sin(i + 1)|).
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static const unsigned char shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t rotate(uint32_t value, unsigned count)
{
    return value << count | value >> (32 - count);
}

static void md5_block(struct md5 *md5, const unsigned char *block)
{
    uint32_t words[16], a = md5->state[0], b = md5->state[1], c = md5->state[2], d = md5->state[3];
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
                   (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
    for (unsigned i = 0; i < 64; i++) {
        uint32_t mix;
        unsigned word;
        switch (i / 16) {
        case 0: mix = (b & c) | (~b & d), word = i; break;
        case 1: mix = (d & b) | (~d & c), word = 5 * i + 1; break;
        case 2: mix = b ^ c ^ d, word = 3 * i + 5; break;
        default: mix = c ^ (b | ~d), word = 7 * i; break;
        }
        uint32_t sum = a + mix + sines[i] + words[word % 16];
        a = d;
        d = c;
        c = b;
        b += rotate(sum, shifts[i / 16][i % 4]);
    }
    md5->state[0] += a;
    md5->state[1] += b;
    md5->state[2] += c;
    md5->state[3] += d;
}

void md5_begin(struct md5 *md5)
{
    *md5 = (struct md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_add(struct md5 *md5, const void *data, size_t size)
{
    const unsigned char *at = data;
    size_t used = md5->length % MD5_BLOCK;
    md5->length += size;
    while (size > 0) {
        if (used == 0 && size >= MD5_BLOCK) {
            md5_block(md5, at);
            at += MD5_BLOCK;
            size -= MD5_BLOCK;
            continue;
        }
        size_t part = size < MD5_BLOCK - used ? size : MD5_BLOCK - used;
        memcpy(md5->block + used, at, part);
        used += part;
        at += part;
        size -= part;
        if (used == MD5_BLOCK) {
            md5_block(md5, md5->block);
            used = 0;
        }
    }
}

void md5_end(struct md5 *md5, unsigned char digest[MD5_SIZE])
{
    static const unsigned char padding[MD5_BLOCK] = {0x80};
    uint64_t bits = md5->length * 8;
    size_t used = md5->length % MD5_BLOCK;
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> 8 * i);
    md5_add(md5, padding, used < 56 ? 56 - used : 120 - used);
    md5_add(md5, length, sizeof(length));
    for (int i = 0; i < MD5_SIZE; i++)
        digest[i] = (unsigned char)(md5->state[i / 4] >> 8 * (i % 4));
}
