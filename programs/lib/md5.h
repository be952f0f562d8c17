// MD5, RFC 1321.
#ifndef MD5_H
#define MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, MD5_BLOCK = 64 };

struct md5 {
    uint32_t state[4];
    uint64_t length; // bytes so far
    unsigned char block[MD5_BLOCK];
};

void md5_begin(struct md5 *md5);
void md5_add(struct md5 *md5, const void *data, size_t size);
void md5_end(struct md5 *md5, unsigned char digest[MD5_SIZE]);

#endif
