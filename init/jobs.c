/* What init does in servers: device nodes in vfs, the shell in proc. Each job is a thread of its own, since a
 * server may hang or die in it while init must go on. */
#include "service.h"
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <proto/io.h>
#include <proto/proc.h>
#include <proto/vfs.h>

static const char environment[] = "PATH=/bin\0HOME=/root\0TERM=vt100\0USER=root\0SHELL=/bin/sh";
enum { ENVIRONMENT_COUNT = 5 };

/* A session of init's own with a service. */
static int session_with(const char *name, uint32_t tag, uint32_t rights, handle_t *session)
{
    struct service *s = service_named(name);
    uint64_t value, badge;
    int error;

    if (!s)
        return E_NOENT;
    error =
        IPC_FED(sys_port_ctl(s->port, PORT_MINT, tag, rights | RIGHT_CALL | RIGHT_COPY, 0, &value, &badge));
    *session = error ? HANDLE_NONE : (handle_t)value;
    return error;
}

/* ---- nodes ---- */

static int register_node(handle_t vfs, const char *name, uint32_t number, uint32_t mode, uint32_t flags,
                         handle_t session)
{
    struct vfs_node node = {
        .name_length = (uint32_t)strlen(name), .mode = IO_S_IFCHR | mode, .node = number, .flags = flags};
    struct ipc_transfer transfer = {
        .in = name, .in_len = node.name_length, .send = {session}, .send_count = 1};

    return vfs_node_register_with(vfs, &node, 0, &transfer);
}

static void register_nodes_of(handle_t vfs, const struct server *server)
{
    for (uint32_t i = 0; i < server->node_count; i++) {
        const struct node *n = &server->nodes[i];
        /* What a static node has, everybody is given who opens it: no right to open_node. */
        uint32_t rights = RIGHT_USE | RIGHT_READ | RIGHT_WRITE | (n->is_static ? 0 : RIGHT_ADMIN);
        handle_t session;
        int error = session_with(server->name, 0, rights, &session);

        if (!error) {
            error =
                register_node(vfs, n->name, n->number, n->mode, n->is_static ? VFS_NODE_STATIC : 0, session);
            sys_handle_close(session);
        }
        if (error)
            ipc_error("/dev/%s: %s", n->name, ipc_error_text(error));
    }
}

/* init's own: /dev/power, /dev/svc, /dev/ipctrace. */
static void register_own(handle_t vfs, const char *name, uint32_t tag, uint32_t mode, uint32_t flags)
{
    uint32_t rights = RIGHT_USE | RIGHT_READ | RIGHT_WRITE | (flags & VFS_NODE_STATIC ? 0 : RIGHT_ADMIN);
    uint64_t session, badge;
    int error = IPC_FED(
        sys_port_ctl(init_port, PORT_MINT, tag, rights | RIGHT_CALL | RIGHT_COPY, 0, &session, &badge));

    if (!error) {
        error = register_node(vfs, name, 0, mode, flags, (handle_t)session);
        sys_handle_close((handle_t)session);
    }
    if (error)
        ipc_error("/dev/%s: %s", name, ipc_error_text(error));
}

/* What makes nodes wrong: vfs forgets them when it dies, and a server that had failed for good has another
 * port when it is started again. */
static uint32_t node_changes(const struct service *vfs)
{
    uint32_t changes = vfs->changes;

    for (uint32_t i = 0; i < service_count; i++)
        changes += services[i].renewals;
    return changes;
}

static void wait_for_change(struct service *vfs, uint32_t changes)
{
    ipc_lock(&services_lock);
    while (node_changes(vfs) == changes && vfs->state != SERVICE_FAILED)
        ipc_wait(&services_changed, &services_lock, DEADLINE_NEVER);
    ipc_unlock(&services_lock);
}

static struct ipc_condition nodes_known;
static bool nodes_done;

static void set_nodes_done(void)
{
    ipc_lock(&services_lock);
    nodes_done = true;
    ipc_unlock(&services_lock);
    ipc_wake(&nodes_known, UINT32_MAX);
}

static void nodes_job(void *unused)
{
    struct service *vfs = service_named("vfs");
    handle_t session;

    (void)unused;
    while (service_wait_up("vfs") == 0) {
        uint32_t changes = node_changes(vfs);

        if (session_with("vfs", 0, RIGHT_WRITE | RIGHT_USE, &session) == 0) {
            for (uint32_t i = 0; i < service_count; i++)
                register_nodes_of(session, services[i].server);
            register_own(session, "power", TAG_POWER, 0600, VFS_NODE_STATIC);
            register_own(session, "svc", TAG_SVC, 0644, 0);
            register_own(session, "ipctrace", TAG_TRACE, 0400, 0);
            sys_handle_close(session);
        }
        set_nodes_done();
        wait_for_change(vfs, changes);
    }
    set_nodes_done();
}

/* ---- the shell ---- */

struct shell {
    handle_t proc;
    char strings[TEXT_MAX +
                 sizeof environment]; /* the path, then arguments and environment, each ended by NUL */
    struct proc_image image;
    uint32_t length;
};

/* The path without its NUL, then the words of the manifest, then the environment. */
static void make_image(struct shell *s)
{
    const char *line = manifest.shell;
    uint32_t path = 0, n = 0;

    while (line[path] && line[path] != ' ')
        path++;
    memcpy(s->strings, line, path);
    n = path;
    s->image = (struct proc_image){.path_length = path, .argc = 1, .envc = ENVIRONMENT_COUNT};
    for (const char *p = line; *p; p++) {
        s->image.argc += *p == ' ';
        s->strings[n++] = *p == ' ' ? 0 : *p;
    }
    s->strings[n++] = 0;
    memcpy(s->strings + n, environment, sizeof environment);
    s->length = n + (uint32_t)sizeof environment;
    s->image.strings = s->length - path;
}

/* Run the shell once; its waitpid status. */
static int run_shell(struct shell *s, uint32_t *status)
{
    struct ipc_transfer transfer = {.in = s->strings, .in_len = s->length};
    struct proc_pid pid = {0};
    struct proc_waited waited = {0};
    int error = proc_start_with(s->proc, &s->image, &pid, &transfer);

    if (!error)
        error = proc_started_wait(s->proc, &pid, &waited, 0);
    *status = waited.status;
    return error;
}

static void shell_job(void *unused)
{
    bool batch = boot_word("batch");
    static struct shell s;
    uint32_t status, code;
    int error;

    (void)unused;
    ipc_lock(&services_lock);
    while (!nodes_done)
        ipc_wait(&nodes_known, &services_lock, DEADLINE_NEVER);
    ipc_unlock(&services_lock);
    error = service_wait_up("proc");
    power_input_welcome();
    if (!error)
        error = session_with("proc", 0, RIGHT_ADMIN | RIGHT_USE, &s.proc);
    make_image(&s);
    while (!error) {
        error = run_shell(&s, &status);
        if (error)
            break;
        code = status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
        if (batch)
            power_off(code, false);
        ipc_info("the shell ended with status %u and starts again (`poweroff` leaves)", (unsigned)code);
        ipc_sleep_until(IPC_MS(200));
    }
    ipc_error("no shell: %s", ipc_error_text(error));
    if (batch)
        power_off(127, false);
}

int jobs_start(void)
{
    uint32_t priority = PRIORITY_SERVER;
    int error = 0;

    if (service_named("vfs"))
        error = ipc_thread_start(nodes_job, 0, priority, 0);
    else
        nodes_done = true;
    if (!error && manifest.shell[0])
        error = ipc_thread_start(shell_job, 0, priority, 0);
    return error;
}
