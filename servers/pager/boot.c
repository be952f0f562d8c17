/* The first program: its memory, its handles, its thread. */
#include "server.h"

#include <ipc/cpio.h>
#include <ipc/elf.h>
#include <ipc/startup.h>
#include <ipc/startup_build.h>
#include <ipc/string.h>
#include <ipc/syscall.h>

#include "fault.h"
#include "space.h"

#define INIT_KMEM    (64ul << 20) /* limit of init's account, which pays for the tasks that it makes */
#define STACK_SIZE   (256ul << 10)
#define STARTUP_ROOM (16ul << 10)
#define WORDS_MAX    64u

uint64_t boot_init_space;

/* The boot command line, split: kernel words, then what follows `--`. */
struct options {
    char path[64];
    char args[BOOT_CMDLINE_MAX + 64]; /* argv: the path first */
    uint32_t bytes, count;
};

static void option_add(struct options *o, const char *word, size_t length)
{
    if (length + 1 > sizeof o->args - o->bytes || o->count == WORDS_MAX)
        return;
    memcpy(o->args + o->bytes, word, length);
    o->args[o->bytes + length] = 0;
    o->bytes += (uint32_t)length + 1;
    o->count++;
}

static void options_read(const struct boot_info *info, struct options *o)
{
    const char *line = info->cmdline;
    size_t size = info->cmdline_length < BOOT_CMDLINE_MAX ? info->cmdline_length : BOOT_CMDLINE_MAX;
    bool ours = false;
    memset(o, 0, sizeof *o);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t at = 0, length; at < size; at += length + 1) {
            const char *word = line + at, *end = memchr(word, ' ', size - at);
            length = end ? (size_t)(end - word) : size - at;
            if (ours && length > 0)
                option_add(o, word, length);
            else if (length == 2 && memcmp(word, "--", 2) == 0 && pass == 1)
                ours = true;
            else if (length == 2 && memcmp(word, "--", 2) == 0)
                break;
            else if (pass == 0 && length > 5 && length - 5 < sizeof o->path && memcmp(word, "init=", 5) == 0)
                memcpy(o->path, word + 5, length - 5);
        }
        if (pass == 0)
            option_add(o, o->path[0] ? o->path : "init", strlen(o->path[0] ? o->path : "init"));
    }
}

static int find_program(const struct options *o, const void *archive, size_t size, struct cpio_entry *entry)
{
    static const char *const places[] = {"bin/init", "init"};
    if (o->path[0])
        return cpio_find(archive, size, o->path, entry);
    int error = E_NOENT;
    for (size_t i = 0; i < sizeof places / sizeof *places && error == E_NOENT; i++)
        error = cpio_find(archive, size, places[i], entry);
    return error;
}

/* ---- its memory ---- */

struct loading {
    struct space *space;
    const uint8_t *file;
};

/* Bytes to pages that are resident. */
static int poke(struct space *space, vaddr_t va, const uint8_t *from, uint64_t length)
{
    while (length > 0) {
        uint32_t missing;
        uint64_t n = PAGE_SIZE - va % PAGE_SIZE;
        pte_t e = tables_entry(space, va, &missing);
        if (!pte_present(e))
            return E_FAULT;
        n = n < length ? n : length;
        memcpy((uint8_t *)frame_memory((frame_t)(pte_frame(e, PTEP_LEAF) >> PAGE_SHIFT)) + va % PAGE_SIZE,
               from, n);
        va += n;
        from += n;
        length -= n;
    }
    return 0;
}

static int load_segment(void *context, const struct elf_segment *s)
{
    struct loading *l = context;
    vaddr_t at;
    struct mapping m = {.address = s->page_start,
                        .length = s->page_end - s->page_start,
                        .prot = s->prot,
                        .limit = VMS_READ | VMS_WRITE | VMS_EXEC,
                        .flags = PAGER_FIXED | PAGER_NO_REPLACE | PAGER_RESIDENT};
    int error = space_map(l->space, &m, &at);
    return error ? error : poke(l->space, s->address, l->file + s->offset, s->file_size);
}

static int read_file(void *context, uint64_t offset, void *to, size_t length)
{
    const struct loading *l = context;
    memcpy(to, l->file + offset, length);
    return 0;
}

