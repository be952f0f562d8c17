/* /proc: what the system shows of itself as files. vfs sends whoever walks into the mount here; an open file
 * is a session whose state holds the text as it was at the time of opening. */
#include <ipc/format.h>

#include "server.h"

#define TEXT_FIRST 8192u /* bytes that a text is given; one that says E_SIZE gets twice as much */
#define TEXT_MAX   (2u << 20)
#define MODE_DIR   (IO_S_IFDIR | 0555)
#define MODE_FILE  (IO_S_IFREG | 0444)

enum node_kind { NODE_ROOT, NODE_PROCESS, NODE_TEXT, NODE_ENTRIES };

struct node {
    enum node_kind kind;
    int32_t pid;                                        /* of a process's directory or file, else 0 */
    int (*fill)(int32_t pid, char *, size_t, size_t *); /* of a NODE_TEXT */
    uint64_t inode;
};

struct open_file {
    struct node node;
    uint64_t cursor;
    size_t length;
    char *text; /* heap; NULL: not a text */
};

/* ---- texts ---- */

size_t text_append(char *to, size_t size, size_t at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = ipc_vformat(to + at, size - at, format, list);
    va_end(list);
    size_t length = n < 0 ? 0 : (size_t)n;
    return length < size - at ? at + length : size - 1;
}

static int fill_mounts(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    struct vfs_length reply = {0};
    struct ipc_transfer transfer = {.out = to, .out_len = (uint32_t)size};
    int error = vfs_mounts_with(below.vfs, &(struct ipc_none){}, &reply, &transfer);
    *length = reply.length < size ? reply.length : size;
    return error;
}

