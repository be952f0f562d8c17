/* Images: a task in the making, from a file or as a copy of another. Until image_adopt nobody sees it. */
#include <ipc/elf.h>
#include <ipc/startup_build.h>

#include "server.h"

#define STACK_MOST       (1ul << 30) /* also without a limit */
#define INTERPRETER_LINE 256         /* bytes of a script's first line that are looked at */
#define SCRIPT_DEPTH     4           /* scripts whose interpreters are scripts */

#define PAGE_UP(x) (((x) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))

/* ---- the request ---- */

int plan_read(struct ipc_request *r, const struct proc_image *in, struct image_plan *plan)
{
    *plan = (struct image_plan){0};
    uint64_t fds = (uint64_t)in->fd_count * sizeof(struct proc_fd);
    uint64_t length = (uint64_t)in->path_length + in->strings + fds;
    if (in->path_length == 0 || in->path_length > IO_PATH_MAX || in->argc == 0)
        return E_INVAL;
    if (in->strings > PROC_IMAGE_MAX || in->fd_count > 4096 || length > PROC_IMAGE_MAX)
        return E_2BIG;
    if (length != r->in_len)
        return E_SIZE;
    /* The descriptors go first in our copy: they must be aligned. */
    plan->data = ipc_alloc(length + 1);
    if (!plan->data)
        return E_NOMEM;
    int error = fds ? ipc_read(r, in->path_length + in->strings, plan->data, fds) : 0;
    if (!error)
        error = ipc_read(r, 0, plan->data + fds, in->path_length + in->strings);
    plan->fds = (const struct proc_fd *)plan->data;
    plan->fd_count = in->fd_count;
    plan->path = plan->data + fds;
    plan->path_length = in->path_length;
    plan->strings = plan->path + in->path_length;
    plan->strings_length = in->strings;
    plan->argc = in->argc;
    plan->envc = in->envc;
    if (error)
        plan_free(plan);
    return error;
}

void plan_free(struct image_plan *plan)
{
    ipc_free(plan->data);
    plan->data = NULL;
}

/* ---- the task and its process sessions ---- */

/* Into the new task at its fixed slot, without the right to copy it. */
static int install(handle_t session, handle_t task, uint32_t slot)
{
    handle_t there;
    return sys_handle_copy(session, RIGHT_CALL | RIGHT_USE, task, slot, &there);
}

/* All images so far. No two bear the same number, not even two of one process, or of two that had the same
 * entry one after the other: the death notice of an image that was discarded must not be taken for its
 * successor's. */
static uint64_t images;

static int bare_task(struct process *p, struct image *image)
{
    int error = sys_task_create(below.task_maker, p->limit[LIMIT_KERNEL].soft, &image->task);
    if (error)
        return error;
    image->cookie = p->slot | __atomic_add_fetch(&images, 1, __ATOMIC_RELAXED) << 24;
    return sys_task_ctl(image->task, TASK_WATCH, HANDLE_FIRST(SLOT_PORT), image->cookie, 0, NULL);
}

static int install_sessions(struct process *p, struct image *image, handle_t space)
{
    handle_t own = 0;
    int error = ipc_mint(p->slot, RIGHT_USE, &own, &image->badge);
    if (!error)
        error = install(own, image->task, SLOT_PROC);
    if (own)
        sys_handle_close(own);
    if (!error)
        error = install(p->vfs, image->task, SLOT_VFS);
    if (!error)
        error = install(space, image->task, SLOT_PAGER);
    return error;
}

int image_task(struct process *p, struct image *image)
{
    struct pager_space space;
    int error = bare_task(p, image);
    if (error)
        return error;
    struct ipc_transfer transfer = {.send = {image->task}, .send_count = 1};
    error = pager_space_create_with(below.pager, &(struct ipc_none){}, &space, &transfer);
    if (error)
        return error;
    image->space = space.space;
    error = limit_space(p, space.space);
    if (!error)
        error = install_sessions(p, image, transfer.got[0]);
    sys_handle_close(transfer.got[0]);
    return error;
}

int image_fork(struct process *parent, struct process *child, struct image *image)
{
    struct pager_space space;
    int error = bare_task(child, image);
    if (!error)
        error = sys_task_ctl(image->task, TASK_COPY_HANDLES, parent->task, 0, 0, NULL);
    if (error)
        return error;
    struct ipc_transfer transfer = {.send = {image->task}, .send_count = 1};
    error = pager_space_fork_with(below.pager, &(struct pager_space){parent->space}, &space, &transfer);
    if (error)
        return error;
    image->space = space.space;
    error = install_sessions(child, image, transfer.got[0]);
    sys_handle_close(transfer.got[0]);
    return error;
}

