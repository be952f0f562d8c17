/* Process sessions: made by proc at fork and spawn, found by pid. */
#include "session.h"

#define BUCKETS 256u

static struct session *pids[BUCKETS];

struct session *process_find(uint64_t pid)
{
    struct session *s = pids[pid % BUCKETS];
    while (s && s->pid != pid)
        s = s->hash_next;
    return s;
}

void process_forget(struct session *s)
{
    for (struct session **at = &pids[s->pid % BUCKETS]; *at; at = &(*at)->hash_next)
        if (*at == s) {
            *at = s->hash_next;
            return;
        }
}

/* A pid whose old session proc has given up but whose close is still on its way: the new one is found from
 * now on. */
static int process_new(struct ipc_request *r, const struct vfs_process *in, const struct session *parent)
{
    struct session *s = port_alloc(sizeof *s), *old = process_find(in->pid);
    if (!s)
        return E_NOMEM;
    s->kind = SESSION_PROCESS;
    s->refs = 1;
    s->pid = in->pid;
    if (parent)
        context_copy(&s->ctx, &parent->ctx);
    else
        context_init(&s->ctx, &system_context()->root);
    s->ctx.cred = (struct cred){.uid = in->uid, .gid = in->gid};
    int err = ipc_give_session(r, SESSION_PROCESS, RIGHT_USE, s);
    if (err) {
        session_drop(s);
        return err;
    }
    if (old)
        process_forget(old);
    s->hash_next = pids[s->pid % BUCKETS];
    pids[s->pid % BUCKETS] = s;
    return 0;
}

/* With pid == parent it changes the credentials of a process that is there, and gives no session. */
int handle_process_create(struct ipc_request *r, const struct vfs_process *in, struct ipc_none *out)
{
    int err = 0;
    (void)out;
    core_enter();
    struct session *parent = in->parent ? process_find(in->parent) : NULL;
    if (in->pid == 0)
        err = E_INVAL;
    else if (in->parent && !parent)
        err = E_SRCH;
    else if (in->parent == in->pid)
        parent->ctx.cred = (struct cred){.uid = in->uid, .gid = in->gid};
    else
        err = process_new(r, in, parent);
    core_leave();
    return err;
}
