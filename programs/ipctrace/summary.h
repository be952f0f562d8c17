// Calls counted by operation.
#ifndef IPCTRACE_SUMMARY_H
#define IPCTRACE_SUMMARY_H

#include "names.h"

#include <stdio.h>

struct summary {
    struct summary_line {
        char server[16], operation[NAME_SIZE];
        uint64_t calls, errors, queued_ns, served_ns, longest_ns;
    } * lines; // heap
    size_t count, room;
    uint64_t unlisted; // calls for which there was no memory
};

void summary_add(struct summary *summary, const struct call *call);
/// What took longest first; gives the memory back.
void summary_print(struct summary *summary, FILE *to);

#endif