void image_discard(struct image *image)
{
    if (image->thread)
        sys_handle_close(image->thread);
    if (image->task) {
        sys_task_ctl(image->task, TASK_KILL, 0, 0, 0, NULL);
        sys_handle_close(image->task);
    }
    *image = (struct image){0};
}

void image_adopt(struct process *p, struct image *image)
{
    p->task = image->task;
    p->space = image->space;
    p->badge = image->badge;
    p->image = image->cookie >> 24;
    p->state = PROCESS_RUNNING;
    if (image->name[0]) { /* no copy, which has its parent's */
        memcpy(p->name, image->name, sizeof p->name);
        sys_task_ctl(p->task, TASK_NAME, (uint64_t)p->name, strnlen(p->name, sizeof p->name - 1), 0, NULL);
    }
    sys_thread_ctl(image->thread, THREAD_START, 0, 0, NULL);
    sys_handle_close(image->thread);
}

/* ---- the file ---- */

struct program {
    handle_t file, object;
    uint64_t size;
    uint64_t space;
};

static int open_program(struct process *p, const char *path, uint32_t length, handle_t *file)
{
    struct vfs_open_as request = {.pid = (uint64_t)p->pid, .flags = IO_O_RDONLY | IO_O_EXEC};
    struct vfs_open_reply reply;
    struct ipc_transfer transfer = {.in = path, .in_len = length};
    int error = vfs_open_as_with(below.vfs, &request, &reply, &transfer);
    if (error)
        return error;
    if (transfer.got_count != 1)
        return E_ACCES;
    *file = transfer.got[0];
    if ((reply.mode & IO_S_IFMT) == IO_S_IFREG)
        return 0;
    sys_handle_close(*file);
    return E_ACCES;
}

/* All `length` bytes at `offset`; a file that ends earlier is no executable. */
static int read_program(void *context, uint64_t offset, void *to, size_t length)
{
    struct program *program = context;
    for (size_t done = 0; done < length;) {
        struct io_count count = {0};
        struct ipc_transfer transfer = {.out = (char *)to + done, .out_len = (uint32_t)(length - done)};
        int error = io_read_with(program->file, &(struct io_read){offset + done}, &count, &transfer);
        if (error)
            return error;
        if (count.count == 0 || count.count > length - done)
            return E_NOEXEC;
        done += count.count;
    }
    return 0;
}

static int map_anonymous(uint64_t space, vaddr_t from, vaddr_t to, uint32_t prot)
{
    struct pager_space_map request = {.space = space,
                                      .address = from,
                                      .length = to - from,
                                      .prot = prot,
                                      .flags = PAGER_FIXED | PAGER_NO_REPLACE};
    return from == to ? 0 : pager_space_map(below.pager, &request, NULL, DEADLINE_NEVER);
}

static int write_space(uint64_t space, vaddr_t to, const void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        struct pager_space_range range = {.space = space, .address = to + done, .length = length - done};
        struct pager_count count = {0};
        struct ipc_transfer transfer = {.in = (const char *)data + done, .in_len = (uint32_t)(length - done)};
        int error = pager_space_write_with(below.pager, &range, &count, &transfer);
        if (error)
            return error;
        if (count.count == 0 || count.count > length - done)
            return E_IO;
        done += count.count;
    }
    return 0;
}

/* File pages privately; zeros behind the file's last byte in its page; zero-filled pages for the rest. */
static int map_segment(void *context, const struct elf_segment *segment)
{
    static const char zeros[PAGE_SIZE];
    struct program *program = context;
    vaddr_t file_end = segment->address + segment->file_size, pages_end = PAGE_UP(file_end);
    if (segment->file_size == 0)
        return map_anonymous(program->space, segment->page_start, segment->page_end, segment->prot);
    struct pager_space_map request = {.space = program->space,
                                      .address = segment->page_start,
                                      .length = pages_end - segment->page_start,
                                      .offset = segment->page_offset,
                                      .prot = segment->prot,
                                      .flags = PAGER_FIXED | PAGER_NO_REPLACE};
    struct ipc_transfer transfer = {.send = {program->object}, .send_count = 1};
    int error = pager_space_map_with(below.pager, &request, NULL, &transfer);
    if (!error && segment->memory_size > segment->file_size && pages_end > file_end)
        error = write_space(program->space, file_end, zeros, pages_end - file_end);
    if (!error)
        error = map_anonymous(program->space, pages_end, segment->page_end, segment->prot);
    return error;
}

