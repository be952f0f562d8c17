// From the kernel's records to whole calls: who called whom, what, when, and what came of it. Knows no files
// and no clock, so that it is tested on the host.
#ifndef IPCTRACE_CALLS_H
#define IPCTRACE_CALLS_H

#include <ouros/syscall.h>
#include <stdbool.h>
#include <stddef.h>

enum call_end {
    CALL_ANSWERED, // status is the server's
    CALL_FAILED,   // status is the kernel's error
    CALL_GONE,     // the client died, or left the queue: it waited too long, or was cancelled
    CALL_OPEN,     // no answer yet when tracing ended
};

struct call {
    uint64_t queued_ns, taken_ns, ended_ns; // monotonic; taken_ns 0: no server had it
    uint32_t label, status, flags;          // flags: enum trace_flag
    uint32_t client, server;                // threads
    uint32_t client_task, server_task;
    char client_name[16], server_name[16]; // of the tasks, ended by NUL
    enum call_end end;
};

struct calls {
    void (*done)(void *argument, const struct call *call); // told each call once, when it has ended
    void *argument;
    struct call *open; // heap: those that have not ended
    size_t count, room;
    uint64_t lost; // records that the kernel had no room for
    uint64_t last_ns;
};

/// What comes next in time. A record that makes no sense (its call began before tracing did) is passed over.
/// False: out of memory.
bool calls_add(struct calls *calls, const struct trace_record *record);
/// The end of tracing: tells what is left, as CALL_OPEN, and gives the memory back.
void calls_finish(struct calls *calls);

#endif
