/* For pager_server_test.c alone: a file's pages by protocol: supplied, written back, their manager's death. */

static int object_of(handle_t manager, uint64_t size, uint64_t tag, uint64_t *id, handle_t *session)
{
    struct pager_object made = {0};
    struct ipc_transfer t = {0};
    int error =
        pager_object_create_with(manager, &(struct pager_object_create){.size = size, .tag = tag}, &made, &t);

    *id = made.object;
    *session = t.got_count ? t.got[0] : HANDLE_NONE;
    return error;
}

static int supply(handle_t manager, uint64_t object, uint64_t offset, uint32_t status, const void *bytes,
                  uint32_t n)
{
    struct ipc_transfer t = {.in = bytes, .in_len = n};

    return pager_supply_with(manager, &(struct pager_supply){object, offset, status}, NULL, &t);
}

static void files(void)
{
    static uint8_t pages[3 * PAGE_SIZE];
    struct guest g;
    struct ipc_host_call ear = {.m = {.label = pager_label_next_request}}, fault;
    struct pager_request ask;
    struct pager_count count = {0};
    uint64_t id, offsets[8];
    struct ipc_transfer dirty = {.out = offsets, .out_len = sizeof offsets},
                        clean = {.in = offsets, .in_len = 8};
    handle_t manager = manager_new(), other = manager_new(), object;
    uint8_t *byte;
    vaddr_t va;

    memset(pages, 0x5a, sizeof pages);
    CHECK(manager && other && guest_new(admin, NULL, &g) == 0);
    CHECK(object_of(manager, 3 * PAGE_SIZE, 42, &id, &object) == 0);
    CHECK(map(g.session, 0, 3 * PAGE_SIZE, RW, PAGER_SHARED, object, &va) == 0);
    ipc_host_begin(manager, &ear);
    CHECK(!ear.answered && touch(&g, va + 7, READ, &byte, &fault) == PENDING && ear.answered);
    memcpy(&ask, ear.m.words, sizeof ask);
    CHECK(ask.kind == PAGER_PAGE_IN && ask.object == id && ask.tag == 42 && ask.offset == 0 &&
          ask.pages >= 1);
    CHECK(supply(other, id, 0, 0, pages, PAGE_SIZE) == E_NOENT); /* not its object */
    CHECK(supply(manager, id, 1, 0, pages, PAGE_SIZE) != 0 &&
          supply(manager, id, UINT64_MAX, 0, pages, 9) != 0);
    CHECK(supply(manager, id + 1, 0, 0, pages, PAGE_SIZE) == E_NOENT && !fault.answered);
    ipc_host_absent(2);
    CHECK(supply(manager, id, 0, 0, pages, sizeof pages) == 0);
    ipc_host_absent(0);
    CHECK(fault.answered && load(&g, va + 7) == 0x5a && store(&g, va + PAGE_SIZE, 1) == 0);
    CHECK(pager_take_dirty_with(other, &(struct pager_object){id}, &count, &dirty) == E_NOENT);
    CHECK(pager_take_dirty_with(manager, &(struct pager_object){id}, &count, &dirty) == 0 &&
          count.count == 1);
    CHECK(offsets[0] == PAGE_SIZE &&
          pager_written_with(manager, &(struct pager_written){id, 0}, NULL, &clean) == 0);
    clean.in_len = 7;
    CHECK(pager_written_with(manager, &(struct pager_written){id, 0}, NULL, &clean) == E_SIZE);
    CHECK(pager_resize(manager, &(struct pager_object_size){id, PAGE_SIZE}, NULL, 0) == 0);
    CHECK(exception_of(admin, &g, va + PAGE_SIZE, READ) == PAGER_EXC_END && load(&g, va) == 0x5a);
    for (int i = 0; i < ODD; i++) {
        (void)pager_resize(other, &(struct pager_object_size){id, odd[i]}, NULL, 0);
        (void)pager_resize(manager, &(struct pager_object_size){odd[i], odd[i]}, NULL, 0);
        (void)supply(manager, id, odd[i], 0, pages, PAGE_SIZE);
    }
    CHECK(load(&g, va) == 0x5a && faults_found() == 0);
    sys_handle_close(object);
    guest_end(&g);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.kind == PAGER_UNUSED && ask.object == id);
    CHECK(pager_object_session(manager, &(struct pager_object){id}, NULL, 0) == E_NOENT);
    sys_handle_close(manager);
    sys_handle_close(other);
}

static int sync_call(struct ipc_host_call *c, const struct guest *g, vaddr_t va, uint64_t length)
{
    struct pager_advise ask = {va, length, PAGER_SYNC};

    *c = (struct ipc_host_call){.m = {.label = pager_label_advise}};
    memcpy(c->m.words, &ask, sizeof ask);
    ipc_host_begin(g->session, c);
    return c->answered ? (int)c->m.label : PENDING;
}

static int written(handle_t manager, uint64_t object, uint64_t offset, uint32_t status)
{
    struct ipc_transfer t = {.in = &offset, .in_len = 8};

    return pager_written_with(manager, &(struct pager_written){object, status}, NULL, &t);
}

