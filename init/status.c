/* What /dev/svc says and does: a line for each service, and commands of root's. */
#include "service.h"
#include <ipc/format.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/time.h>
#include <proto/init.h>
#include <proto/pager.h>

static const char *const states[] = {[SERVICE_WAITING] = "waiting",
                                     [SERVICE_STARTING] = "starting",
                                     [SERVICE_UP] = "up",
                                     [SERVICE_FAILED] = "failed",
                                     [SERVICE_STOPPED] = "stopped"};

void status_of(const struct service *s, struct init_service *out)
{
    struct pager_space_stat space = {0};
    struct task_info task = {0};
    struct port_info port = {0};

    *out = (struct init_service){.state = s->state, .deaths = s->deaths, .rate = s->watch.rate};
    ipc_strcpy(out->name, s->server->name, sizeof out->name);
    if (s->task && sys_task_ctl(s->task, TASK_INFO, (uint64_t)&task, 0, 0, 0) == 0) {
        pager_space_stat(authorities.pager_admin, &(struct pager_space){s->space}, &space, 0);
        out->memory = task.kmem_used + space.resident_pages * PAGE_SIZE;
        out->uptime_ns = ipc_now() - s->started_ns;
    }
    if (sys_port_ctl(s->port, PORT_INFO, (uint64_t)&port, 0, 0, 0, 0) == 0)
        out->messages = port.messages;
}

/* NAME STATE UPTIME-MS DEATHS MEMORY-KIB MESSAGES MESSAGES-PER-SECOND, one blank between. Returns its length.
 */
uint32_t status_text(char *to, uint32_t size)
{
    struct init_service s;
    uint32_t n = 0;

    for (uint32_t i = 0; i < service_count && n < size; i++) {
        status_of(&services[i], &s);
        n += (uint32_t)ipc_format(to + n, size - n, "%s %s %llu %u %lu %lu %lu\n", s.name,
                                  services[i].ending ? "ending" : states[s.state], s.uptime_ns / NS_PER_MS,
                                  s.deaths, s.memory >> 10, s.messages, s.rate);
    }
    return n < size ? n : size - 1;
}

/* "restart NAME", "stop NAME", "start NAME", with or without a newline. */
int status_command(char *text)
{
    static const struct {
        const char *word;
        int (*act)(struct service *);
    } commands[] = {{"restart ", service_restart}, {"stop ", service_stop}, {"start ", service_resume}};
    size_t length = strlen(text);

    if (length && text[length - 1] == '\n')
        text[length - 1] = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        size_t word = strlen(commands[i].word);
        struct service *s;

        if (strncmp(text, commands[i].word, word) != 0)
            continue;
        s = service_named(text + word);
        return s ? commands[i].act(s) : E_NOENT;
    }
    return E_INVAL;
}
