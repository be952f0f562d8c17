// sources: tests/host/vfs_port.c servers/vfs/*.c
/* tmpfs against a simple model: random operations on a few names, with the same answers and the same
 * contents. */
#include <string.h>
#include "vfs_host.h"
#include "servers/vfs/file.h"
#include "servers/vfs/tmpfs.h"

#define NAMES    6
#define FILES    40
#define FILE_MAX 70000u

/* The model: directories "", "d0", "d1", each with NAMES slots that hold a file number or -1. */
struct model_file {
    int links;
    uint32_t size;
    uint8_t data[FILE_MAX];
};
static struct model_file files[FILES];
static int slots[3][NAMES];
static struct inode *root;
static struct mount *mnt;
static struct context ctx;

static void setup(uint64_t pages)
{
    struct tmpfs_limits limits = {.pages = pages, .inodes = 64};
    if (tmpfs_create(3, &limits, 01777, &root))
        abort();
    struct mount_spec spec = {.root = root, .source = "tmpfs", .type = "tmpfs", .path = "/"};
    if (mount_add(&spec, NULL, &mnt))
        abort();
    context_init(&ctx, &(struct place){mnt, root});
}

static int teardown(void)
{
    context_fini(&ctx);
    return mount_remove(mnt);
}

static struct path at(const char *text)
{
    return (struct path){.text = text, .len = strlen(text)};
}

static struct path slot_path(char *buf, int dir, int slot)
{
    if (dir)
        sprintf(buf, "/d%d/n%d", dir - 1, slot);
    else
        sprintf(buf, "n%d", slot);
    return at(buf);
}

static int open_file(struct path path, uint32_t flags, struct file **out)
{
    struct opened o;
    int err = file_open(&ctx, path, flags, 0644, &o);
    *out = o.file;
    return err;
}

static const char *op_create(struct path path, int *slot)
{
    struct file *f;
    int free = 0;
    while (free < FILES && files[free].links)
        free++;
    if (free == FILES)
        return NULL;
    int err = open_file(path, OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, &f);
    EXPECT(err == (*slot >= 0 ? E_EXISTS : 0));
    if (!err) {
        file_close(f);
        *slot = free;
        files[free].links = 1;
        files[free].size = 0;
        memset(files[free].data, 0, FILE_MAX);
    }
    return NULL;
}

static const char *op_write(struct path path, int slot)
{
    static uint8_t data[20000];
    struct file *f;
    size_t done;
    int err = open_file(path, OPEN_WRITE, &f);
    EXPECT(err == (slot < 0 ? E_NOENT : 0));
    if (err)
        return NULL;
    struct model_file *m = &files[slot];
    uint32_t off = host_random() % 50000, len = host_random() % sizeof data;
    for (uint32_t i = 0; i < len; i++)
        data[i] = (uint8_t)host_random();
    struct host_io h = host_writer(data, len);
    if (host_random() % 8 == 0 && len) { /* the client's page is absent: nothing may have changed */
        h.fail_at = host_random() % len;
        err = file_write(f, off, len, &h.io, &done);
        EXPECT(err == E_TOUCH && done == 0 && f->at.ino->size == m->size);
        if (off < m->size) /* bytes that were there may have changed, to what the repeated call would write */
            memcpy(m->data + off, data, min_u64(h.at, m->size - off));
        h = host_writer(data, len);
    }
    EXPECT(!file_write(f, off, len, &h.io, &done) && done == len);
    if (len) {
        memcpy(m->data + off, data, len);
        m->size = m->size > off + len ? m->size : off + len;
    }
    EXPECT(f->at.ino->size == m->size);
    file_close(f);
    return NULL;
}

static const char *op_read(struct path path, int slot)
{
    static uint8_t data[FILE_MAX];
    struct file *f;
    size_t done;
    if (slot < 0)
        return NULL;
    struct model_file *m = &files[slot];
    EXPECT(!open_file(path, OPEN_READ, &f));
    struct attr a;
    file_attr(f, &a);
    EXPECT(a.size == m->size && a.nlink == (uint32_t)m->links && a.mode == (MODE_FILE | 0644));
    struct host_io h = host_reader(data, sizeof data);
    EXPECT(!file_read(f, 0, sizeof data, &h.io, &done) && done == m->size);
    EXPECT(!memcmp(data, m->data, m->size));
    uint32_t off = host_random() % FILE_MAX;
    h = host_reader(data, 100);
    EXPECT(!file_read(f, off, 100, &h.io, &done));
    EXPECT(done == (off >= m->size ? 0 : min_u64(100, m->size - off)));
    EXPECT(!memcmp(data, m->data + off, done));
    file_close(f);
    return NULL;
}

