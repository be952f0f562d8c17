/* init: reads the manifest, starts, watches and restarts servers. docs/init.md. */
#include "service.h"
#include <ipc/cpio.h>
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/server.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <proto/init.h>
#include <proto/pager.h>

struct manifest manifest;
struct bundle bundle;
struct authorities authorities;
handle_t init_port;
char boot_words[256];

bool boot_word(const char *word)
{
    size_t length = strlen(word);

    for (const char *p = boot_words; *p; p++) {
        if (strncmp(p, word, length) == 0 && (p[length] == 0 || p[length] == ' '))
            return true;
        while (*p && *p != ' ')
            p++;
        if (!*p)
            break;
    }
    return false;
}

/* ---- start ---- */

static void read_boot_words(void)
{
    const char *word;
    size_t n = 0;

    for (uint32_t i = 1; (word = ipc_argument_text(i)); i++)
        if (n + strlen(word) + 2 < sizeof boot_words)
            n += ipc_format(boot_words + n, sizeof boot_words - n, n ? " %s" : "%s", word);
}

static void banner(void)
{
    char text[128];
    uint64_t length = 0;

    if (sys_kernel_info(KINFO_BUILD, text, sizeof text, &length))
        length = 0;
    ipc_info("%.*s", (int)length, text);
}

static int map_bundle(void)
{
    struct ipc_transfer got = {0}, give = {0};
    struct pager_object_size object = {0};
    struct pager_address place = {0};
    int error = pager_bundle_with(authorities.pager_admin, 0, &object, &got);

    if (error)
        return error;
    bundle.object = give.send[0] = got.got[0];
    bundle.size = object.size;
    give.send_count = 1;
    error = pager_map_with(HANDLE_FIRST(SLOT_PAGER),
                           &(struct pager_map){.length = object.size, .prot = VMS_READ}, &place, &give);
    bundle.bytes = (const char *)place.address;
    return error;
}

static int read_manifest(void)
{
    struct cpio_entry entry;
    int error = cpio_find(bundle.bytes, bundle.size, "manifest", &entry);

    if (error) {
        ipc_error("the bundle has no manifest: %s", ipc_error_text(error));
        return error;
    }
    error = manifest_parse(entry.data, entry.length, &manifest);
    if (error)
        ipc_error("manifest, line %u: %s", (unsigned)manifest.line, manifest.error);
    return error;
}

static int create_services(void)
{
    for (uint32_t i = 0; i < manifest.count; i++) {
        int error = IPC_FED(sys_port_create(&services[i].port));

        if (error)
            return error;
        services[i].server = &manifest.servers[i];
        service_count++;
    }
    return 0;
}

static int start(void)
{
    int error = jobs_start();

    services_start_due();
    return error;
}

/* ---- the loop's hooks ---- */

static void dead(uint64_t cookie, uint64_t value, enum task_end end)
{
    if (cookie == 0 || cookie > service_count || !services[cookie - 1].task)
        return; /* one that never came to run */
    service_died(&services[cookie - 1], value, end);
    services_start_due();
}

/* ---- proto/init.h ---- */

static struct service *asker(const struct ipc_request *r)
{
    return r->tag >= 1 && r->tag <= service_count ? &services[r->tag - 1] : 0;
}

static int op_ready(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    char text[160];
    uint32_t length = r->in_len < sizeof text ? r->in_len : (uint32_t)sizeof text;
    int error = ipc_read(r, 0, text, length);

    (void)in;
    (void)out;
    if (error)
        return error;
    if (!asker(r))
        return E_PERM;
    service_ready(asker(r), text, length);
    return 0;
}

/* Its line of the manifest about a server, or null. */
static const struct need *need_of(const struct service *s, const char *name)
{
    for (uint32_t i = 0; s && i < s->server->need_count; i++)
        if (strcmp(s->server->needs[i].server, name) == 0)
            return &s->server->needs[i];
    return 0;
}

/* One more session with a server that it needs, with the rights of its line. */
static int op_lookup(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    char name[NAME_MAX] = "";
    uint64_t session, badge;
    const struct need *need;
    struct service *s;
    int error;

    (void)in;
    (void)out;
    if (r->in_len >= sizeof name)
        return E_NOENT;
    error = ipc_read(r, 0, name, r->in_len);
    if (error)
        return error;
    s = service_named(name);
    need = need_of(asker(r), name);
    if (!s || !need)
        return s ? E_PERM : E_NOENT;
    error = IPC_FED(
        sys_port_ctl(s->port, PORT_MINT, 0, need->rights | RIGHT_CALL | RIGHT_COPY, 0, &session, &badge));
    return error ? error : ipc_give(r, (handle_t)session);
}

static int op_power(struct ipc_request *r, const struct init_power *in, struct ipc_none *out)
{
    (void)r;
    (void)out;
    if (in->what != 1 && in->what != 2)
        return E_INVAL;
    power_request(in->status, in->what == 2);
    return 0;
}

static int op_list(struct ipc_request *r, const struct ipc_none *in, struct init_count *out)
{
    struct init_service all[SERVERS_MAX];
    uint64_t fit = r->out_len / sizeof *all;

    (void)in;
    for (uint32_t i = 0; i < service_count; i++)
        status_of(&services[i], &all[i]);
    out->count = service_count;
    return ipc_write(r, 0, all, (fit < service_count ? fit : service_count) * sizeof *all);
}

static int op_alive(struct ipc_request *r, const struct init_alive *in, struct ipc_none *out)
{
    (void)out;
    if (!asker(r))
        return E_PERM;
    watch_answer(asker(r), in->oldest_ns);
    return 0;
}

/* Dependants start once the reply to `ready` is out: after the handler the loop asks for the next time. */
static uint64_t next_due(void)
{
    services_start_due();
    return services_next_due();
}

static int run(void)
{
    static const struct init_ops ops = {
        .ready = op_ready, .lookup = op_lookup, .power = op_power, .list = op_list, .alive = op_alive};
    struct ipc_server server = {.name = "init",
                                .protocols = {{&init_protocol, &ops}, nodes_io()},
                                .port = init_port,
                                .sessions_most = 4, /* of /dev/svc */
                                .start = start,
                                .client_close = nodes_close,
                                .dead = dead,
                                .deadline = next_due,
                                .timeout = services_start_due};

    return ipc_serve(&server);
}

int main(void)
{
    int error;

    authorities = (struct authorities){.task_maker = ipc_handle("task-maker"),
                                       .hardware = ipc_handle("hardware"),
                                       .pager_admin = ipc_handle("pager-admin")};
    read_boot_words();
    banner();
    clock_start();
    error = IPC_FED(sys_port_create(&init_port));
    if (!error)
        error = power_start();
    if (!error)
        error = pci_start();
    if (!error)
        error = map_bundle();
    if (!error)
        error = read_manifest();
    if (!error)
        error = create_services();
    if (!error)
        error = run();
    ipc_error("init ends: %s", ipc_error_text(error));
    power_off(125, false);
}
