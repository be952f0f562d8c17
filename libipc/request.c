/* What a handler can do with its request. */
#include "server_internal.h"
#include "server_keep.h"
#include <ipc/string.h>
#include <ipc/task.h>

/* The kernel copies a bounded piece at a time. */
static int copy_all(struct ipc_request *r, uint64_t offset, char *here, uint64_t length, uint32_t access)
{
    while (length) {
        uint64_t count = 0;
        int error = access & FAULT_WRITE ? sys_msg_write(r->reply, offset, here, length, &count)
                                         : sys_msg_read(r->reply, offset, here, length, &count);

        offset += count;
        here += count;
        length -= count;
        if (error == E_ABSENT) {
            r->touch = offset | (access & FAULT_WRITE ? IPC_TOUCH_OUT : 0);
            return E_TOUCH;
        }
        if (error)
            return error;
    }
    return 0;
}

int ipc_read(struct ipc_request *r, uint64_t offset, void *to, uint64_t length)
{
    if (offset > r->in_len || length > r->in_len - offset)
        return E_SIZE;
    return copy_all(r, offset, to, length, 0);
}

int ipc_write(struct ipc_request *r, uint64_t offset, const void *from, uint64_t length)
{
    if (offset > r->out_len || length > r->out_len - offset)
        return E_SIZE;
    return copy_all(r, offset, (char *)from, length, FAULT_WRITE);
}

handle_t ipc_take(struct ipc_request *r, uint32_t i)
{
    handle_t handle;

    if (i >= r->got_count)
        return HANDLE_NONE;
    handle = r->got[i];
    r->got[i] = HANDLE_NONE;
    return handle;
}

int ipc_give_copy(struct ipc_request *r, handle_t handle)
{
    if (r->give_count == IPC_HANDLES)
        return E_FULL;
    r->give[r->give_count++] = handle;
    return 0;
}

int ipc_give(struct ipc_request *r, handle_t handle)
{
    int error = ipc_give_copy(r, handle);

    if (error)
        sys_handle_close(handle);
    else
        r->give_close |= 1u << (r->give_count - 1);
    return error;
}

int ipc_defer(struct ipc_request *r, struct ipc_request *kept)
{
    uint64_t task;
    int error = r->reply ? E_INVAL : sys_reply_defer(&r->reply, &task);

    if (error)
        return error;
    r->client = r->client ? r->client : task;
    error = ipc_deferred_add(r);
    if (error)
        return error; /* the loop answers by the handle (server.c: answer_at_once) */
    r->deferred = 1;
    *kept = *r;
    r->got_count = r->give_count = r->give_close = 0;
    return 0;
}

/* Close what a request still holds. */
void ipc_request_end(struct ipc_request *r)
{
    for (uint32_t i = 0; i < r->got_count; i++)
        if (r->got[i])
            sys_handle_close(r->got[i]);
    for (uint32_t i = 0; i < r->give_count; i++)
        if (r->give_close & 1u << i)
            sys_handle_close(r->give[i]);
    r->got_count = r->give_count = r->give_close = 0;
}

/* Put status, touch and handles of an answer into *m, whose words are the reply's already. */
void ipc_request_reply(const struct ipc_request *r, int status, struct ipc_message *m)
{
    m->label = (uint32_t)status;
    m->handle_count = 0;
    if (status == E_TOUCH) {
        m->words[0] = r->touch & ~IPC_TOUCH_OUT;
        m->words[1] = r->touch & IPC_TOUCH_OUT ? FAULT_WRITE : 0;
    } else if (r->give_count && status == 0) {
        m->handle_count = r->give_count;
        memcpy(m->handles, r->give, sizeof m->handles);
    }
}

void ipc_request_send(struct ipc_request *r, struct ipc_message *m)
{
    int error = sys_reply_message(r->reply, m); /* closes the handle when it succeeds */

    if (error && m->handle_count) { /* the caller accepts no such handles, or has no room */
        m->label = E_FULL;
        m->handle_count = 0;
        error = sys_reply_message(r->reply, m);
    }
    if (error == E_HANDLE) /* somebody has answered it, by a copy of this record */
        ipc_panic("%s of thread %u is answered twice", r->op->name, r->thread);
    if (error)
        sys_handle_close(r->reply);
    r->reply = HANDLE_NONE;
    if (r->deferred)
        ipc_deferred_take(r);
    ipc_request_end(r);
}

void ipc_answer(struct ipc_request *kept_request, int status, const void *reply, size_t size)
{
    struct ipc_message m = {0};

    if (kept_request->reply == HANDLE_NONE)
        ipc_panic("%s is answered twice, or was never deferred",
                  kept_request->op ? kept_request->op->name : "?");
    if (reply)
        memcpy(m.words, reply, size <= sizeof m.words ? size : sizeof m.words);
    ipc_request_reply(kept_request, status, &m);
    if (!kept()) {
        ipc_request_send(kept_request, &m);
        return;
    }
    kept_hold(kept_request, &m);
    kept_request->reply = HANDLE_NONE;
    kept_request->got_count = kept_request->give_count = kept_request->give_close = 0;
}
