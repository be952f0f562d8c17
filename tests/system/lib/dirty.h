/* What tests/system/kernel/dirty.c, a disk, and tests/system/dirty_pages.c, its user, say to each other. */
#ifndef TESTS_DIRTY_H
#define TESTS_DIRTY_H

#include <stdint.h>

#define DIRTY_PAGE                  4096u
#define DIRTY_PAGES                 32768ul /* of the file */
#define PAGE_WORD(page, generation) ((uint64_t)(page) << 8 | (uint8_t)(generation))

struct dirty_order {    /* is written to it: how it is to behave from now on */
    uint32_t delay_ms;  /* before each write */
    uint32_t fail_each; /* one in so many writes fails; 0: none */
    uint32_t die_in;    /* it dies at that write; 0: it does not */
};
struct dirty_status { /* is read from it: what it has seen */
    uint64_t writes, pages_written, pages_failed, pages_read, torn, unused, lost, lives;
};

#endif
