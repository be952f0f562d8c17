/* The order in which servers come, what happens when they die.
 *
 * Each service is WAITING until its needs are UP, then STARTING until it says ready, then UP. A death makes
 * it WAITING again, until a time that doubles with each death within the manifest's window; too many of them
 * make it FAILED. Root may stop it, restart it, or start it again. */
#include "service.h"
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/pager.h>

struct service services[SERVERS_MAX];
uint32_t service_count;
struct ipc_lock services_lock;
struct ipc_condition services_changed;

struct service *service_named(const char *name)
{
    for (uint32_t i = 0; i < service_count; i++)
        if (strcmp(services[i].server->name, name) == 0)
            return &services[i];
    return 0;
}

void service_set(struct service *s, enum service_state state)
{
    ipc_lock(&services_lock);
    s->state = state;
    ipc_unlock(&services_lock);
    ipc_wake(&services_changed, UINT32_MAX);
}

int service_wait_up(const char *name)
{
    struct service *s = service_named(name);
    int error = 0;

    if (!s)
        return E_NOENT;
    ipc_lock(&services_lock);
    while (s->state != SERVICE_UP && s->state != SERVICE_FAILED)
        ipc_wait(&services_changed, &services_lock, DEADLINE_NEVER);
    if (s->state != SERVICE_UP)
        error = E_DEAD;
    ipc_unlock(&services_lock);
    return error;
}

static bool is_up(const char *name)
{
    const struct service *s = service_named(name);

    return !s || s->state == SERVICE_UP; /* not a service: init itself */
}

/* `after` orders only: what is down for good is not waited for. */
static bool is_past(const char *name)
{
    const struct service *s = service_named(name);

    return is_up(name) || s->state == SERVICE_FAILED || s->state == SERVICE_STOPPED;
}

static bool may_start(const struct service *s)
{
    const struct server *server = s->server;

    if (s->state != SERVICE_WAITING || s->due_ns > ipc_now())
        return false;
    for (uint32_t i = 0; i < server->need_count; i++)
        if (!is_up(server->needs[i].server))
            return false;
    for (uint32_t i = 0; i < server->after_count; i++)
        if (!is_past(server->after[i].server))
            return false;
    return true;
}

/* ---- deaths ---- */

/* Those who call what will not come back must not wait for it: with the port all sessions end. */
static void renew_port(struct service *s)
{
    handle_t fresh;

    if (IPC_FED(sys_port_create(&fresh)))
        return;
    sys_handle_close(s->port);
    s->port = fresh;
    s->renewals++;
}

static void give_up(struct service *s)
{
    static const char *const consequences[] = {[GIVE_UP_GO_ON] = "the system goes on without it",
                                               [GIVE_UP_REBOOT] = "the machine starts again",
                                               [GIVE_UP_OFF] = "the machine is switched off"};
    const struct server *server = s->server;

    if (!server->is_main)
        renew_port(s);
    service_set(s, SERVICE_FAILED);
    if (server->is_main)
        return;
    ipc_error("%s failed for good after %u deaths: %s", server->name, s->deaths,
              consequences[server->give_up]);
    if (server->give_up != GIVE_UP_GO_ON)
        power_request(126, server->give_up == GIVE_UP_REBOOT);
}

/* It is dead, or could not be started: when to try again, if at all. */
static void put_off(struct service *s)
{
    uint64_t now = ipc_now(), pause = backoff_death(&s->backoff, s->server, now);

    s->deaths++;
    if (pause == BACKOFF_NEVER) {
        give_up(s);
        return;
    }
    s->due_ns = now + pause;
    service_set(s, SERVICE_WAITING);
    ipc_warning("%s starts again in %u ms", s->server->name, (unsigned)(pause / NS_PER_MS));
}

/* Device memory of an instance comes back to the pager once no device can write to it. A driver resets its
 * device before it says that it is ready; bus mastering off is not enough, since the next instance is given
 * it again before it has reset anything, and transfers that were under way may still end. */
static void set_aside(struct service *s)
{
    bool has_devices = s->function_count;

    pci_silence(s);
    if (!has_devices)
        pager_dma_release(authorities.pager_admin, &(struct pager_space){s->space}, 0, 0);
    else if (s->quarantine_count < QUARANTINE_MAX)
        s->quarantine[s->quarantine_count++] = s->space;
    else
        ipc_warning("%s: memory of its device stays out of use", s->server->name);
}

