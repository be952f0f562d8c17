// sources: @libipc tests/host/pager_machine.c @pager
/* The pager as it is, with libipc's loop, on the simulated machine: its protocol and the kernel's messages. */
#include "pager_guests.h"

enum { RW = VMS_READ | VMS_WRITE };

static int map(handle_t session, uint64_t address, uint64_t length, uint32_t prot, uint32_t flags,
               handle_t object, vaddr_t *out)
{
    struct ipc_transfer t = {.send = {object}, .send_count = object != HANDLE_NONE};
    struct pager_address place = {0};
    int error = pager_map_with(session, &(struct pager_map){address, length, 0, prot, flags}, &place, &t);

    *out = place.address;
    return error;
}

static uint64_t faults_found(void)
{
    struct pager_check check = {.errors = 99};

    return pager_check(admin, NULL, &check, 0) ? 98 : check.errors;
}

/* ---- one space ---- */

static void first_program(void)
{
    struct ipc_host_task task;
    struct pager_object_size bundle = {0};
    struct ipc_transfer t = {0};
    vaddr_t va;

    CHECK(ipc_host_task(1, &task) && task.started && strcmp(task.name, "init") == 0);
    CHECK(map(init_space, 0, 3 * PAGE_SIZE, RW, 0, HANDLE_NONE, &va) == 0);
    CHECK(pager_unmap(init_space, &(struct pager_range){va, 3 * PAGE_SIZE}, NULL, 0) == 0);
    CHECK(pager_bundle_with(init_admin, NULL, &bundle, &t) == 0 && bundle.size == 300000 && t.got_count == 1);
    sys_handle_close(t.got[0]);
}

static void memory(void)
{
    struct guest g;
    vaddr_t va;
    uint8_t there[4] = {9, 9, 9, 9};
    struct ipc_transfer t = {.out = there, .out_len = 4};

    CHECK(guest_new(admin, NULL, &g) == 0);
    CHECK(map(g.session, 0, 4 * PAGE_SIZE, RW, 0, HANDLE_NONE, &va) == 0);
    CHECK(store(&g, va + 5, 17) == 0 && load(&g, va + 5) == 17 && load(&g, va + PAGE_SIZE) == 0);
    CHECK(pager_residency_with(g.session, &(struct pager_address){va}, NULL, &t) == 0);
    CHECK(there[0] == 1);
    CHECK(pager_protect(g.session, &(struct pager_protect){va, PAGE_SIZE, VMS_READ}, NULL, 0) == 0);
    CHECK(exception_of(admin, &g, va, WRITE) == PAGER_EXC_DENIED && load(&g, va + 5) == 17);
    CHECK(exception_of(admin, &g, va + PAGE_SIZE, EXEC) == PAGER_EXC_DENIED);
    struct pager_address moved = {0};
    CHECK(pager_remap(g.session, &(struct pager_remap){va, 4 * PAGE_SIZE, 9 * PAGE_SIZE, 0, PAGER_MAY_MOVE},
                      &moved, 0) != E_NOSYS);
    va = moved.address ? moved.address : va;
    CHECK(pager_unmap(g.session, &(struct pager_range){va, 9 * PAGE_SIZE}, NULL, 0) == 0);
    CHECK(exception_of(admin, &g, va, READ) == PAGER_EXC_UNMAPPED);
    guest_end(&g);
}

/* Frames are zeroed while there is nothing else to do: bought when the zeroing thread asks, used by faults. */
static void zeroed_ahead(void)
{
    struct guest g;
    vaddr_t va;
    uint32_t full;

    CHECK(sys_notify(HANDLE_FIRST(SLOT_PORT), ZEROER_ASKS) == 0);
    ipc_host_settle();
    CHECK(stock_zero());
    while (stock_zero())
        ;
    stock_sleep(true);
    full = stock_ready();
    CHECK(full > 1 && guest_new(admin, NULL, &g) == 0);
    CHECK(map(g.session, 0, full * PAGE_SIZE, RW, 0, HANDLE_NONE, &va) == 0);
    for (uint32_t i = 0; i < full; i++)
        CHECK(load(&g, va + i * PAGE_SIZE) == 0 && store(&g, va + i * PAGE_SIZE, 1) == 0);
    CHECK(stock_ready() < full && zeroer.bits == 1); /* woken for more */
    stock_sleep(false);
    guest_end(&g);
    CHECK(faults_found() == 0);
}