static const char *op_truncate(struct path path, int slot)
{
    struct place p;
    int err = name_find(&ctx, path, 0, &p);
    EXPECT(err == (slot < 0 ? E_NOENT : 0));
    if (err)
        return NULL;
    uint32_t size = host_random() % FILE_MAX;
    EXPECT(!place_truncate(&ctx, &p, size));
    place_put(&p);
    if (size < files[slot].size)
        memset(files[slot].data + size, 0, FILE_MAX - size);
    files[slot].size = size;
    return NULL;
}

static const char *op_two(struct path a, int *sa, struct path b, int *sb, bool linking)
{
    int err = linking ? name_link(&ctx, a, b, 0) : name_rename(&ctx, a, b);
    if (*sa < 0) {
        EXPECT(err == E_NOENT);
        return NULL;
    }
    if (linking) {
        EXPECT(err == (*sb >= 0 ? E_EXISTS : 0));
        if (!err)
            files[ *sb = *sa].links++;
        return NULL;
    }
    EXPECT(!err);
    if (*sb == *sa)
        return NULL; /* names of one file: nothing happens */
    if (*sb >= 0)
        files[*sb].links--;
    *sb = *sa;
    *sa = -1;
    return NULL;
}

static const char *op_unlink(struct path path, int *slot)
{
    int err = name_unlink(&ctx, path);
    EXPECT(err == (*slot < 0 ? E_NOENT : 0));
    if (!err) {
        files[*slot].links--;
        *slot = -1;
    }
    return NULL;
}

struct counted {
    struct dir_sink sink;
    int count;
};

static int count_entry(struct dir_sink *sink, const struct dir_entry *e)
{
    (void)e;
    ((struct counted *)sink)->count++;
    return 0;
}

static const char *op_list(int dir)
{
    struct counted c = {.sink.entry = count_entry};
    struct file *f;
    char path[8];
    int want = dir ? 2 : 4;
    sprintf(path, dir ? "/d%d" : "/", dir - 1);
    for (int i = 0; i < NAMES; i++)
        want += slots[dir][i] >= 0;
    EXPECT(!open_file(at(path), OPEN_READ | OPEN_DIRECTORY, &f));
    EXPECT(!file_readdir(f, FILE_AT_CURSOR, &c.sink) && c.count == want);
    file_close(f);
    return NULL;
}

static const char *step(void)
{
    char a[32], b[32];
    int da = host_random() % 3, na = host_random() % NAMES, db = host_random() % 3,
        nb = host_random() % NAMES;
    struct path pa = slot_path(a, da, na), pb = slot_path(b, db, nb);
    int *sa = &slots[da][na], *sb = &slots[db][nb];
    switch (host_random() % 9) {
    case 0:
    case 1: return op_create(pa, sa);
    case 2:
    case 3: return op_write(pa, *sa);
    case 4: return op_read(pa, *sa);
    case 5: return op_truncate(pa, *sa);
    case 6: return sa == sb ? NULL : op_two(pa, sa, pb, sb, host_random() % 3 == 0);
    case 7: return host_random() % 2 ? op_unlink(pa, sa) : NULL;
    default: return op_list(da);
    }
}

static const char *model(void)
{
    const char *why = NULL;
    host_seed(5);
    setup(100000);
    uint64_t pages = tmpfs_pages(root);
    memset(files, 0, sizeof files);
    memset(slots, -1, sizeof slots);
    EXPECT(!name_mkdir(&ctx, at("d0"), 0755) && !name_mkdir(&ctx, at("/d1/"), 0755));
    for (int i = 0; i < 20000 && !why; i++)
        why = step();
    char buf[32];
    for (int d = 0; d < 3 && !why; d++)
        for (int n = 0; n < NAMES && !why; n++)
            why = op_unlink(slot_path(buf, d, n), &slots[d][n]);
    EXPECT(why || !name_rmdir(&ctx, at("d0")));
    EXPECT(why || !name_rmdir(&ctx, at("d1")));
    EXPECT(why || tmpfs_pages(root) == pages);
    EXPECT(why || !teardown());
    return why;
}