static void release_quarantine(struct service *s)
{
    while (s->quarantine_count)
        pager_dma_release(authorities.pager_admin,
                          &(struct pager_space){s->quarantine[--s->quarantine_count]}, 0, 0);
}

void service_kill(struct service *s, const char *why)
{
    if (!s->task || s->ending)
        return;
    s->ending = true;
    ipc_warning("%s %s: ending it", s->server->name, why);
    sys_task_ctl(s->task, TASK_KILL, 0, 0, 0, 0);
}

/* ---- starting ---- */

static void start(struct service *s)
{
    int error = service_start(s);

    if (!error) {
        s->started_ns = ipc_now();
        service_set(s, SERVICE_STARTING);
        return;
    }
    ipc_error("cannot start %s: %s", s->server->name, ipc_error_text(error));
    if (s->server->is_main)
        power_request(127, false);
    put_off(s);
}

void services_start_due(void)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];

        if (may_start(s))
            start(s);
        if (s->state == SERVICE_STARTING && !s->server->is_main &&
            ipc_now() - s->started_ns >= s->server->start_ns)
            service_kill(s, "has not become ready in time");
    }
    watch_due();
}

uint64_t services_next_due(void)
{
    uint64_t due = watch_next();

    for (uint32_t i = 0; i < service_count; i++) {
        const struct service *s = &services[i];
        uint64_t at = DEADLINE_NEVER;

        if (s->state == SERVICE_WAITING && s->due_ns)
            at = s->due_ns;
        else if (s->state == SERVICE_STARTING && !s->server->is_main && !s->ending)
            at = s->started_ns + s->server->start_ns;
        due = at < due ? at : due;
    }
    return due;
}

void service_ready(struct service *s, const char *text, uint32_t length)
{
    if (s->state != SERVICE_STARTING)
        return;
    s->due_ns = 0;
    release_quarantine(s);
    watch_begin(s);
    ipc_info("%s up%s%.*s", s->server->name, length ? ": " : "", (int)length, text);
    service_set(s, SERVICE_UP);
}

void service_died(struct service *s, uint64_t value, uint32_t how)
{
    static const char *const ends[] = {"ended", "ended", "lost its last thread", "was ended by a fault"};

    bool asked = s->asked;

    set_aside(s);
    sys_handle_close(s->task);
    s->task = HANDLE_NONE;
    s->changes++;
    s->ending = s->asked = false;
    if (asked) {
        s->due_ns = 0;
        service_set(s, s->stop ? SERVICE_STOPPED : SERVICE_WAITING);
        ipc_info("%s %s", s->server->name, s->stop ? "stopped" : "ended, and starts again");
        return;
    }
    if (s->server->is_main)
        power_request(how == TASK_KILLED ? (uint32_t)value & 0xff : 126, false);
    else
        ipc_error("%s %s (value %u)", s->server->name, ends[how < 4 ? how : 0], (unsigned)value);
    put_off(s);
}

/* ---- what root asks for ---- */

int service_resume(struct service *s)
{
    if (s->state == SERVICE_FAILED || s->state == SERVICE_STOPPED || s->state == SERVICE_WAITING) {
        s->backoff = (struct backoff){0};
        s->due_ns = 0;
        service_set(s, SERVICE_WAITING);
    }
    s->stop = false;
    return 0;
}

int service_restart(struct service *s)
{
    if (s->server->is_main)
        return E_PERM;
    if (!s->task)
        return service_resume(s);
    s->stop = false;
    s->asked = true;
    service_kill(s, "is to start again");
    return 0;
}

static bool is_needed(const struct service *s)
{
    if (manifest.shell[0] && strcmp(s->server->name, "proc") == 0)
        return true;
    for (uint32_t i = 0; i < service_count; i++) {
        const struct server *other = services[i].server;

        for (uint32_t n = 0; services[i].task && n < other->need_count; n++)
            if (strcmp(other->needs[n].server, s->server->name) == 0)
                return true;
    }
    return false;
}

/* Calls on a stopped server wait until it is started again. */
int service_stop(struct service *s)
{
    if (s->server->is_main)
        return E_PERM;
    if (is_needed(s))
        return E_BUSY;
    if (!s->task) {
        service_set(s, SERVICE_STOPPED);
        return 0;
    }
    s->asked = s->stop = true;
    service_kill(s, "is to stop");
    return 0;
}