static int fill_uptime(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    struct kernel_stats stats = {0};
    int error = sys_kernel_info(KINFO_STATS, &stats, sizeof stats, NULL);
    uint64_t up = stats.uptime_ns / (NS_PER_MS * 10), idle = stats.idle_ns / (NS_PER_MS * 10);
    *length = text_append(to, size, 0, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
    return error;
}

static int fill_version(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    uint64_t n = 0;
    int error = sys_kernel_info(KINFO_BUILD, to, size - 1, &n);
    if (!error)
        to[n++] = '\n';
    *length = n;
    return error;
}

static char state_letter(const struct process *p)
{
    struct task_info info;
    struct thread_info thread = {0};
    uint64_t handle = 0;
    switch (p->state) {
    case PROCESS_STOPPED: return 'T';
    case PROCESS_ZOMBIE: return 'Z';
    case PROCESS_ENDING: return 'X';
    default: break;
    }
    if (sys_task_ctl(p->task, TASK_INFO, (uint64_t)&info, 0, 0, NULL) ||
        sys_task_ctl(p->task, TASK_THREAD, 0, 0, 0, &handle))
        return 'X';
    sys_thread_ctl((handle_t)handle, THREAD_INFO, (uint64_t)&thread, 0, NULL);
    sys_handle_close((handle_t)handle);
    return thread.state == THREAD_RUNNING || thread.state == THREAD_READY ? 'R' : 'S';
}

static int fill_status(int32_t pid, char *to, size_t size, size_t *length)
{
    struct task_info info = {0};
    struct pager_space_stat stat = {0};
    ipc_lock(&proc_lock);
    struct process *p = process_find(pid);
    if (!p) {
        ipc_unlock(&proc_lock);
        return E_SRCH;
    }
    struct process copy = *p;
    char state = state_letter(p);
    int32_t ppid = p->parent ? p->parent->pid : 1;
    if (p->task)
        sys_task_ctl(p->task, TASK_INFO, (uint64_t)&info, 0, 0, NULL);
    ipc_unlock(&proc_lock);
    if (copy.task)
        pager_space_stat(below.pager, &(struct pager_space){copy.space}, &stat, DEADLINE_NEVER);
    uint64_t cpu_ms = (copy.cpu_ns + info.cpu_ns) / NS_PER_MS;
    size_t n = text_append(to, size, 0, "Name:\t%s\nState:\t%c\nPid:\t%d\nPPid:\t%d\nPgid:\t%d\nSid:\t%d\n",
                           copy.name, state, copy.pid, ppid, copy.pgid, copy.sid);
    n = text_append(to, size, n, "Uid:\t%u\nGid:\t%u\nVmSize:\t%lu kB\nVmRSS:\t%lu kB\n", copy.euid,
                    copy.egid, stat.size_pages * 4, stat.resident_pages * 4);
    *length = text_append(
        to, size, n,
        "Task:\t%lu\nThreads:\t%u\nHandles:\t%u\nTables:\t%u\nKernelMemory:\t%lu kB\nCpuMs:\t%lu\n", info.id,
        info.threads, info.handles, info.tables, info.kmem_used / 1024, cpu_ms);
    return 0;
}

/* ---- names ---- */

static int fill_audit(int32_t pid, char *to, size_t size, size_t *length)
{
    (void)pid;
    return audit_fill(to, size, length);
}

static const struct text_name {
    const char *name;
    int (*fill)(int32_t, char *, size_t, size_t *); /* NULL: the page tables */
} root_names[] = {{"audit", fill_audit},
                  {"blocks", memory_fill_blocks},
                  {"meminfo", memory_fill_meminfo},
                  {"mounts", fill_mounts},
                  {"uptime", fill_uptime},
                  {"version", fill_version},
                  {"vmstat", memory_fill_vmstat}},
  process_names[] = {{"maps", memory_fill_maps}, {"pagetable", NULL}, {"status", fill_status}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool same(const char *text, uint32_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static int32_t number(const char *text, uint32_t length)
{
    int32_t n = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || n > PID_MAX || (i == 0 && text[0] == '0'))
            return 0;
        n = n * 10 + text[i] - '0';
    }
    return n;
}

static bool process_exists(int32_t pid)
{
    ipc_lock(&proc_lock);
    bool exists = pid > 0 && pid <= PID_MAX && process_find(pid);
    ipc_unlock(&proc_lock);
    return exists;
}

static bool is_directory(const struct node *node)
{
    return node->kind == NODE_ROOT || node->kind == NODE_PROCESS;
}

/* One step down from a directory. */
static int step(struct node *node, const char *name, uint32_t length)
{
    const struct text_name *names = node->kind == NODE_ROOT ? root_names : process_names;
    size_t count = node->kind == NODE_ROOT ? COUNT(root_names) : COUNT(process_names);
    if (!is_directory(node))
        return E_NOTDIR;
    for (size_t i = 0; i < count; i++) {
        if (same(name, length, names[i].name)) {
            enum node_kind kind = names[i].fill ? NODE_TEXT : NODE_ENTRIES;
            *node = (struct node){kind, node->pid, names[i].fill, node->inode + 1 + i};
            return 0;
        }
    }
    int32_t pid = node->kind == NODE_ROOT ? number(name, length) : 0;
    if (!process_exists(pid))
        return E_NOENT;
    *node = (struct node){.kind = NODE_PROCESS, .pid = pid, .inode = (uint64_t)pid << 8};
    return 0;
}

static int walk(const char *path, uint32_t length, struct node *node)
{
    *node = (struct node){.kind = NODE_ROOT, .inode = 1};
    for (uint32_t at = 0, end; at < length; at = end + 1) {
        for (end = at; end < length && path[end] != '/'; end++)
            ;
        if (end == at || same(path + at, end - at, "."))
            continue;
        int error = 0;
        if (same(path + at, end - at, ".."))
            *node = (struct node){.kind = NODE_ROOT, .inode = 1};
        else
            error = step(node, path + at, end - at);
        if (error)
            return error;
    }
    return 0;
}

static int walk_request(struct ipc_request *r, struct node *node)
{
    char path[256];
    if (r->tag != PROCFS_TAG_MOUNT)
        return E_PERM;
    if (r->in_len > sizeof path)
        return E_NAMETOOLONG;
    int error = ipc_read(r, 0, path, r->in_len);
    return error ? error : walk(path, r->in_len, node);
}

static uint32_t mode_of(const struct node *node)
{
    return is_directory(node) ? MODE_DIR : MODE_FILE;
}

static struct io_stat stat_of(const struct node *node)
{
    int64_t now = (int64_t)ipc_wall_now();
    return (struct io_stat){.device = 3,
                            .inode = node->inode,
                            .mode = mode_of(node),
                            .links = 1,
                            .atime_ns = now,
                            .mtime_ns = now,
                            .ctime_ns = now,
                            .block_size = TEXT_FIRST};
}

/* ---- on the mount ---- */

/* The text as it is now, in as much memory as it takes. */
static int text_fill(struct open_file *file)
{
    int error = E_SIZE;
    for (size_t size = TEXT_FIRST; error == E_SIZE && size <= TEXT_MAX; size *= 2) {
        ipc_free(file->text);
        file->text = ipc_zalloc(size);
        error = file->text ? file->node.fill(file->node.pid, file->text, size, &file->length) : E_NOMEM;
    }
    return error;
}

static int op_open(struct ipc_request *r, const struct vfs_open *in, struct vfs_open_reply *out)
{
    struct node node;
    int error = walk_request(r, &node);
    if (error)
        return error;
    if ((in->flags & IO_O_ACCMODE) != IO_O_RDONLY || in->flags & (IO_O_CREAT | IO_O_TRUNC))
        return E_ROFS;
    if (in->flags & IO_O_DIRECTORY && !is_directory(&node))
        return E_NOTDIR;
    struct open_file *file = ipc_zalloc(sizeof *file);
    if (!file)
        return E_NOMEM;
    file->node = node;
    if (node.kind == NODE_TEXT)
        error = text_fill(file);
    if (!error)
        error = ipc_give_session(r, PROCFS_TAG_FILE, RIGHT_USE | RIGHT_READ, file);
    if (error)
        procfs_close(0, file);
    out->mode = mode_of(&node);
    return error;
}

static int op_stat(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    (void)in;
    (void)out;
    struct node node;
    int error = walk_request(r, &node);
    struct io_stat stat = error ? (struct io_stat){0} : stat_of(&node);
    return error ? error : ipc_write(r, 0, &stat, sizeof stat);
}

static int op_access(struct ipc_request *r, const struct vfs_access *in, struct vfs_path_reply *out)
{
    (void)out;
    struct node node;
    int error = walk_request(r, &node);
    if (error)
        return error;
    if (in->mode & 2)
        return E_ROFS;
    return in->mode & 1 && !is_directory(&node) ? E_ACCES : 0;
}

static int op_statfs(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    (void)in;
    (void)out;
    struct node node;
    struct vfs_statfs fs = {.block_size = PAGE_SIZE,
                            .name_max = IO_NAME_MAX,
                            .read_only = 1,
                            .type = "proc",
                            .source = "proc",
                            .target = "/proc"};
    int error = walk_request(r, &node);
    return error ? error : ipc_write(r, 0, &fs, sizeof fs);
}

static int refuse_change(struct ipc_request *r, const struct vfs_path *in, struct vfs_path_reply *out)
{
    (void)r;
    (void)in;
    (void)out;
    return E_ROFS;
}

/* ---- on an open file ---- */

static struct open_file *file_of(struct ipc_request *r)
{
    return r->tag == PROCFS_TAG_FILE ? ipc_client(r->badge) : NULL;
}

static int op_read(struct ipc_request *r, const struct io_read *in, struct io_count *out)
{
    struct open_file *file = file_of(r);
    if (!file)
        return E_BADF;
    if (is_directory(&file->node))
        return E_ISDIR;
    uint64_t at = in->offset == IO_AT_CURSOR ? file->cursor : in->offset;
    uint64_t left = at < file->length ? file->length - at : 0;
    uint64_t count = left < r->out_len ? left : r->out_len;
    int error = 0;
    if (file->node.kind == NODE_ENTRIES)
        error = memory_read_entries(r, file->node.pid, at, &count);
    else if (count)
        error = ipc_write(r, 0, file->text + at, count);
    if (error)
        return error;
    if (in->offset == IO_AT_CURSOR)
        file->cursor += count;
    out->count = count;
    return 0;
}

static int op_seek(struct ipc_request *r, const struct io_seek *in, struct io_offset *out)
{
    struct open_file *file = file_of(r);
    if (!file)
        return E_BADF;
    int64_t base = in->whence == 0 ? 0 : in->whence == 1 ? (int64_t)file->cursor : (int64_t)file->length;
    int64_t target;
    if (in->whence > 2 || __builtin_add_overflow(base, in->offset, &target) || target < 0)
        return E_INVAL;
    out->offset = file->cursor = (uint64_t)target;
    return 0;
}

static int op_fstat(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out)
{
    (void)in;
    (void)out;
    struct open_file *file = file_of(r);
    if (!file)
        return E_BADF;
    struct io_stat stat = stat_of(&file->node);
    return ipc_write(r, 0, &stat, sizeof stat);
}

/* Cursors: 0 and 1 are "." and "..", then the directory's fixed names, then (in the root) 100 + the slot of a
 * process. */
static bool entry_at(const struct node *dir, uint64_t *cursor, char name[16], uint32_t *mode)
{
    const struct text_name *names = dir->kind == NODE_ROOT ? root_names : process_names;
    size_t count = dir->kind == NODE_ROOT ? COUNT(root_names) : COUNT(process_names);
    *mode = IO_S_IFDIR;
    if (*cursor < 2) {
        memcpy(name, *cursor ? ".." : ".", *cursor ? 3 : 2);
        return true;
    }
    if (*cursor - 2 < count) {
        *mode = IO_S_IFREG;
        memcpy(name, names[*cursor - 2].name, strlen(names[*cursor - 2].name) + 1);
        return true;
    }
    if (dir->kind != NODE_ROOT)
        return false;
    struct process *p = process_next(*cursor < 100 ? -1 : (int32_t)(*cursor - 100) - 1);
    while (p && p->reaped)
        p = process_next((int32_t)p->slot);
    if (!p)
        return false;
    *cursor = 100 + p->slot;
    ipc_format(name, 16, "%d", p->pid);
    return true;
}

static int op_readdir(struct ipc_request *r, const struct io_readdir *in, struct io_count *out)
{
    struct open_file *file = file_of(r);
    if (!file)
        return E_BADF;
    if (!is_directory(&file->node))
        return E_NOTDIR;
    uint64_t cursor = in->cursor == IO_AT_CURSOR ? file->cursor : in->cursor, done = 0;
    int error = 0;
    ipc_lock(&proc_lock);
    for (char name[16]; !error;) {
        uint32_t mode;
        if (cursor > 100 + PROCESS_MAX || !entry_at(&file->node, &cursor, name, &mode))
            break;
        struct {
            struct io_dirent head;
            char name[24];
        } record = {.head = {.inode = cursor + 2, .next = cursor + 1, .mode = mode}};
        size_t length = strlen(name);
        record.head.name_len = (uint16_t)length;
        record.head.length = (uint16_t)((sizeof record.head + length + 7) & ~7ul);
        memcpy(record.name, name, length);
        if (record.head.length > r->out_len - done) {
            error = done ? 0 : E_SIZE;
            break;
        }
        error = ipc_write(r, done, &record, record.head.length);
        done += record.head.length;
        cursor++;
    }
    ipc_unlock(&proc_lock);
    if (!error && in->cursor == IO_AT_CURSOR)
        file->cursor = cursor;
    out->count = done;
    return error;
}

static int op_poll(struct ipc_request *r, const struct io_poll *in, struct io_poll *out)
{
    (void)r;
    out->events = in->events & IO_IN;
    return 0;
}

static int op_flags(struct ipc_request *r, const struct io_flags *in, struct io_flags *out)
{
    (void)r;
    (void)in;
    out->flags = IO_O_RDONLY;
    return 0;
}

const struct vfs_ops procfs_vfs_ops = {.open = op_open,
                                       .stat = op_stat,
                                       .access = op_access,
                                       .statfs = op_statfs,
                                       .mkdir = refuse_change,
                                       .unlink = refuse_change};
const struct io_ops procfs_io_ops = {.read = op_read,
                                     .seek = op_seek,
                                     .stat = op_fstat,
                                     .readdir = op_readdir,
                                     .poll = op_poll,
                                     .flags = op_flags};

void procfs_close(uint64_t badge, void *state)
{
    struct open_file *file = state;
    (void)badge;
    if (file)
        ipc_free(file->text);
    ipc_free(file);
}

int procfs_register(void)
{
    static const char target[] = "/proc";
    handle_t session = 0;
    int error = ipc_mint(PROCFS_TAG_MOUNT, RIGHT_USE | RIGHT_READ, &session, NULL);
    if (error)
        return error;
    struct vfs_node node = {
        .name_length = sizeof target - 1, .mode = MODE_DIR, .flags = VFS_NODE_STATIC | VFS_NODE_MOUNT};
    struct ipc_transfer transfer = {
        .in = target, .in_len = sizeof target - 1, .send = {session}, .send_count = 1};
    error = vfs_node_register_with(below.vfs, &node, NULL, &transfer);
    sys_handle_close(session);
    return error;
}
