// Calls as a Chrome trace, which Perfetto and chrome://tracing open: one JSON object. A call is a slice on
// its client's thread and an asynchronous one, "served", at its server; queueing is in the arguments.
#ifndef IPCTRACE_CHROME_H
#define IPCTRACE_CHROME_H

#include "calls.h"

#include <stdio.h>

struct chrome {
    FILE *to;
    uint64_t first_ns; // what is written as time 0
    uint64_t events;
    struct chrome_thread { // known by name already
        uint32_t task, thread;
        char name[16];
    } * known; // heap
    size_t count, room;
};

void chrome_begin(struct chrome *chrome, FILE *to, uint64_t first_ns);
void chrome_call(struct chrome *chrome, const struct call *call);
/// Says how many records are missing and closes the object; the file stays open. False: some of it was not
/// written.
bool chrome_end(struct chrome *chrome, uint64_t lost);

#endif
