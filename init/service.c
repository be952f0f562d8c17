/* The order in which servers come, what happens when they die.
 *
 * Each service is WAITING until its needs are UP, then STARTING until it says ready, then UP. A death makes
 * it WAITING again, until a time that doubles with each death in a row; after too many it is FAILED. A
 * service that had been up for a minute begins anew. */
#include "service.h"
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/time.h>
#include <proto/pager.h>

struct service services[SERVERS_MAX];
uint32_t service_count;
struct ipc_lock services_lock;
struct ipc_condition services_changed;

#define SETTLED_NS (60 * NS_PER_S)
#define SLOW_NS    (10 * NS_PER_S) /* of starting, until init complains */

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
    if (s->state == SERVICE_FAILED)
        error = E_DEAD;
    ipc_unlock(&services_lock);
    return error;
}

static bool is_up(const char *name)
{
    const struct service *s = service_named(name);

    return !s || s->state == SERVICE_UP; /* not a service: init itself */
}

/* `after` orders only: what has failed is not waited for. */
static bool is_past(const char *name)
{
    const struct service *s = service_named(name);

    return is_up(name) || s->state == SERVICE_FAILED;
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
        if (!is_past(server->after[i]))
            return false;
    return true;
}

/* It is dead, or could not be started: when to try again, if at all. */
static void put_off(struct service *s)
{
    const struct server *server = s->server;
    uint64_t pause = server->restart_first_ns;

    s->deaths++;
    if (s->deaths_in_row++ >= server->restart_tries) {
        service_set(s, SERVICE_FAILED);
        if (server->is_main)
            return;
        ipc_error("%s failed for good after %u deaths: the system goes on without it", server->name,
                  s->deaths);
        return;
    }
    for (uint32_t i = 1; i < s->deaths_in_row && pause < server->restart_most_ns; i++)
        pause *= 2;
    if (pause > server->restart_most_ns)
        pause = server->restart_most_ns;
    s->due_ns = ipc_now() + pause;
    service_set(s, SERVICE_WAITING);
    ipc_warning("%s starts again in %u ms", server->name, (unsigned)(pause / NS_PER_MS));
}

static void start(struct service *s)
{
    int error = service_start(s);

    if (!error) {
        s->started_ns = s->warned_ns = ipc_now();
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
        if (s->state == SERVICE_STARTING && ipc_now() - s->warned_ns > SLOW_NS) {
            s->warned_ns = ipc_now();
            ipc_warning("%s is not ready after %u s", s->server->name,
                        (unsigned)((s->warned_ns - s->started_ns) / NS_PER_S));
        }
    }
}

uint64_t services_next_due(void)
{
    uint64_t due = DEADLINE_NEVER;

    for (uint32_t i = 0; i < service_count; i++) {
        const struct service *s = &services[i];
        uint64_t at = DEADLINE_NEVER;

        if (s->state == SERVICE_WAITING && s->due_ns)
            at = s->due_ns;
        else if (s->state == SERVICE_STARTING && !s->server->is_main)
            at = s->warned_ns + SLOW_NS;
        due = at < due ? at : due;
    }
    return due;
}

void service_ready(struct service *s, const char *text, uint32_t length)
{
    if (s->state != SERVICE_STARTING)
        return;
    s->due_ns = 0;
    ipc_info("%s up%s%.*s", s->server->name, length ? ": " : "", (int)length, text);
    service_set(s, SERVICE_UP);
}

void service_died(struct service *s, uint64_t value, uint32_t how)
{
    static const char *const ends[] = {"ended", "ended", "lost its last thread", "was ended by a fault"};

    pci_silence(s);
    pager_dma_release(authorities.pager_admin, &(struct pager_space){s->space}, 0, 0);
    sys_handle_close(s->task);
    s->task = HANDLE_NONE;
    if (s->server->is_main) {
        power_request(how == TASK_KILLED ? (uint32_t)value & 0xff : 126, false);
    } else {
        if (s->state == SERVICE_UP && ipc_now() - s->started_ns > SETTLED_NS)
            s->deaths_in_row = 0;
        ipc_error("%s %s (value %u)", s->server->name, ends[how < 4 ? how : 0], (unsigned)value);
    }
    put_off(s);
}