static const char *limits(void)
{
    static uint8_t data[100 * 4096];
    struct file *f;
    size_t done;
    setup(40);
    uint64_t pages = tmpfs_pages(root);
    EXPECT(!open_file(at("f"), OPEN_WRITE | OPEN_READ | OPEN_CREATE, &f));
    struct host_io h = host_writer(data, sizeof data);
    EXPECT(!file_write(f, FILE_AT_CURSOR, sizeof data, &h.io, &done));
    EXPECT(done > 30 * 4096 && done < 40 * 4096 && f->at.ino->size == done); /* what fits is written */
    h = host_writer(data, sizeof data);
    EXPECT(file_write(f, FILE_AT_CURSOR, 8192, &h.io, &done) == E_NOSPC && done == 0);
    EXPECT(!file_truncate(f, 1ull << 40)); /* a hole costs nothing */
    EXPECT(file_truncate(f, TMPFS_FILE_MAX + 1) == E_FBIG);
    EXPECT(!file_truncate(f, 0));
    h = host_writer(data, 1);
    EXPECT(!file_write(f, (1ull << 42) + 5, 1, &h.io, &done) && done == 1);
    h = host_writer(data, 1);
    EXPECT(file_write(f, TMPFS_FILE_MAX, 1, &h.io, &done) == E_FBIG);
    file_close(f);
    int made = 0, err = 0;
    for (char name[16]; !err && made < 100; made++) {
        sprintf(name, "x%d", made);
        err = name_mkdir(&ctx, at(name), 0700);
    }
    EXPECT(err == E_NOSPC && made > 50 && made < 64);
    EXPECT(!name_unlink(&ctx, at("f")));
    for (char name[16]; made-- > 0;) {
        sprintf(name, "x%d", made);
        (void)name_rmdir(&ctx, at(name));
    }
    EXPECT(tmpfs_pages(root) == pages);
    return teardown() ? "busy" : NULL;
}

/* Pages that others see: holes are filled on demand only, and the size is told before pages go. */
static const char *shown_pages(void)
{
    static uint8_t data[4096] = {7};
    struct file *f;
    size_t done;
    setup(40);
    EXPECT(!open_file(at("f"), OPEN_WRITE | OPEN_READ | OPEN_CREATE, &f));
    struct inode *ino = f->at.ino;
    struct host_io h = host_writer(data, sizeof data);
    EXPECT(!file_write(f, 4096, sizeof data, &h.io, &done) && done == 4096);
    ino->shown = true;
    uint8_t *first = ino->ops->page(ino, 1, false);
    EXPECT(first && first[0] == 7 && !ino->ops->page(ino, 0, false));
    uint8_t *hole = ino->ops->page(ino, 0, true);
    EXPECT(hole && hole[0] == 0 && hole == ino->ops->page(ino, 0, false));
    h = host_writer(data, 1);
    EXPECT(!file_write(f, 9000, 1, &h.io, &done) && host_shown_size == 9001);
    EXPECT(!file_truncate(f, 5000) && host_shown_size == 5000 && ino->ops->page(ino, 1, false) == first);
    EXPECT(!file_truncate(f, 20000) && host_shown_size == 20000);
    EXPECT(!file_truncate(f, 0) && host_shown_size == 0 && !ino->ops->page(ino, 1, false));
    while (ino->ops->page(ino, done, true))
        done++;
    EXPECT(done > 30 && done < 40); /* the limit holds for them, too */
    ino->shown = false;
    file_close(f);
    EXPECT(!name_unlink(&ctx, at("f")));
    return teardown() ? "busy" : NULL;
}

static const char *no_memory(void) /* each allocation fails in turn; nothing changes half, nothing is lost */
{
    for (int i = 0; i < 60; i++) {
        struct file *f;
        size_t done = 0;
        uint8_t data[9000] = {1};
        setup(1000);
        host_fail_after = i;
        int err = open_file(at("f"), OPEN_WRITE | OPEN_CREATE, &f);
        if (!err) {
            struct host_io h = host_writer(data, sizeof data);
            err = file_write(f, 3u << 20, sizeof data, &h.io, &done);
            EXPECT(!err || (err == E_NOSPC && done == 0));
            file_close(f);
        }
        (void)name_rename(&ctx, at("f"), at("g"));
        (void)name_symlink(&ctx, "g", 1, at("l"));
        (void)name_mkdir(&ctx, at("d"), 0755);
        (void)name_rename(&ctx, at("d"), at("e"));
        host_fail_after = -1;
        EXPECT(!teardown());
    }
    return NULL;
}

