/* Start one instance of a server: a task, its space, its program out of the bundle, its handles, its startup
 * block. */
#include "service.h"
#include <ipc/cpio.h>
#include <ipc/elf.h>
#include <ipc/format.h>
#include <ipc/heap.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>
#include <ouros/layout.h>
#include <proto/pager.h>

/* An instance on its way. */
struct birth {
    struct service *service;
    struct outfit outfit;
    struct cpio_entry file;
    struct elf_image image;
    handle_t space_session;
    uint64_t space;
    char arguments[TEXT_MAX + sizeof boot_words]; /* ended by NULs, one behind the other */
    uint32_t argument_bytes, argument_count;
};

/* ---- memory of the new space ---- */

static int write_all(uint64_t space, vaddr_t address, const void *data, uint64_t length)
{
    const char *from = data;

    while (length) {
        uint32_t piece = (uint32_t)(length < PAGER_COPY_MAX ? length : PAGER_COPY_MAX);
        struct ipc_transfer transfer = {.in = from, .in_len = piece};
        struct pager_count done = {0};
        int error = pager_space_write_with(
            authorities.pager_admin, &(struct pager_space_range){space, address, piece}, &done, &transfer);

        if (error || done.count == 0 || done.count > piece)
            return error ? error : E_FAULT;
        from += done.count;
        address += done.count;
        length -= done.count;
    }
    return 0;
}

/* Anonymous memory, all of it now: a server never waits for its own pages. */
static int map(uint64_t space, vaddr_t address, uint64_t length, uint32_t prot, uint32_t flags)
{
    struct pager_space_map request = {.space = space,
                                      .address = address,
                                      .length = length,
                                      .prot = prot,
                                      .flags = flags | PAGER_FIXED | PAGER_RESIDENT};

    return pager_space_map(authorities.pager_admin, &request, 0, 0);
}

static int map_segment(void *context, const struct elf_segment *s)
{
    struct birth *b = context;
    int error = map(b->space, s->page_start, s->page_end - s->page_start, s->prot, 0);

    return error ? error
                 : write_all(b->space, s->address, (const char *)b->file.data + s->offset, s->file_size);
}

static int read_file(void *context, uint64_t offset, void *to, size_t length)
{
    const struct cpio_entry *file = context;

    memcpy(to, (const char *)file->data + offset, length);
    return 0;
}

static int load(struct birth *b)
{
    int error;

    if (cpio_find(bundle.bytes, bundle.size, b->arguments, &b->file)) {
        ipc_error("the bundle has no %s", b->arguments);
        return E_NOENT;
    }
    struct elf_source source = {read_file, &b->file, b->file.length};
    error = elf_parse(&source, &b->image);
    return error ? error : elf_load(&b->image, map_segment, b);
}

/* ---- arguments and the startup block ---- */

static void add_argument(struct birth *b, const char *word, size_t length)
{
    if (length == 0 || length >= sizeof b->arguments - b->argument_bytes)
        return;
    memcpy(b->arguments + b->argument_bytes, word, length);
    b->argument_bytes += (uint32_t)length;
    b->arguments[b->argument_bytes++] = 0;
    b->argument_count++;
}

/* Words between blanks; `$boot` stands for those of the boot command line. */
static void add_arguments(struct birth *b, const char *words)
{
    for (const char *word = words; *word;) {
        size_t length = 0;

        while (word[length] && word[length] != ' ')
            length++;
        if (length == 5 && memcmp(word, "$boot", 5) == 0 && words != boot_words)
            add_arguments(b, boot_words);
        else
            add_argument(b, word, length);
        word += length + (word[length] == ' ');
    }
}

static uint64_t random_word(void)
{
    static uint64_t state;
    uint64_t value = 0;
    uint32_t a = 1, b, c = 0, d;
    uint8_t good = 0;

    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (c & 1u << 30)
        __asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(value), "=qm"(good));
    __asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
    state = (state ^ value ^ ((uint64_t)d << 32 | a)) * 0x9e3779b97f4a7c15ull;
    return state ^ state >> 29;
}

