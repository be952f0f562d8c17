/* The real pager on the simulated machine, over libipc's transport: its system calls, its start with a first
 * program out of a bundle, and tasks whose memory the test touches as a processor would. Included by one file of
 * a test. */
#ifndef PAGER_GUESTS_H
#define PAGER_GUESTS_H

#include "check.h"
#include "pager_machine.h"
#include "servers/pager/chore.h"
#include "servers/pager/server.h"
#include "servers/pager/stock.h"
#include "small_elf.h"
#include <ipc/host.h>
#include <ipc/startup.h>
#include <ipc/task.h>
#include <proto/pager.h>
#include <sched.h>

int pager_main(void);
extern uint64_t ipc_first_argument;

#define OWN_TASK HANDLE_FIRST(PAGER_HANDLE_TASK)

/* ---- system calls on page tables and blocks ---- */

/* A task whose faults go to the pager: the handle that the pager has, and the simulated one's. */
static struct owned {
    handle_t handle, sim;
    uint64_t cookie;
} owned[SIM_TASKS];

static struct owned *owned_by(handle_t handle)
{
    for (uint32_t i = 0; i < SIM_TASKS; i++)
        if (owned[i].handle == handle)
            return &owned[i];
    return NULL;
}

static int batch(handle_t task, struct vms_op *ops, uint32_t count, uint64_t *done)
{
    struct vms_op copy[VMS_BATCH_MAX];

    MUST(count > 0 && count <= VMS_BATCH_MAX);
    if (task == OWN_TASK) {
        *done = 1;
        return sim_window(ops->pa, ops->op == VMS_SET);
    }
    MUST(owned_by(task));
    memcpy(copy, ops, count * sizeof *ops);
    for (uint32_t i = 0; i < count; i++)
        if (copy[i].op == VMS_SHARE)
            copy[i].handle = owned_by(copy[i].handle)->sim;
    int error = sim_batch(owned_by(task)->sim, copy, count, done);
    for (uint32_t i = 0; i < count; i++) {
        ops[i].pa = copy[i].pa;
        ops[i].missing = copy[i].missing;
    }
    return error;
}

/* The pager's other threads: their ports are these peers, and what they would do the test does. */
static struct ipc_host_peer zeroer, worker;
static handle_t thread;

/* The first port is the pager's, the second the zeroing thread's, the third the working one's. */
static int thread_call(uint64_t number, const uint64_t a[4], uint64_t *value)
{
    static uint32_t ports;

    if (number == SYS_port_create && ports++ > 0)
        *value = ipc_host_peer(ports == 2 ? &zeroer : &worker, 0);
    else if (number == SYS_thread_create && a[0] == HANDLE_NONE)
        *value = thread = ipc_host_peer(&zeroer, 0);
    else if (number != SYS_thread_ctl || a[0] != thread)
        return E_NOSYS;
    return 0;
}

/* The working thread carries out what was ordered. False: nothing was. */
static bool work(void)
{
    if (!chore_work())
        return false;
    sys_notify(HANDLE_FIRST(SLOT_PORT), WORKER_DONE);
    ipc_host_settle();
    return true;
}

static int machine_call(uint64_t number, const uint64_t a[4], uint64_t *value)
{
    struct owned *o = NULL;

    switch (number) {
    case SYS_vms_batch: return batch((handle_t)a[1], (struct vms_op *)a[2], (uint32_t)a[3], value);
    case SYS_vms_mount: return sim_mount(owned_by((handle_t)a[1])->sim, (uint32_t)a[2], (uint32_t)a[3]);
    case SYS_block_ctl: return sim_block((enum block_op)a[1], a[2], (enum block_kind)a[3], value);
    case SYS_task_ctl:
        if (a[1] == TASK_SET_PAGER) {
            o = owned_by(HANDLE_NONE);
            MUST(o);
            *o = (struct owned){(handle_t)a[0], sim_task_new(1000), a[3]};
        }
        return E_NOSYS; /* go on as for every task */
    case SYS_handle_close:
        o = a[0] ? owned_by((handle_t)a[0]) : NULL;
        if (o) {
            sim_task_end(o->sim);
            o->handle = HANDLE_NONE;
        }
        return E_NOSYS;
    default: return thread_call(number, a, value);
    }
}

