/* Cleanup handlers run at pthread_exit. Cancellation itself is not there yet: pthread_cancel answers ENOSYS,
 * the states are only remembered. */
#include "libc.h"
#include "tcb.h"

void _pthread_cleanup_push(struct _pthread_cleanup_context *context, void (*routine)(void *), void *argument)
{
    struct tcb *self = tcb_self();
    context->_routine = routine;
    context->_arg = argument;
    context->_previous = self->cleanup;
    self->cleanup = context;
}

void _pthread_cleanup_pop(struct _pthread_cleanup_context *context, int execute)
{
    tcb_self()->cleanup = context->_previous;
    if (execute)
        context->_routine(context->_arg);
}

int pthread_setcancelstate(int state, int *old)
{
    struct tcb *self = tcb_self();
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
        return EINVAL;
    if (old)
        *old = self->cancel_state;
    self->cancel_state = state;
    return 0;
}

int pthread_setcanceltype(int type, int *old)
{
    struct tcb *self = tcb_self();
    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
        return EINVAL;
    if (old)
        *old = self->cancel_type;
    self->cancel_type = type;
    return 0;
}

void pthread_testcancel(void) {}

int pthread_cancel(pthread_t thread)
{
    (void)thread;
    return ENOSYS;
}
