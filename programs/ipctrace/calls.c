#include "calls.h"

#include <stdlib.h>
#include <string.h>

// A thread has one call at a time, and there are few threads that wait: a plain search will do.
static struct call *find(struct calls *calls, uint32_t client)
{
    for (size_t i = calls->count; i-- > 0;)
        if (calls->open[i].client == client)
            return &calls->open[i];
    return NULL;
}

static void take_out(struct calls *calls, struct call *call)
{
    *call = calls->open[--calls->count];
}

static void end(struct calls *calls, struct call *call, enum call_end how, uint32_t status, uint64_t when)
{
    struct call ended = *call;
    take_out(calls, call);
    ended.end = how;
    ended.status = status;
    ended.ended_ns = when;
    calls->done(calls->argument, &ended);
}

static void name_copy(char to[16], const char from[16])
{
    memcpy(to, from, 16);
    to[15] = 0;
}

static bool begin(struct calls *calls, const struct trace_record *r)
{
    if (calls->count == calls->room) {
        size_t room = calls->room ? calls->room * 2 : 64;
        struct call *more = realloc(calls->open, room * sizeof *more);
        if (!more)
            return false;
        calls->open = more;
        calls->room = room;
    }
    struct call *call = &calls->open[calls->count++];
    *call = (struct call){.queued_ns = r->time_ns,
                          .label = r->label,
                          .flags = r->flags,
                          .client = r->client,
                          .client_task = r->client_task,
                          .server_task = r->server_task};
    name_copy(call->client_name, r->client_name);
    name_copy(call->server_name, r->server_name);
    return true;
}

static bool taken(struct calls *calls, const struct trace_record *r)
{
    struct call *call = find(calls, r->client);
    if (!call) {
        if (!begin(calls, r))
            return false;
        call = find(calls, r->client);
    }
    call->taken_ns = r->time_ns;
    call->server = r->server;
    call->server_task = r->server_task;
    name_copy(call->server_name, r->server_name);
    if (r->flags & TRACE_ONE_WAY)
        end(calls, call, CALL_ANSWERED, 0, r->time_ns);
    return true;
}

static void left(struct calls *calls, const struct trace_record *r)
{
    struct call *call = find(calls, r->client);
    bool served = r->flags & TRACE_FAULT && call && call->taken_ns;
    if (call)
        end(calls, call, served ? CALL_ANSWERED : CALL_GONE, 0, r->time_ns);
}

bool calls_add(struct calls *calls, const struct trace_record *r)
{
    calls->last_ns = r->time_ns;
    struct call *call = find(calls, r->client);
    switch (r->kind) {
    case TRACE_QUEUED:
        if (call) // its end was lost
            end(calls, call, CALL_GONE, 0, r->time_ns);
        return begin(calls, r);
    case TRACE_TAKEN:
        if (call && call->taken_ns)
            end(calls, call, CALL_GONE, 0, r->time_ns);
        return taken(calls, r);
    case TRACE_ANSWERED:
        if (call)
            end(calls, call, CALL_ANSWERED, r->label, r->time_ns);
        return true;
    case TRACE_FAILED:
        if (call)
            end(calls, call, CALL_FAILED, r->label, r->time_ns);
        return true;
    case TRACE_LEFT: left(calls, r); return true;
    case TRACE_LOST: calls->lost += r->label; return true;
    default: return true;
    }
}

void calls_finish(struct calls *calls)
{
    while (calls->count)
        end(calls, &calls->open[0], CALL_OPEN, 0, calls->last_ns);
    free(calls->open);
    calls->open = NULL;
    calls->room = 0;
}