/* ---- the start ---- */

static void field(char **at, uint32_t value)
{
    static const char digits[] = "0123456789abcdef";

    for (int shift = 28; shift >= 0; shift -= 4)
        *(*at)++ = digits[value >> shift & 15];
}

/* A member of a cpio archive ("newc"); where the next one goes. */
static char *member(char *at, const char *name, const void *data, uint32_t size)
{
    uint32_t length = (uint32_t)strlen(name) + 1;
    char *start = at;

    memcpy(at, "070701", 6);
    at += 6;
    for (int i = 0; i < 13; i++)
        field(&at, i == 6 ? size : i == 11 ? length : 0);
    memcpy(at, name, length);
    at = start + ((110 + length + 3) & ~3u);
    memcpy(at, data, size);
    return at + ((size + 3) & ~3u);
}

static handle_t init_admin, init_space; /* the first program's sessions */
static handle_t admin;                  /* as proc has it */

static void pager_start(void)
{
    static struct ipc_host_peer authority;
    struct ipc_transfer t = {0};
    const struct boot_info *info = sim_start(40, 300000);
    char *bundle = (char *)machine_ram + 5 * HUGE_SIZE;

    bundle = member(bundle, "init", &small_elf, sizeof small_elf);
    member(bundle, "TRAILER!!!", "", 0);
    for (uint32_t slot = PAGER_HANDLE_TASK; slot <= PAGER_HANDLE_TASK_MAKER; slot++)
        ipc_host_place(slot, ipc_host_peer(&authority, RIGHT_MANAGE | RIGHT_INFO));
    ipc_first_argument = (uint64_t)info;
    ipc_host_trap = machine_call;
    ipc_host_start(pager_main);
    while (!(init_admin = ipc_host_task_handle(1, SLOT_FREE + 2)))
        sched_yield();
    ipc_host_settle();
    init_space = ipc_host_task_handle(1, SLOT_PAGER);
    if (!pager_session_with(init_admin, &(struct pager_session){PAGER_SESSION_ADMIN}, NULL, &t))
        admin = t.got[0];
}

/* ---- guests ---- */

struct guest {
    handle_t task, session;
    uint64_t space, id; /* the pager's number; the task's */
};

static int guest_new(handle_t admin, const struct guest *parent, struct guest *g)
{
    struct ipc_transfer t = {.send_count = 1};
    struct pager_space space = {0}, from = {parent ? parent->space : 0};

    *g = (struct guest){0};
    if (sys_task_create(HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER), 1 << 20, &g->task))
        abort();
    g->id = ipc_host_last_task();
    t.send[0] = g->task;
    int error = parent ? pager_space_fork_with(admin, &from, &space, &t)
                       : pager_space_create_with(admin, NULL, &space, &t);
    g->space = space.space;
    g->session = t.got_count ? t.got[0] : HANDLE_NONE;
    return error;
}

static void guest_end(struct guest *g)
{
    if (g->session)
        sys_handle_close(g->session);
    ipc_host_task_end(g->id, 0, TASK_KILLED);
    sys_handle_close(g->task);
    ipc_host_settle();
    while (work())
        ;
}

static struct owned *owned_of(const struct guest *g)
{
    for (uint32_t i = 0; i < SIM_TASKS; i++)
        if (owned[i].handle && owned[i].cookie == g->space)
            return &owned[i];
    abort();
}

/* What the kernel does with the reply to a fault. The call's m.flags are unused in it: they name the task. */
static int fault_reply(struct ipc_host_call *call, const struct ipc_message *reply)
{
    struct guest g = {.space = call->badge};

    return reply->label == FAULT_MAP
               ? sim_set_one(sim_task(owned_of(&g)->sim), reply->words[0], reply->words[1], reply->words[2])
               : 0;
}

enum access { READ, WRITE, EXEC };
enum { PENDING = -1, REFUSED = -2, ENDLESS = -3 };