static int map_program(struct program *program, struct elf_image *elf)
{
    struct ipc_transfer transfer = {0};
    struct io_size size = {0};
    int error = io_map_with(program->file, &(struct ipc_none){}, &size, &transfer);
    if (error)
        return error;
    if (transfer.got_count != 1)
        return E_NOEXEC;
    program->object = transfer.got[0];
    program->size = size.size;
    struct elf_source source = {.read = read_program, .context = program, .file_size = size.size};
    error = elf_parse(&source, elf);
    if (!error)
        error = elf_load(elf, map_segment, program);
    sys_handle_close(program->object);
    return error;
}

/* ---- scripts ---- */

/* The strings of an image: `lead` (interpreter, its argument, the script's path) in front of all but the
 * first of the plan's. */
struct arguments {
    char *data; /* heap */
    uint32_t length, argc, arg_bytes;
};

static const char *skip_string(const char *at, const char *end)
{
    const char *nul = memchr(at, 0, (size_t)(end - at));
    return nul ? nul + 1 : NULL;
}

static int plain_arguments(const struct image_plan *plan, struct arguments *a)
{
    a->data = ipc_alloc(plan->strings_length + 1);
    if (!a->data)
        return E_NOMEM;
    memcpy(a->data, plan->strings, plan->strings_length);
    a->length = plan->strings_length;
    a->argc = plan->argc;
    const char *at = a->data, *end = a->data + a->length;
    for (uint32_t i = 0; i < plan->argc; i++) {
        at = skip_string(at, end);
        if (!at)
            return E_INVAL;
    }
    a->arg_bytes = (uint32_t)(at - a->data);
    return 0;
}

/* "#! interpreter [argument]" in the first line: argv becomes interpreter, argument, path, argv[1] … */
static int script_arguments(char *line, uint32_t length, const char *path, uint32_t path_length,
                            struct arguments *a, char *interpreter, uint32_t *interpreter_length)
{
    uint32_t end = 2, start, arg_start, arg_end;
    while (end < length && line[end] != '\n')
        end++;
    if (end == length)
        return E_NOEXEC; /* no end of line in sight */
    while (end > 2 && (line[end - 1] == ' ' || line[end - 1] == '\t' || line[end - 1] == '\r'))
        end--;
    for (start = 2; start < end && (line[start] == ' ' || line[start] == '\t'); start++)
        ;
    uint32_t name_end = start;
    while (name_end < end && line[name_end] != ' ' && line[name_end] != '\t')
        name_end++;
    for (arg_start = name_end; arg_start < end && (line[arg_start] == ' ' || line[arg_start] == '\t');
         arg_start++)
        ;
    arg_end = end;
    uint32_t name = name_end - start, arg = arg_end - arg_start;
    if (name == 0 || memchr(line, 0, end))
        return E_NOEXEC;
    const char *rest = skip_string(a->data, a->data + a->length);
    uint32_t dropped = (uint32_t)(rest - a->data), lead = name + 1 + (arg ? arg + 1 : 0) + path_length + 1;
    char *data = ipc_alloc(lead + a->length - dropped + 1);
    if (!data)
        return E_NOMEM;
    char *to = data;
    to = (char *)memcpy(to, line + start, name) + name;
    *to++ = 0;
    if (arg) {
        to = (char *)memcpy(to, line + arg_start, arg) + arg;
        *to++ = 0;
    }
    to = (char *)memcpy(to, path, path_length) + path_length;
    *to++ = 0;
    memcpy(to, rest, a->length - dropped);
    ipc_free(a->data);
    a->data = data;
    a->length = lead + a->length - dropped;
    a->arg_bytes = lead + a->arg_bytes - dropped;
    a->argc += arg ? 2 : 1;
    memcpy(interpreter, line + start, name);
    *interpreter_length = name;
    return 0;
}

/* Open the program; while it is a script, its interpreter. */
static int open_interpreted(struct process *p, const struct image_plan *plan, struct arguments *a,
                            handle_t *file)
{
    char path[INTERPRETER_LINE], line[INTERPRETER_LINE];
    const char *name = plan->path;
    uint32_t length = plan->path_length;
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        int error = open_program(p, name, length, file);
        if (error)
            return error;
        struct io_count count = {0};
        struct ipc_transfer transfer = {.out = line, .out_len = sizeof line};
        error = io_read_with(*file, &(struct io_read){0}, &count, &transfer);
        if (!error && (count.count < 2 || count.count > sizeof line || line[0] != '#' || line[1] != '!'))
            return 0;
        sys_handle_close(*file);
        char interpreter[INTERPRETER_LINE];
        uint32_t interpreter_length = 0;
        if (!error)
            error = script_arguments(line, (uint32_t)count.count, name, length, a, interpreter,
                                     &interpreter_length);
        if (error)
            return error;
        memcpy(path, interpreter, interpreter_length);
        name = path;
        length = interpreter_length;
    }
    return E_LOOP;
}