/* Map the first stack and put the block on top of it; *top is the block's address. */
static int write_startup(struct birth *b, vaddr_t *top)
{
    uint64_t stack = (b->service->server->stack + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    struct startup_input input = {.args = b->arguments,
                                  .arg_bytes = b->argument_bytes,
                                  .argc = b->argument_count,
                                  .handles = b->outfit.handles,
                                  .handle_count = b->outfit.handle_count,
                                  .blobs = b->outfit.blobs,
                                  .blob_count = b->outfit.blob_count,
                                  .random = {random_word(), random_word()},
                                  .image_start = b->image.start,
                                  .image_end = b->image.end};
    size_t size = startup_size(&input), whole;
    void *block;
    int error;

    if (size == SIZE_MAX)
        return E_2BIG;
    whole = stack + ((size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)) + PAGE_SIZE; /* the lowest page is a guard */
    input.stack_low = USER_STACK_TOP - whole + PAGE_SIZE;
    block = ipc_alloc(size);
    if (!block)
        return E_NOMEM;
    *top = USER_STACK_TOP - size;
    error = startup_build(&input, block, size);
    if (!error)
        error = map(b->space, USER_STACK_TOP - whole, whole, VMS_READ | VMS_WRITE, PAGER_STACK);
    if (!error)
        error = write_all(b->space, *top, block, size);
    ipc_free(block);
    return error;
}

/* ---- the task ---- */

static int make_space(struct birth *b)
{
    struct ipc_transfer transfer = {.send = {b->outfit.task}, .send_count = 1};
    struct pager_space space = {0};
    int error = pager_space_create_with(authorities.pager_admin, 0, &space, &transfer);

    if (error)
        return error;
    b->space = space.space;
    b->space_session = transfer.got[0];
    return pager_space_limit(authorities.pager_admin,
                             &(struct pager_limits){.space = b->space,
                                                    .size = UINT64_MAX,
                                                    .data = b->service->server->memory,
                                                    .stack = UINT64_MAX,
                                                    .locked = UINT64_MAX},
                             0, 0);
}

/* Handles in fixed slots. */
static int install_fixed(struct birth *b)
{
    struct outfit *o = &b->outfit;
    uint64_t lent;
    handle_t copy;
    int error = sys_handle_copy(o->task, RIGHT_ALL, o->task, SLOT_TASK, &copy);

    if (!error) {
        o->handles[o->handle_count++] = startup_named("task", copy);
        error = sys_handle_copy(b->space_session, RIGHT_ALL, o->task, SLOT_PAGER, &copy);
    }
    if (!error) {
        o->handles[o->handle_count++] = startup_named("pager", copy);
        error = sys_port_ctl(b->service->port, PORT_LEND, o->task, SLOT_PORT, 0, &lent, 0);
    }
    return error;
}

static int run(struct birth *b, vaddr_t block)
{
    handle_t thread;
    int error = IPC_FED(sys_thread_create(b->outfit.task, b->image.entry, block, block,
                                          b->service->server->priority, &thread));

    if (!error)
        error = sys_thread_ctl(thread, THREAD_START, 0, 0, 0);
    if (thread)
        sys_handle_close(thread);
    return error;
}

static int build(struct birth *b)
{
    const char *name = b->service->server->name;
    size_t length = strlen(name);
    vaddr_t block;
    int error;

    add_arguments(b, b->service->server->program);
    sys_task_ctl(b->outfit.task, TASK_NAME, (uint64_t)name, length < 15 ? length : 15, 0, 0);
    error = make_space(b);
    if (!error)
        error = load(b);
    if (!error)
        error = install_fixed(b);
    if (!error)
        error = outfit_all(&b->outfit);
    if (!error)
        error = write_startup(b, &block);
    if (!error)
        error =
            sys_task_ctl(b->outfit.task, TASK_WATCH, init_port, (uint64_t)(b->service - services) + 1, 0, 0);
    return error ? error : run(b, block);
}

int service_start(struct service *s)
{
    struct birth *b = ipc_zalloc(sizeof *b);
    int error;

    if (!b)
        return E_NOMEM;
    b->service = b->outfit.service = s;
    error = IPC_FED(sys_task_create(authorities.task_maker, s->server->kernel_memory, &b->outfit.task));
    if (!error) {
        error = build(b);
        if (b->space_session)
            sys_handle_close(b->space_session);
        if (error) {
            pci_silence(s);
            sys_task_ctl(b->outfit.task, TASK_KILL, 0, 0, 0, 0);
            sys_handle_close(b->outfit.task);
        } else {
            s->task = b->outfit.task;
            s->space = b->space;
        }
    }
    ipc_free(b);
    return error;
}