/* A fault of the guest's: PENDING, or 0 when it was answered at once. */
static int begin_touch(const struct guest *g, vaddr_t va, enum access access, struct ipc_host_call *fault)
{
    pte_t e = sim_entry(sim_task(owned_of(g)->sim), va);
    uint64_t how = (access == WRITE ? FAULT_WRITE : 0) | (access == EXEC ? FAULT_EXEC : 0) |
                   (pte_present(e) ? FAULT_PRESENT : 0);

    *fault = (struct ipc_host_call){
        .m = {.label = MSG_FAULT, .words = {va, how, 0x400000, 0}}, .badge = g->space, .reply = fault_reply};
    ipc_host_begin(HANDLE_NONE, fault);
    return fault->answered ? 0 : PENDING;
}

/* An access of the guest's: 0, and where the byte is; PENDING: *fault waits for its answer. */
static int touch(const struct guest *g, vaddr_t va, enum access access, uint8_t **memory,
                 struct ipc_host_call *fault)
{
    struct sim_task *task = sim_task(owned_of(g)->sim);

    for (int tries = 0; tries < 20; tries++) {
        pte_t e = sim_entry(task, va);

        if (pte_present(e) && e & PTE_US && (access != WRITE || pte_writable(e)) &&
            (access != EXEC || !(e & PTE_NX))) {
            *memory = machine_ram + pte_frame(e, PTEP_LEAF) + va % PAGE_SIZE;
            return 0;
        }
        (void)begin_touch(g, va, access, fault);
        while (!fault->answered && work())
            ;
        if (!fault->answered)
            return PENDING;
        if (fault->error || fault->m.label == FAULT_REFUSE)
            return REFUSED;
    }
    return ENDLESS;
}

static int store(const struct guest *g, vaddr_t va, uint8_t value)
{
    struct ipc_host_call fault;
    uint8_t *memory;
    int error = touch(g, va, WRITE, &memory, &fault);

    if (error == PENDING)
        abort(); /* the call would outlive its place */
    if (!error)
        *memory = value;
    return error;
}

static int load(const struct guest *g, vaddr_t va)
{
    struct ipc_host_call fault;
    uint8_t *memory;
    int error = touch(g, va, READ, &memory, &fault);

    if (error == PENDING)
        abort();
    return error ? error : *memory;
}

/* An access that must end as an exception: its code, told to who parks next_exception on `admin`. */
static int exception_of(handle_t admin, const struct guest *g, vaddr_t va, enum access access)
{
    struct ipc_host_call fault;
    struct pager_exception x = {0};
    uint8_t *memory;

    if (touch(g, va, access, &memory, &fault) != PENDING)
        return PENDING;
    if (pager_next_exception(admin, NULL, &x, 0) || x.space != g->space || x.address != va)
        abort();
    if (pager_exception_done(admin, &(struct pager_exception_done){x.cookie, 1}, NULL, 0) || !fault.answered)
        abort();
    return (int)x.code;
}

/* ---- what is left ---- */

/* What must be the same after a case; pools of records stay as large as they were. */
enum { COUNTS = 10 };
static const char *const count_names[COUNTS] = {"anon",    "object pages", "pinned",  "objects",  "spaces",
                                                "regions", "waiters",      "entries", "sessions", "tasks"};
struct counts {
    uint64_t n[COUNTS];
};

static struct counts count_all(void)
{
    struct pager_stats s = {0};
    struct ipc_transfer t = {.out = &s, .out_len = sizeof s};

    ipc_host_settle();
    (void)pager_stats_with(admin, NULL, NULL, &t);
    return (struct counts){{s.anon_pages, s.object_pages, s.pinned_pages - s.pool_pages, s.objects, s.spaces,
                            s.regions, s.waiters, sim_entries(), ipc_host_sessions(), ipc_host_tasks()}};
}

static bool same(const struct counts *was)
{
    struct counts is = count_all();

    for (int i = 0; i < COUNTS; i++)
        if (is.n[i] != was->n[i])
            printf("# %s: %ld more\n", count_names[i], (long)(is.n[i] - was->n[i]));
    return memcmp(was, &is, sizeof is) == 0;
}

/* A case, and that all is as before it. */
#define RUN_CLEAN(name)                                             \
    do {                                                            \
        struct counts was = count_all();                            \
        int failed = check_failures;                                \
        name();                                                     \
        if (failed == check_failures && same(&was))                 \
            printf("ok %s\n", #name);                               \
        else if (failed == check_failures && ++check_failures)      \
            printf("not ok %s: something is left behind\n", #name); \
    } while (0)

#endif