/* 2 MiB are zeroed by the working thread, while calls and other faults are answered. */
static void filled(void)
{
    struct guest g, other;
    struct ipc_host_call fault;
    uint8_t *byte;
    vaddr_t va, small;
    uint32_t i = 0;

    CHECK(guest_new(admin, NULL, &g) == 0 && guest_new(admin, NULL, &other) == 0);
    CHECK(map(g.session, 0, 3 * HUGE_SIZE, RW, 0, HANDLE_NONE, &va) == 0);
    CHECK(map(other.session, 0, PAGE_SIZE, RW, 0, HANDLE_NONE, &small) == 0);
    va = (va + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
    for (; i < 512; i++)
        CHECK(store(&g, va + i * PAGE_SIZE, 1) == 0);
    worker.bits = 0;
    CHECK(begin_touch(&g, va + HUGE_SIZE, WRITE, &fault) == PENDING && worker.bits == 1);
    CHECK(store(&other, small, 1) == 0 && !fault.answered && faults_found() == 0);
    CHECK(work() && fault.answered && fault.m.label == FAULT_RESUME);
    CHECK(touch(&g, va + 2 * HUGE_SIZE - 1, WRITE, &byte, &fault) == 0 && *byte == 0 && faults_found() == 0);
    guest_end(&g);
    guest_end(&other);
}

static const uint64_t odd[] = {0,
                               1,
                               PAGE_SIZE,
                               PAGE_SIZE - 1,
                               HUGE_SIZE,
                               USER_MIN,
                               USER_MMAP_BASE,
                               USER_MMAP_BASE + 3,
                               USER_END - PAGE_SIZE,
                               USER_END,
                               1ul << 47,
                               1ul << 63,
                               UINT64_MAX - PAGE_SIZE + 1,
                               UINT64_MAX - 1,
                               UINT64_MAX};
enum { ODD = sizeof odd / sizeof *odd };

/* Every pair of odd numbers: no call of a space's own hurts anybody. */
static void odd_values(void)
{
    struct guest g;
    vaddr_t va;
    struct pager_address place;

    CHECK(guest_new(admin, NULL, &g) == 0 && map(g.session, 0, PAGE_SIZE, RW, 0, HANDLE_NONE, &va) == 0);
    for (int i = 0; i < ODD * ODD; i++) {
        uint64_t a = odd[i / ODD], b = odd[i % ODD];

        for (uint32_t flags = 0; flags < 256; flags = flags * 2 + 1)
            for (uint32_t prot = 0; prot < 16; prot += 5)
                (void)pager_map(g.session, &(struct pager_map){a, b & ~(3ul << 40), b, prot, flags}, &place,
                                0);
        (void)pager_protect(g.session, &(struct pager_protect){a, b, (uint32_t)i}, NULL, 0);
        (void)pager_remap(g.session, &(struct pager_remap){a, b, a, b, (uint32_t)i}, &place, 0);
        for (uint32_t advice = 0; advice < 13; advice++)
            (void)pager_advise(g.session, &(struct pager_advise){a, b, advice}, NULL, 0);
        (void)pager_residency_with(g.session, &(struct pager_address){a}, NULL,
                                   &(struct ipc_transfer){.out = (uint8_t[300]){0}, .out_len = 300});
        (void)pager_unmap(g.session, &(struct pager_range){a, b}, NULL, 0);
    }
    CHECK(faults_found() == 0);
    guest_end(&g);
}

static handle_t manager_new(void)
{
    struct ipc_transfer t = {0};

    return pager_session_with(admin, &(struct pager_session){PAGER_SESSION_MANAGER}, NULL, &t) ? HANDLE_NONE
                                                                                               : t.got[0];
}

static void refusals(void)
{
    struct guest g, none = {.space = 987654}, never;
    struct pager_space space = {1};
    struct pager_count count;
    vaddr_t va;

    CHECK(guest_new(admin, NULL, &g) == 0);
    CHECK(pager_space_create(g.session, NULL, &space, 0) == E_RIGHTS);
    CHECK(pager_space_stat(g.session, &space, &(struct pager_space_stat){0}, 0) == E_RIGHTS);
    CHECK(pager_next_request(g.session, NULL, &(struct pager_request){0}, 0) == E_RIGHTS);
    CHECK(pager_check(g.session, NULL, &(struct pager_check){0}, 0) == E_RIGHTS);
    CHECK(map(admin, 0, PAGE_SIZE, RW, 0, HANDLE_NONE, &va) == E_TYPE); /* whose memory? */
    CHECK(map(g.session, 0, PAGE_SIZE, RW, 0, g.session, &va) == E_TYPE);
    CHECK(map(g.session, 0, PAGE_SIZE, RW, 0, g.task, &va) == E_TYPE);
    CHECK(pager_space_create(admin, NULL, &space, 0) == E_TYPE); /* no task */
    CHECK(guest_new(admin, &none, &never) == E_SRCH);
    sys_handle_close(never.task);
    CHECK(pager_space_stat(admin, &(struct pager_space){UINT64_MAX}, &(struct pager_space_stat){0}, 0) ==
          E_SRCH);
    struct pager_space_range own = {g.space, 0x10000, 0}, none_such[] = {{0, 0x10000, 0},
                                                                         {UINT64_MAX, 0x10000, 0},
                                                                         {g.space + 65536, 0, 0}};
    handle_t manager = manager_new();
    CHECK(pager_space_read(g.session, &own, &count, 0) == E_RIGHTS && /* not even its own */
          pager_space_write(g.session, &own, &count, 0) == E_RIGHTS);
    CHECK(pager_space_read(manager, &own, &count, 0) == E_RIGHTS &&
          pager_space_write(manager, &own, &count, 0) == E_RIGHTS);
    for (int i = 0; i < 3; i++)
        CHECK(pager_space_read(admin, &none_such[i], &count, 0) == E_SRCH &&
              pager_space_write(admin, &none_such[i], &count, 0) == E_SRCH);
    CHECK(pager_space_read(admin, &own, &count, 0) == 0 && count.count == 0);
    sys_handle_close(manager);
    ipc_host_settle();
    CHECK(pager_session(admin, &(struct pager_session){77}, NULL, 0) == E_INVAL);
    guest_end(&g);
}

/* ---- several spaces ---- */

/* As whoever calls it does: on from where it has come to. */
static int64_t move(const struct guest *g, bool write, vaddr_t va, void *bytes, uint32_t n)
{
    uint32_t done = 0;
    int error = 0;

    while (done < n && !error) {
        struct pager_space_range range = {g->space, va + done, n - done};
        struct pager_count count = {0};
        struct ipc_transfer t = {0};

        t.in = write ? (char *)bytes + done : NULL;
        t.out = write ? NULL : (char *)bytes + done;
        *(write ? &t.in_len : &t.out_len) = n - done;
        error = write ? pager_space_write_with(admin, &range, &count, &t)
                      : pager_space_read_with(admin, &range, &count, &t);
        if (!error && (count.count == 0 || count.count > n - done))
            return -E_IO;
        done += (uint32_t)count.count;
    }
    return error ? -error : (int64_t)n;
}

static void spaces(void)
{
    struct guest g, child;
    char text[9000], back[9000];
    struct pager_space_map_reply place = {0};
    struct pager_space_stat stat = {0};
    struct pager_region regions[4];
    struct pager_count count = {0};
    struct ipc_transfer t = {.out = regions, .out_len = sizeof regions};

    memset(text, 'x', sizeof text);
    CHECK(guest_new(admin, NULL, &g) == 0);
    struct pager_space_map ask = {g.space, 0, 5 * PAGE_SIZE, 0, VMS_READ, 0};
    CHECK(pager_space_map(admin, &ask, &place, 0) == 0);
    ipc_host_absent(5); /* buffers are brought in while the pager copies */
    CHECK(move(&g, true, place.address + 100, text, sizeof text) == sizeof text);
    CHECK(move(&g, false, place.address + 100, back, sizeof back) == sizeof back &&
          !memcmp(text, back, sizeof back));
    ipc_host_absent(0);
    CHECK(load(&g, place.address + 99) == 0 && load(&g, place.address + 100) == 'x');
    CHECK(move(&g, false, place.address + 5 * PAGE_SIZE, back, 1) == -E_FAULT);
    CHECK(move(&g, false, UINT64_MAX, back, 100) == -E_FAULT &&
          move(&g, true, USER_END - 1, back, 9) == -E_FAULT);
    CHECK(pager_space_read(admin, &(struct pager_space_range){g.space, place.address, 1}, &count, 0) ==
          E_SIZE);
    CHECK(pager_space_stat(admin, &(struct pager_space){g.space}, &stat, 0) == 0 && stat.regions == 1);
    CHECK(pager_regions_with(admin, &(struct pager_space){g.space}, &count, &t) == 0 && count.count == 1);
    CHECK(regions[0].start == place.address && regions[0].resident == 3);
    CHECK(guest_new(admin, &g, &child) == 0 && load(&child, place.address + 100) == 'x');
    CHECK(move(&child, true, place.address + 100, "y", 1) == 1);
    CHECK(load(&child, place.address + 100) == 'y' && load(&g, place.address + 100) == 'x');
    guest_end(&g);
    CHECK(load(&child, place.address + 101) == 'x');
    CHECK(move(&g, false, place.address, back, 1) == -E_SRCH);
    guest_end(&child);
}

static void exceptions(void)
{
    struct guest g;
    struct ipc_host_call ear = {.m = {.label = pager_label_next_exception}}, fault;
    struct pager_exception x;
    uint8_t *byte;

    CHECK(guest_new(admin, NULL, &g) == 0);
    ipc_host_begin(admin, &ear);
    CHECK(!ear.answered);
    CHECK(touch(&g, 0x1234, READ, &byte, &fault) == PENDING && ear.answered && ear.m.label == 0);
    memcpy(&x, ear.m.words, sizeof x);
    CHECK(x.space == g.space && x.address == 0x1234 && x.code == PAGER_EXC_UNMAPPED &&
          x.thread == fault.thread);
    CHECK(pager_exception_done(admin, &(struct pager_exception_done){x.cookie + 1, 1}, NULL, 0) != 0);
    CHECK(!fault.answered);
    CHECK(pager_exception_done(admin, &(struct pager_exception_done){x.cookie, 1}, NULL, 0) == 0 &&
          fault.answered);
    CHECK(pager_exception_done(admin, &(struct pager_exception_done){x.cookie, 1}, NULL, 0) != 0);
    struct ipc_host_call trap = {.m = {.label = MSG_EXCEPTION, .words = {6, 0, 0x400010}}, .badge = g.space};
    ipc_host_begin(HANDLE_NONE, &trap); /* nobody listens: it waits */
    CHECK(!trap.answered && pager_next_exception(admin, NULL, &x, 0) == 0);
    CHECK(x.code == PAGER_EXC_CPU && x.vector == 6 && x.rip == 0x400010);
    CHECK(pager_exception_done(admin, &(struct pager_exception_done){x.cookie, 1}, NULL, 0) == 0 &&
          trap.answered);
    ear = (struct ipc_host_call){.m = {.label = pager_label_next_exception}};
    ipc_host_begin(admin, &ear);
    ipc_host_cancel(&ear, CANCEL_ASKED);
    CHECK(ear.answered && ear.m.label == E_CANCELLED);
    CHECK(touch(&g, 0x1234, READ, &byte, &fault) == PENDING);
    ipc_host_cancel(&fault, CANCEL_DIED); /* as its task is killed */
    struct ipc_host_call nobody = {.m = {.label = MSG_FAULT, .words = {0x1000}}, .badge = 987654};
    ipc_host_begin(HANDLE_NONE, &nobody); /* of a space that is gone */
    CHECK(nobody.answered && nobody.m.label == FAULT_REFUSE);
    guest_end(&g);
}

#include "pager_server_objects.h"

/* ---- anything ---- */

/* Sessions and handles run out at each step of what makes them. */
static void nothing_more(void)
{
    struct guest parent, g;

    CHECK(guest_new(admin, NULL, &parent) == 0);
    for (int what = 0; what < 4; what++) {
        int error = E_QUOTA, rounds = 0;

        for (; error; rounds++) {
            struct counts before = count_all();
            struct ipc_transfer t = {0};
            struct pager_object made;

            ipc_host_fail_after(rounds);
            error = what == 0
                        ? pager_memory_object_with(admin, &(struct pager_object_size){0, 9000}, &made, &t)
                    : what == 1
                        ? pager_session_with(admin, &(struct pager_session){PAGER_SESSION_MANAGER}, NULL, &t)
                        : guest_new(admin, what == 2 ? NULL : &parent, &g);
            ipc_host_fail_after(-1);
            if (t.got_count)
                sys_handle_close(t.got[0]);
            if (what >= 2)
                guest_end(&g);
            CHECK(!error || error == E_QUOTA || error == E_FULL);
            CHECK(same(&before) && faults_found() == 0);
        }
        CHECK(rounds > 1);
    }
    guest_end(&parent);
}

static void random_calls(void)
{
    static uint8_t bytes[5 * PAGE_SIZE];
    uint64_t seed = 11, objects[4];
    handle_t manager = manager_new(), sessions[4];
    struct guest guests[3];

    for (int i = 0; i < 3; i++)
        CHECK(guest_new(admin, NULL, &guests[i]) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(object_of(manager, (uint64_t)(i + 1) * 5000, (uint64_t)i, &objects[i], &sessions[i]) == 0);
    for (int i = 0; i < 30000; i++) {
        const struct ipc_op *op = &pager_protocol.ops[check_random(&seed) % pager_protocol.count];
        handle_t from[] = {guests[check_random(&seed) % 3].session, admin, manager};
        struct ipc_host_call c = {.m = {.label = op->number, .accept = IPC_HANDLES, .flags = IPC_BUFFERS}};

        if (op->number == pager_label_session || op->number == pager_label_dma_release)
            continue;
        for (int k = 0; k < IPC_WORDS; k++) {
            uint64_t r = check_random(&seed);

            c.m.words[k] = r % 5 == 0   ? odd[r / 5 % ODD]
                           : r % 5 == 1 ? objects[r / 5 % 4]
                           : r % 5 == 2 ? guests[r / 5 % 3].space
                           : r % 5 == 3 ? USER_MMAP_BASE + r / 5 % 64 * PAGE_SIZE
                                        : r / 5 % 16 * (r % 2 ? PAGE_SIZE : 1);
        }
        if (c.m.words[0] == owned[0].cookie)
            c.m.words[0] = 0; /* the first program's space, where all would stay */
        if (IPC_TAKES(op->flags) && check_random(&seed) % 2 && op->number != pager_label_space_create &&
            op->number != pager_label_space_fork)
            c.m.handles[c.m.handle_count++] = sessions[check_random(&seed) % 4];
        c.m.buffers = (struct ipc_buffers){
            (vaddr_t)bytes, (vaddr_t)bytes,
            op->flags & BUF_IN ? (uint32_t)(check_random(&seed) % sizeof bytes) & ~7u : 0,
            op->flags & BUF_OUT ? (uint32_t)(check_random(&seed) % sizeof bytes) & ~7u : 0};
        ipc_host_absent(check_random(&seed) % 3 ? 0 : 2);
        ipc_host_begin(from[op->rights & RIGHT_ADMIN ? 1 : op->rights & RIGHT_WRITE ? 2 : 0], &c);
        if (!c.answered)
            ipc_host_cancel(&c, check_random(&seed) % 2 ? CANCEL_ASKED : CANCEL_DIED);
        CHECK(c.answered);
        for (uint32_t k = 0; !c.error && k < c.m.handle_count; k++)
            sys_handle_close(c.m.handles[k]);
        if (i % 1000 == 0)
            CHECK(faults_found() == 0);
    }
    ipc_host_absent(0);
    for (int i = 0; i < 3; i++) {
        guest_end(&guests[i]);
        CHECK(pager_dma_release(admin, &(struct pager_space){guests[i].space}, NULL, 0) == 0);
    }
    for (int i = 0; i < 4; i++)
        sys_handle_close(sessions[i]);
    sys_handle_close(manager);
    ipc_host_settle();
    CHECK(faults_found() == 0);
}

int main(void)
{
    pager_start();
    if (!admin)
        return 1;
    RUN_CLEAN(first_program);
    RUN_CLEAN(memory);
    RUN_CLEAN(zeroed_ahead);
    RUN_CLEAN(filled);
    RUN_CLEAN(odd_values);
    RUN_CLEAN(refusals);
    RUN_CLEAN(spaces);
    RUN_CLEAN(exceptions);
    RUN_CLEAN(files);
    RUN_CLEAN(written_back);
    RUN_CLEAN(managers_die);
    RUN_CLEAN(nothing_more);
    RUN_CLEAN(random_calls);
    CHECK_END();
}