/* What a program stores comes back to the manager: by a request, in a buffer, and msync waits for it. */
static void written_back(void)
{
    static uint8_t page[PAGE_SIZE] = {3}, got[2 * PAGE_SIZE];
    struct guest g;
    struct ipc_host_call ear = {.m = {.label = pager_label_next_request}}, sync;
    struct pager_request ask = {0};
    struct pager_count count = {0};
    struct ipc_transfer out = {.out = got, .out_len = sizeof got};
    struct pager_stats stats;
    struct ipc_transfer st = {.out = &stats, .out_len = sizeof stats};
    handle_t manager = manager_new(), other = manager_new(), object;
    uint64_t id;
    vaddr_t va;

    CHECK(guest_new(admin, NULL, &g) == 0 && object_of(manager, PAGE_SIZE + 9, 1, &id, &object) == 0);
    CHECK(map(g.session, 0, 2 * PAGE_SIZE, RW, PAGER_SHARED, object, &va) == 0);
    CHECK(supply(manager, id, 0, 0, page, PAGE_SIZE) == 0 && supply(manager, id, PAGE_SIZE, 0, page, 9) == 0);
    CHECK(sync_call(&sync, &g, va, 2 * PAGE_SIZE) == 0); /* nothing to write */
    CHECK(store(&g, va + 7, 17) == 0 && store(&g, va + PAGE_SIZE + 20, 18) == 0);
    ipc_host_begin(manager, &ear);
    CHECK(!ear.answered && sync_call(&sync, &g, va, 2 * PAGE_SIZE) == PENDING && ear.answered);
    memcpy(&ask, ear.m.words, sizeof ask);
    CHECK(ask.kind == PAGER_WRITE_BACK && ask.object == id && ask.tag == 1 && ask.offset == 0 &&
          ask.pages == 2);
    CHECK(pager_object_read_with(other, &(struct pager_object_part){id, 0}, &count, &out) == E_NOENT);
    ipc_host_absent(5);
    CHECK(pager_object_read_with(manager, &(struct pager_object_part){id, 0}, &count, &out) == 0);
    ipc_host_absent(0);
    CHECK(count.count == sizeof got && got[0] == 3 && got[7] == 17 && got[PAGE_SIZE + 20] == 0);
    CHECK(pager_stats_with(g.session, NULL, &count, &st) == 0 && stats.dirty_pages == 2 &&
          stats.writing_pages == 2);
    CHECK(written(other, id, 0, 0) == E_NOENT && written(manager, id, 0, 0) == 0 && !sync.answered);
    CHECK(written(manager, id, PAGE_SIZE, E_IO) == 0 && sync.answered && sync.m.label == E_IO);
    CHECK(sync_call(&sync, &g, va, 2 * PAGE_SIZE) == PENDING);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.offset == PAGE_SIZE && ask.pages == 1);
    CHECK(pager_manager_ready(manager, NULL, NULL, 0) == 0); /* it died */
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.offset == PAGE_SIZE && !sync.answered);
    CHECK(written(manager, id, PAGE_SIZE, 0) == 0 && sync.answered && sync.m.label == 0);
    CHECK(store(&g, va, 4) == 0 &&
          pager_advise(g.session, &(struct pager_advise){va, 1, PAGER_SYNC_LATER}, NULL, 0) == 0);
    sys_handle_close(object);
    guest_end(&g);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.kind == PAGER_WRITE_BACK && ask.offset == 0);
    CHECK(written(manager, id, 0, E_NOSPC) == 0);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.kind == PAGER_UNUSED && ask.pages == 1);
    CHECK(pager_object_destroy(manager, &(struct pager_object){id}, NULL, 0) == 0);
    sys_handle_close(manager);
    sys_handle_close(other);
    CHECK(faults_found() == 0);
}

/* A manager dies with requests in hand: its next instance is asked again; or it never comes back. */
static void managers_die(void)
{
    static uint8_t page[PAGE_SIZE] = {3};
    struct guest g;
    struct ipc_host_call fault;
    struct pager_request ask = {0}, again = {0};
    handle_t manager = manager_new(), object;
    uint8_t *byte;
    uint64_t id;
    vaddr_t va;

    CHECK(guest_new(admin, NULL, &g) == 0 && object_of(manager, 2 * PAGE_SIZE, 1, &id, &object) == 0);
    CHECK(map(g.session, 0, 2 * PAGE_SIZE, VMS_READ, 0, object, &va) == 0);
    CHECK(touch(&g, va, READ, &byte, &fault) == PENDING);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0 && ask.object == id);
    CHECK(pager_manager_ready(manager, NULL, NULL, 0) == 0);
    CHECK(pager_next_request(manager, NULL, &again, 0) == 0 && again.object == id &&
          again.offset == ask.offset);
    CHECK(supply(manager, id, ask.offset, 0, page, PAGE_SIZE) == 0 && fault.answered && load(&g, va) == 3);
    CHECK(touch(&g, va + PAGE_SIZE, READ, &byte, &fault) == PENDING);
    CHECK(pager_next_request(manager, NULL, &ask, 0) == 0);
    CHECK(supply(manager, id, ask.offset, E_IO, NULL, 0) == 0); /* the page cannot be read */
    struct pager_exception x = {0};
    CHECK(pager_next_exception(admin, NULL, &x, 0) == 0 && x.code == PAGER_EXC_IO && x.space == g.space);
    CHECK(pager_exception_done(admin, &(struct pager_exception_done){x.cookie, 1}, NULL, 0) == 0 &&
          fault.answered);
    CHECK(touch(&g, va + PAGE_SIZE, READ, &byte, &fault) == PENDING);
    sys_handle_close(object);
    guest_end(&g); /* with a fault that waits */
    ipc_host_cancel(&fault, CANCEL_DIED);
    sys_handle_close(manager);
    ipc_host_settle();
    CHECK(faults_found() == 0);
}