/* ---- stack and startup block ---- */

static int give_descriptors(const struct image_plan *plan, handle_t donor, handle_t task,
                            struct startup_fd *fds)
{
    for (uint32_t i = 0; i < plan->fd_count; i++) {
        uint64_t there = 0;
        handle_t copy = 0;
        int error = donor ? sys_task_ctl(task, TASK_COPY_HANDLE, donor, plan->fds[i].handle, 0, &there)
                          : sys_handle_copy(plan->fds[i].handle, RIGHT_ALL, task, 0, &copy);
        if (error)
            return E_BADF;
        fds[i] = (struct startup_fd){
            .fd = plan->fds[i].fd, .flags = plan->fds[i].flags, .handle = donor ? (handle_t)there : copy};
    }
    return 0;
}

static uint64_t random64(void)
{
    static uint64_t state;
    uint64_t z = state += 0x9e3779b97f4a7c15ul ^ ipc_now() ^ __builtin_ia32_rdtsc();
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ z >> 27) * 0x94d049bb133111ebul;
    return z ^ z >> 31;
}

/* As far as it may grow, but a startup block goes on it in any case. */
static uint64_t stack_size(const struct process *p)
{
    uint64_t size = p->limit[LIMIT_STACK].soft;
    return size < 2 * STARTUP_MAX ? 2 * STARTUP_MAX : size > STACK_MOST ? STACK_MOST : PAGE_UP(size);
}

static int give_stack(struct process *p, const struct image_plan *plan, const struct arguments *a,
                      const struct elf_image *elf, const struct startup_fd *fds, struct image *image)
{
    vaddr_t low = USER_STACK_TOP - stack_size(p);
    struct pager_space_map request = {.space = image->space,
                                      .address = low,
                                      .length = USER_STACK_TOP - low,
                                      .prot = VMS_READ | VMS_WRITE,
                                      .flags = PAGER_FIXED | PAGER_NO_REPLACE | PAGER_STACK};
    int error = pager_space_map(below.pager, &request, NULL, DEADLINE_NEVER);
    struct startup_input in = {.args = a->data,
                               .env = a->data + a->arg_bytes,
                               .arg_bytes = a->arg_bytes,
                               .env_bytes = a->length - a->arg_bytes,
                               .argc = a->argc,
                               .envc = plan->envc,
                               .fds = fds,
                               .fd_count = plan->fd_count,
                               .random = {random64(), random64()},
                               .image_start = elf->start,
                               .image_end = elf->end,
                               .stack_low = low + PAGE_SIZE};
    size_t size = startup_size(&in);
    if (error)
        return error;
    if (size > STARTUP_MAX)
        return E_2BIG;
    void *block = ipc_alloc(size);
    if (!block)
        return E_NOMEM;
    error = startup_build(&in, block, size);
    vaddr_t at = USER_STACK_TOP - size;
    if (!error)
        error = write_space(image->space, at, block, size);
    ipc_free(block);
    if (!error)
        error = sys_thread_create(image->task, elf->entry, at, at, PRIORITY_USER, &image->thread);
    return error;
}

/* The last part of the path, for ps and logs. */
static void name_image(struct image *image, const char *path, uint32_t length)
{
    uint32_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    uint32_t n = length - start < PROCESS_NAME - 1 ? length - start : PROCESS_NAME - 1;
    memset(image->name, 0, sizeof image->name);
    memcpy(image->name, path + start, n);
}

int image_load(struct process *p, const struct image_plan *plan, handle_t donor, struct image *image)
{
    struct arguments a = {0};
    struct elf_image elf;
    struct program program = {.space = image->space};
    struct startup_fd *fds = ipc_alloc(plan->fd_count * sizeof *fds + 1);
    int error = fds ? plain_arguments(plan, &a) : E_NOMEM;
    if (!error)
        error = open_interpreted(p, plan, &a, &program.file);
    if (!error) {
        error = map_program(&program, &elf);
        sys_handle_close(program.file);
    }
    if (!error)
        error = give_descriptors(plan, donor, image->task, fds);
    if (!error)
        error = give_stack(p, plan, &a, &elf, fds, image);
    name_image(image, plan->path, plan->path_length);
    ipc_free(a.data);
    ipc_free(fds);
    return error;
}
