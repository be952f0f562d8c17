/* Calls that a test holds in hand, and waiting until the server has nothing more to do: so that one thread
 * can play any number of callers, in a fixed order. */
#include "kernel.h"
#include <ipc/time.h>
#include <ouros/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 120 };

static bool settled(void)
{
    return !host_port.queue && !host_port.busy && !host_port.notices && !host_port.bits;
}

void ipc_host_settle(void)
{
    uint64_t until = ipc_now() + PATIENCE_S * NS_PER_S;

    pthread_mutex_lock(&host_lock);
    while (host_port.generation && !settled())
        if (!host_wait(&host_port.settled, until)) {
            fprintf(stderr, "the server is at work for %d seconds\n", PATIENCE_S);
            abort();
        }
    pthread_mutex_unlock(&host_lock);
}

static uint32_t next_thread = 1u << 20;

void ipc_host_begin(handle_t handle, struct ipc_host_call *held)
{
    struct host_call *call = calloc(1, sizeof *call);
    struct host_session *session = NULL;
    bool own;

    if (!call)
        abort();
    held->thread = held->thread ? held->thread : ++next_thread;
    held->m.seq = ipc_take_seq();
    held->answered = held->deferred = false;
    *call = (struct host_call){.message = &held->m, .thread = held->thread, .held = held};
    pthread_mutex_lock(&host_lock);
    held->error = held->m.label & MSG_KERNEL ? 0 : host_check(handle, &held->m, &session);
    own = !session || (!session->peer && session->socket < 0);
    if (session) {
        held->badge = session->badge;
        call->rights = host_entry(handle)->rights;
    }
    if (!held->error && own) {
        held->kernel = call;
        call->badge = held->badge;
        call->serial = ++host_port.next_call;
        host_call_queue(call);
        call = NULL;
    }
    pthread_mutex_unlock(&host_lock);
    if (call) {
        free(call);
        if (!held->error)
            held->error = host_call(handle, &held->m, false); /* another server's */
        held->answered = true;
    }
    ipc_host_settle();
}

void host_held_end(struct host_call *call)
{
    call->held->error = call->error;
    call->held->answered = true;
    call->held->kernel = NULL;
    free(call);
}

void ipc_host_cancel(struct ipc_host_call *held, enum cancel_why why)
{
    struct host_call *call;

    pthread_mutex_lock(&host_lock);
    call = held->kernel;
    if (call) {
        host_notice(MSG_CANCEL, call->badge, call->thread, held->m.seq, why);
        if (why != CANCEL_ASKED)
            host_call_end(call, why == CANCEL_DIED ? E_DEAD : E_TIMEDOUT);
    }
    pthread_mutex_unlock(&host_lock);
    ipc_host_settle();
}