static int load_stack(struct space *space)
{
    vaddr_t at;
    struct mapping m = {.address = USER_STACK_TOP - STACK_SIZE,
                        .length = STACK_SIZE,
                        .prot = VMS_READ | VMS_WRITE,
                        .limit = VMS_READ | VMS_WRITE,
                        .flags = PAGER_FIXED | PAGER_STACK | PAGER_RESIDENT};
    return space_map(space, &m, &at);
}

/* ---- its handles ---- */

static int give(struct startup_handle *entry, const char *name, handle_t from, handle_t task, uint32_t slot,
                uint32_t rights)
{
    handle_t copy;
    int error = sys_handle_copy(from, rights, task, slot, &copy);
    if (!error)
        *entry = startup_named(name, copy);
    return error;
}

static uint64_t stamp(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t x = (uint64_t)high << 32 | low;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ul;
    return x ^ x >> 27;
}

static int load_startup(struct space *space, const struct options *o, const struct elf_image *image,
                        handle_t session, handle_t admin, vaddr_t *out)
{
    static uint8_t block[STARTUP_ROOM] __attribute__((aligned(16)));
    struct startup_handle handles[5];
    const uint32_t authority = RIGHT_COPY | RIGHT_MANAGE;
    int error = give(&handles[0], "task", space->task, space->task, SLOT_TASK, authority | RIGHT_INFO);
    if (!error)
        error = give(&handles[1], "pager", session, space->task, SLOT_PAGER,
                     RIGHT_COPY | RIGHT_CALL | RIGHT_USE | PAGER_RIGHT_DEVICE);
    if (!error)
        error = give(&handles[2], "task-maker", HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER), space->task, SLOT_FREE,
                     authority);
    if (!error)
        error = give(&handles[3], "hardware", HANDLE_FIRST(PAGER_HANDLE_HARDWARE), space->task, SLOT_FREE + 1,
                     authority);
    if (!error)
        error = give(&handles[4], "pager-admin", admin, space->task, SLOT_FREE + 2,
                     RIGHT_COPY | RIGHT_CALL | RIGHT_USE | RIGHT_ADMIN);
    struct startup_input in = {.args = o->args,
                               .arg_bytes = o->bytes,
                               .argc = o->count,
                               .handles = handles,
                               .handle_count = 5,
                               .random = {stamp(), stamp() * 3},
                               .image_start = image->start,
                               .image_end = image->end,
                               .stack_low = USER_STACK_TOP - STACK_SIZE};
    if (!error)
        error = startup_build(&in, block, sizeof block);
    if (error)
        return error;
    size_t size = startup_size(&in);
    *out = USER_STACK_TOP - size;
    return poke(space, *out, block, size);
}

/* ---- all together ---- */

static int load_program(struct space *space, const struct cpio_entry *entry, struct elf_image *image)
{
    struct loading l = {space, entry->data};
    struct elf_source source = {read_file, &l, entry->length};
    int error = elf_parse(&source, image);
    if (!error)
        error = elf_load(image, load_segment, &l);
    return error ? error : load_stack(space);
}

int boot_start_init(const struct boot_info *info)
{
    static struct options options;
    struct cpio_entry entry;
    struct elf_image image;
    struct channel *channel;
    struct space *space;
    handle_t admin, session, task, thread;
    vaddr_t startup = 0;
    options_read(info, &options);
    int error = find_program(&options, frame_memory((frame_t)(info->bundle.start >> PAGE_SHIFT)),
                             bundle_object->size, &entry);
    if (!error)
        error = sys_task_create(HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER), INIT_KMEM, &task);
    if (error)
        return error;
    sys_task_ctl(task, TASK_NAME, (uint64_t) "init", 4, 0, NULL);
    error = channel_create(CHANNEL_ADMIN, &admin, &channel);
    if (!error)
        error = space_create(task, channel, &session, &space);
    if (error)
        return error;
    channel->boot = true;
    boot_init_space = space->id;
    error = load_program(space, &entry, &image);
    if (!error)
        error = load_startup(space, &options, &image, session, admin, &startup);
    if (!error)
        error = sys_thread_create(task, image.entry, startup, startup, PRIORITY_INIT, &thread);
    if (!error)
        error = sys_thread_ctl(thread, THREAD_START, 0, 0, NULL);
    if (error)
        return error;
    machine_close(thread);
    machine_close(session);
    machine_close(admin);
    machine_close(HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER));
    machine_close(HANDLE_FIRST(PAGER_HANDLE_HARDWARE));
    return 0;
}
