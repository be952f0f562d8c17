#include "names.h"

#include <ipc/protocol.h>
#include <stdio.h>
#include <string.h>

enum { OWN_NUMBERS = 0x100 }; // from here on a number belongs to one protocol (docs/ipc.md)

// The linker's: pointers to the tables of all protocols whose headers the program includes.
extern const struct ipc_protocol *const __start_ipc_protocols[] __attribute__((weak));
extern const struct ipc_protocol *const __stop_ipc_protocols[] __attribute__((weak));

static const struct ipc_op *find(const struct ipc_protocol *protocol, uint32_t label)
{
    for (uint32_t i = 0; i < protocol->count; i++)
        if (protocol->ops[i].number == label)
            return &protocol->ops[i];
    return NULL;
}

const char *name_operation(const struct call *call, char name[NAME_SIZE])
{
    if (call->flags & TRACE_FAULT)
        return call->label == MSG_FAULT ? "fault" : "exception";
    for (const struct ipc_protocol *const *p = __start_ipc_protocols; p < __stop_ipc_protocols; p++) {
        bool spoken = strcmp((*p)->name, call->server_name) == 0 || call->label >= OWN_NUMBERS;
        const struct ipc_op *op = spoken ? find(*p, call->label) : NULL;
        if (op) {
            snprintf(name, NAME_SIZE, "%s.%s", (*p)->name, op->name);
            return name;
        }
    }
    snprintf(name, NAME_SIZE, "#%lu", (unsigned long)call->label);
    return name;
}

static const char *error_name(uint32_t error)
{
    switch (error) {
#define NAME(constant, number, posix, text) \
    case number: return #constant;
        OUROS_ERRORS(NAME)
#undef NAME
    default: return NULL;
    }
}

const char *name_result(const struct call *call, char name[NAME_SIZE])
{
    const char *error = error_name(call->status);
    if (call->end == CALL_OPEN)
        return "(no answer yet)";
    if (call->end == CALL_GONE)
        return "(no answer)";
    if (call->status == 0)
        return "ok";
    if (error)
        return error;
    snprintf(name, NAME_SIZE, "%lu", (unsigned long)call->status);
    return name;
}

bool call_is_error(const struct call *call)
{
    return call->end == CALL_FAILED ||
           (call->end == CALL_ANSWERED && call->status && call->status != E_TOUCH);
}
