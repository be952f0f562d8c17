// sources: tests/host/pager_machine.c tests/host/pager_callers.c servers/pager/frame.c servers/pager/block.c servers/pager/stock.c servers/pager/pool.c servers/pager/tables.c servers/pager/region.c servers/pager/space.c servers/pager/protect.c servers/pager/pinned.c servers/pager/remap.c servers/pager/advise.c servers/pager/fault.c servers/pager/fork.c servers/pager/remote.c servers/pager/object.c servers/pager/reclaim.c servers/pager/writeback.c servers/pager/sync.c servers/pager/request.c servers/pager/wait.c servers/pager/check.c servers/pager/huge.c servers/pager/fill.c servers/pager/chore.c servers/pager/dma.c servers/pager/move.c servers/pager/run.c
/* The pager's own code over a simulated machine: single cases, then random traffic against a simple model. */
#include "check.h"
#include "servers/pager/chore.h"
#include "servers/pager/stock.h"
#include "servers/pager/writeback.h"
#include "tests/host/pager_machine.h"

#define BLOCKS 40u
#define BUNDLE (300000ul)
#define RW     (VMS_READ | VMS_WRITE)
#define RX     (VMS_READ | VMS_EXEC)
#define ANY    (VMS_READ | VMS_WRITE | VMS_EXEC)

static struct channel *admin, *manager;
static handle_t session;
static uint32_t next_thread = 1;
static struct object *bundle_of_test;

/* ---- the manager: a disk of pages, each with a value at both ends ---- */

#define FILES      4u
#define FILE_PAGES 96u
static uint64_t disk[FILES][FILE_PAGES];
static struct object *files[FILES];
static uint32_t told_unused;

static void page_fill(void *page, uint64_t value)
{
    memset(page, 0, PAGE_SIZE);
    memcpy(page, &value, 8);
    memcpy((uint8_t *)page + PAGE_SIZE - 8, &value, 8);
}

static bool page_is(const void *page, uint64_t value)
{
    return memcmp(page, &value, 8) == 0 && memcmp((const uint8_t *)page + PAGE_SIZE - 8, &value, 8) == 0;
}

static int supply(struct object *o, uint64_t offset, uint32_t status, const void *data, uint64_t length)
{
    struct sim_caller c = {.in = data, .in_len = length};
    int error;
    do {
        sim_caller = &c;
        error = object_supply(o, offset, status, length);
    } while (error == E_TOUCH);
    sim_caller = NULL;
    return error;
}

/* What comes of the manager's writes. 0: all is well; else one in so many fails. */
static uint32_t disk_fails;

static void write_back(const struct pager_request *r, uint64_t *seed)
{
    static uint32_t writes;
    struct object *o = object_by_id(r->object);
    int status = disk_fails && ++writes % disk_fails == 0 ? E_IO : 0;
    for (uint32_t i = r->pages; i-- > 0;) {
        uint64_t offset = r->offset + i * PAGE_SIZE, count, page[PAGE_SIZE / 8];
        struct sim_caller c = {.out = page, .out_len = sizeof page};
        int error;
        do {
            sim_caller = &c;
            error = object_read(o, offset, sizeof page, &count);
            sim_caller = NULL;
        } while (error == E_TOUCH);
        MUST(!error && count == sizeof page);
        if (!status)
            disk[r->tag % FILES][offset / PAGE_SIZE] = page[0];
        writeback_written(o, offset, status);
        (void)seed;
    }
    if (!o->sessions && !o->regions)
        object_unhold(o);
}

/* Serve one request of the pager's. False: there is none. */
static bool manager_step(uint64_t *seed)
{
    static uint8_t data[16 * PAGE_SIZE];
    struct pager_request r;
    writeback_settle();
    if (!object_next_request(manager, &r) && !writeback_next(manager, &r))
        return false;
    if (r.kind == PAGER_WRITE_BACK) {
        write_back(&r, seed);
        return true;
    }
    if (r.kind == PAGER_UNUSED) {
        told_unused++;
        return true;
    }
    struct object *o = object_by_id(r.object);
    uint64_t *pages = disk[r.tag % FILES];
    uint32_t first = (uint32_t)(r.offset / PAGE_SIZE), n = r.pages;
    if (seed && check_random(seed) % 4 == 0) { /* as much as it likes */
        n = 1 + (uint32_t)(check_random(seed) % 16);
        if (first + n > FILE_PAGES)
            n = FILE_PAGES - first;
    }
    for (uint32_t i = 0; i < n; i++)
        page_fill(data + i * PAGE_SIZE, pages[first + i]);
    supply(o, r.offset, 0, data, n * PAGE_SIZE);
    return true;
}

/* ---- the processor ---- */

enum access { READ, WRITE, EXEC };

