/* Signals: sending, and the two actions that need no handler. Handlers and masks are not there yet: ENOSYS.
 */
#include "libc.h"
#include "tcb.h"

#include <signal.h>
#include <unistd.h>

#include <proto/proc.h>

int kill(pid_t pid, int signal)
{
    struct ipc_none none;
    if (signal < 0 || signal >= NSIG)
        return fail(EINVAL);
    return error_result(
        proc_kill(PROC_SESSION, &(struct proc_kill){pid, (uint32_t)signal}, &none, DEADLINE_NEVER));
}

int killpg(pid_t group, int signal)
{
    return group < 0 ? fail(EINVAL) : kill(group ? -group : 0, signal);
}

int raise(int signal)
{
    return kill(getpid(), signal);
}

int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    if (signal <= 0 || signal >= NSIG || (action && (signal == SIGKILL || signal == SIGSTOP)))
        return fail(EINVAL);
    struct proc_sigaction request = {(uint32_t)signal, PROC_ASK};
    struct proc_sigaction_reply reply = {0};
    if (action) {
        if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)
            return fail(ENOSYS);
        request.action = action->sa_handler == SIG_IGN ? PROC_IGNORE : PROC_DEFAULT;
    }
    int error = proc_sigaction(PROC_SESSION, &request, &reply, DEADLINE_NEVER);
    if (error)
        return error_result(error);
    if (old)
        *old = (struct sigaction){._signal_handlers = {reply.old == PROC_IGNORE ? SIG_IGN : SIG_DFL}};
    return 0;
}

_sig_func_ptr signal(int number, _sig_func_ptr handler)
{
    struct sigaction action = {._signal_handlers = {handler}}, old;
    return sigaction(number, &action, &old) ? SIG_ERR : old.sa_handler;
}

int siginterrupt(int signal, int flag)
{
    (void)flag;
    return signal <= 0 || signal >= NSIG ? fail(EINVAL) : fail(ENOSYS);
}

/* ---- sets ---- */

static int set_bit(int signal, sigset_t *bit)
{
    *bit = 0;
    if (signal <= 0 || signal >= NSIG)
        return fail(EINVAL);
    *bit = 1ul << (signal - 1);
    return 0;
}

int sigemptyset(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigfillset(sigset_t *set)
{
    *set = ~0ul;
    return 0;
}

int sigaddset(sigset_t *set, const int signal)
{
    sigset_t bit;
    if (set_bit(signal, &bit))
        return -1;
    *set |= bit;
    return 0;
}

int sigdelset(sigset_t *set, const int signal)
{
    sigset_t bit;
    if (set_bit(signal, &bit))
        return -1;
    *set &= ~bit;
    return 0;
}

int sigismember(const sigset_t *set, int signal)
{
    sigset_t bit;
    return set_bit(signal, &bit) ? -1 : (*set & bit) != 0;
}

/* ---- masks: empty, and staying so ---- */

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    if (old)
        *old = 0;
    if (!set || *set == 0)
        return 0; /* nothing is blocked, and nothing is asked to be */
    if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
        return fail(EINVAL);
    return how == SIG_UNBLOCK ? 0 : fail(ENOSYS);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    int saved = errno, error = sigprocmask(how, set, old) ? errno : 0;
    errno = saved;
    return error;
}

int pthread_kill(pthread_t thread, int signal)
{
    if (signal < 0 || signal >= NSIG)
        return EINVAL;
    if (signal == 0)
        return 0;
    if ((struct tcb *)thread != tcb_self())
        return ENOSYS;
    return raise(signal) ? errno : 0;
}

int sigpending(sigset_t *set)
{
    *set = 0;
    return 0;
}

int sigsuspend(const sigset_t *mask)
{
    (void)mask;
    return fail(ENOSYS);
}

int sigwait(const sigset_t *set, int *signal)
{
    (void)set, (void)signal;
    return ENOSYS;
}

int sigwaitinfo(const sigset_t *set, siginfo_t *information)
{
    (void)set, (void)information;
    return fail(ENOSYS);
}

int sigtimedwait(const sigset_t *set, siginfo_t *information, const struct timespec *timeout)
{
    (void)set, (void)information, (void)timeout;
    return fail(ENOSYS);
}

int sigqueue(pid_t pid, int signal, const union sigval value)
{
    (void)pid, (void)signal, (void)value;
    return fail(ENOSYS);
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
    (void)stack, (void)old;
    return fail(ENOSYS);
}

int pause(void)
{
    return fail(ENOSYS);
}

unsigned int alarm(unsigned int seconds)
{
    (void)seconds;
    errno = ENOSYS;
    return 0;
}