static const char *open_unlinked(void) /* a file without a name lives on while it is open */
{
    struct file *f;
    size_t done;
    char data[4] = "abc";
    setup(100);
    uint64_t pages = tmpfs_pages(root);
    EXPECT(!open_file(at("f"), OPEN_WRITE | OPEN_READ | OPEN_CREATE, &f) && !name_unlink(&ctx, at("f")));
    struct host_io h = host_writer(data, 3);
    EXPECT(!file_write(f, FILE_AT_CURSOR, 3, &h.io, &done) && done == 3);
    struct attr a;
    file_attr(f, &a);
    EXPECT(a.nlink == 0 && a.size == 3);
    EXPECT(tmpfs_pages(root) > pages);
    file_close(f);
    EXPECT(tmpfs_pages(root) == pages);
    return teardown() ? "busy" : NULL;
}

static const char *dead_directory(void) /* nothing can be made in a removed directory that is someone's cwd */
{
    struct place d;
    struct file *f;
    setup(100);
    EXPECT(!name_mkdir(&ctx, at("d"), 0755) && !name_find(&ctx, at("d"), 0, &d));
    EXPECT(!context_chdir(&ctx, &d) && !name_rmdir(&ctx, at("/d")));
    EXPECT(open_file(at("f"), OPEN_WRITE | OPEN_CREATE, &f) == E_NOENT);
    EXPECT(name_mkdir(&ctx, at("x"), 0755) == E_NOENT);
    char buf[64];
    size_t len;
    EXPECT(walk_getpath(&ctx, &ctx.cwd, buf, sizeof buf, &len) == E_NOENT);
    place_put(&d);
    return teardown() ? "busy" : NULL;
}

#define KEPT 30
struct some_entries {
    struct dir_sink sink;
    int room, taken;
    int seen[KEPT];
};

static int take_some(struct dir_sink *sink, const struct dir_entry *e)
{
    struct some_entries *s = (struct some_entries *)sink;
    char name[16] = "";
    int i;
    if (s->room-- == 0)
        return 1;
    memcpy(name, e->name, e->name_len < 15 ? e->name_len : 15);
    if (sscanf(name, "keep%d", &i) == 1)
        s->seen[i]++;
    s->taken++;
    return 0;
}

static const char *
stable_cursor(void) /* what is there all the time is given once, whatever else comes and goes */
{
    struct some_entries s = {.sink.entry = take_some};
    struct file *f;
    char name[16];
    setup(1000);
    for (int i = 0; i < KEPT; i++) {
        sprintf(name, "keep%d", i);
        EXPECT(!name_symlink(&ctx, "x", 1, at(name)));
        sprintf(name, "go%d", i);
        EXPECT(!name_symlink(&ctx, "x", 1, at(name)));
    }
    EXPECT(!open_file(at("/"), OPEN_READ, &f));
    for (int i = 0; i < KEPT; i++) {
        s.room = 2;
        EXPECT(!file_readdir(f, FILE_AT_CURSOR, &s.sink));
        sprintf(name, "go%d", (i * 7) % KEPT);
        EXPECT(!name_unlink(&ctx, at(name)));
        sprintf(name, "new%d", i);
        EXPECT(!name_symlink(&ctx, "x", 1, at(name)));
    }
    do {
        s.room = 3;
        s.taken = 0;
        EXPECT(!file_readdir(f, FILE_AT_CURSOR, &s.sink));
    } while (s.taken);
    for (int i = 0; i < KEPT; i++)
        EXPECT(s.seen[i] == 1);
    file_close(f);
    return teardown() ? "busy" : NULL;
}

int main(void)
{
    host_case("model", model);
    host_case("limits", limits);
    host_case("shown_pages", shown_pages);
    host_case("no_memory", no_memory);
    host_case("open_unlinked", open_unlinked);
    host_case("dead_directory", dead_directory);
    host_case("stable_cursor", stable_cursor);
    return host_failures != 0;
}