/* What an access comes to: 0 and the frame's memory, or an enum pager_exception_code. */
static int touch(struct space *space, vaddr_t va, enum access access, uint8_t **memory, uint64_t *seed)
{
    struct sim_task *task = sim_task(space->task);
    for (int tries = 0; tries < 200; tries++) {
        pte_t e = sim_entry(task, va);
        if (pte_present(e) && e & PTE_US && (access != WRITE || pte_writable(e)) &&
            (access != EXEC || !(e & PTE_NX))) {
            *memory = machine_ram + pte_frame(e, PTEP_LEAF);
            return 0;
        }
        struct sim_caller c = {0};
        struct fault f = {.space = space->id,
                          .thread = next_thread++,
                          .va = va,
                          .rip = 0x400000,
                          .access = (access == WRITE ? FAULT_WRITE : 0) | (access == EXEC ? FAULT_EXEC : 0) |
                                    (pte_present(e) ? FAULT_PRESENT : 0)};
        struct fault_answer answer = {0};
        sim_caller = &c;
        int later = fault_handle(&f, &answer);
        sim_caller = NULL;
        while (later && !c.answered) {
            struct pager_exception x;
            requests_settle();
            writeback_settle();
            if (chore_work()) {
                chores_go_on();
                continue;
            }
            if (admin->pending.first) {
                channel_next_exception(admin, 1, &x);
                if (exception_done(admin, x.cookie, true) || !c.answered || c.label != FAULT_RESUME)
                    return -1;
                return x.thread == f.thread && x.address == va ? (int)x.code : -2;
            }
            if (!c.answered && !admin->pending.first && !manager_step(seed))
                return -3; /* a hang */
        }
        if (later) {
            answer.label = c.label;
            memcpy(answer.word, c.word, sizeof answer.word);
        }
        if (answer.label == FAULT_REFUSE)
            return -4;
        if (answer.label == FAULT_MAP && sim_set_one(task, answer.word[0], answer.word[1], answer.word[2]))
            return -5;
        fault_settle();
        writeback_settle();
    }
    return -6;
}

static int store(struct space *space, vaddr_t va, uint64_t value)
{
    uint8_t *memory;
    int code = touch(space, va, WRITE, &memory, NULL);
    if (!code)
        page_fill(memory, value);
    return code;
}

static bool holds(struct space *space, vaddr_t va, uint64_t value)
{
    uint8_t *memory;
    return touch(space, va, READ, &memory, NULL) == 0 && page_is(memory, value);
}

static uint64_t faults_found(void)
{
    struct pager_check c;
    pager_check_all(&c);
    return c.errors;
}

static struct space *space_new(uint32_t quota)
{
    struct space *space;
    return space_create(sim_task_new(quota), admin, &session, &space) ? NULL : space;
}

/* Most cases count tables and entries of single pages. */
static bool large_pages;

static int map(struct space *space, vaddr_t at, uint64_t length, uint32_t prot, uint32_t flags,
               struct object *o, uint64_t offset, vaddr_t *out)
{
    struct mapping m = {at, length, offset, prot, flags | (large_pages ? 0 : PAGER_SMALL), ANY, o};
    return space_map(space, &m, out);
}

#include "tests/host/pager_cases.h"
#include "tests/host/pager_objects.h"
#include "tests/host/pager_writeback.h"
#include "tests/host/pager_writeback_random.h"
#include "tests/host/pager_fork.h"
#include "tests/host/pager_features.h"
#include "tests/host/pager_fill.h"
#include "tests/host/pager_dma.h"
#include "tests/host/pager_remote.h"
#include "tests/host/pager_random.h"
#include "tests/host/pager_stock.h"

int main(void)
{
    handle_t h;
    if (!frame_init(sim_start(BLOCKS, BUNDLE)) || channel_create(CHANNEL_ADMIN, &h, &admin) ||
        channel_create(CHANNEL_MANAGER, &h, &manager) ||
        object_bundle(5 * HUGE_SIZE, BUNDLE, &bundle_of_test))
        return 1;
    RUN(pager_zero_fill);
    RUN(pager_protection);
    RUN(pager_arguments);
    RUN(pager_guard_and_stack);
    RUN(pager_moves);
    RUN(pager_discard_and_lock);
    RUN(pager_no_reserve);
    RUN(pager_limits);
    RUN(pager_limits_replace);
    RUN(pager_promise_replaced);
    RUN(pager_large_pages);
    RUN(pager_large_refused);
    RUN(pager_large_random);
    RUN(pager_fill);
    RUN(pager_fill_overtaken);
    RUN(pager_fill_several);
    RUN(pager_fork_copies);
    RUN(pager_fork_shares);
    RUN(pager_fork_leaves);
    RUN(pager_fork_chains);
    RUN(pager_fork_parts);
    RUN(pager_fork_objects);
    RUN(pager_fork_hot);
    RUN(pager_fork_no_table);
    RUN(pager_fork_fails_clean);
    RUN(pager_shared_object);
    RUN(pager_bundle_pages);
    RUN(pager_file_pages);
    RUN(pager_file_error);
    RUN(pager_unmapped_while_waiting);
    RUN(pager_lent_pages);
    RUN(pager_dirty_states);
    RUN(pager_dirty_bound);
    RUN(pager_dirty_reply);
    RUN(pager_dirty_all_managers);
    RUN(pager_dirty_fails);
    RUN(pager_dirty_sync);
    RUN(pager_dirty_cut);
    RUN(pager_dirty_unused);
    RUN(pager_dirty_forked);
    RUN(pager_dirty_manager_dies);
    RUN(pager_dirty_memory);
    RUN(pager_dirty_random);
    RUN(pager_exceptions_without_ear);
    RUN(pager_parked_calls);
    RUN(pager_remote);
    RUN(pager_remote_waits);
    RUN(pager_remote_absent);
    RUN(pager_remote_kinds);
    RUN(pager_remote_shared);
    RUN(pager_remote_ranges);
    RUN(pager_remote_buffers);
    RUN(pager_remote_file);
    RUN(pager_dma);
    RUN(pager_dma_moves);
    RUN(pager_dma_refused);
    RUN(pager_dma_kinds);
    RUN(pager_dma_cut_off);
    RUN(pager_dma_small_and_none);
    RUN(pager_out_of_memory);
    RUN(pager_stock);
    RUN(pager_stock_sold);
    RUN(pager_stock_short);
    RUN(pager_first_look);
    RUN(pager_feeds_kernel);
    RUN(pager_garbage);
    RUN(pager_random);
    CHECK_END();
}
