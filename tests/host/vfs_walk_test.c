// sources: tests/host/vfs_port.c servers/vfs/*.c
/* Names: path walking, mounts, permissions, open's flags, devices, pipes. */
#include <string.h>
#include "vfs_host.h"
#include "servers/vfs/devfs.h"
#include "servers/vfs/file.h"
#include "servers/vfs/tmpfs.h"

static struct mount *base;
static struct context ctx, user;

static struct path at(const char *text)
{
    return (struct path){.text = text, .len = strlen(text)};
}

static struct mount *mount_tmpfs(const char *where, bool read_only)
{
    static uint32_t dev = 1;
    struct mount_spec spec = {
        .source = "none", .type = "tmpfs", .path = where ? where : "/", .read_only = read_only};
    struct tmpfs_limits limits = {1000, 1000};
    struct mount *mnt;
    struct place on = {0};
    if (tmpfs_create(dev++, &limits, 0755, &spec.root) ||
        (where && name_find(&ctx, at(where), WALK_FOLLOW, &on)) || mount_add(&spec, where ? &on : NULL, &mnt))
        abort();
    place_put(&on);
    return mnt;
}

static void make_file(const char *path, uint32_t mode)
{
    struct opened o;
    struct host_io h = host_writer("content", 7);
    size_t done;
    if (file_open(&ctx, at(path), OPEN_CREATE | OPEN_WRITE, mode, &o) ||
        file_write(o.file, 0, 7, &h.io, &done))
        abort();
    file_close(o.file);
}

static void setup(void)
{
    base = mount_tmpfs(NULL, false);
    context_init(&ctx, &(struct place){base, base->root});
    if (name_mkdir(&ctx, at("/a"), 0755) || name_mkdir(&ctx, at("/a/b"), 0755) ||
        name_mkdir(&ctx, at("/m"), 0755))
        abort();
    make_file("/a/file", 0644);
    context_copy(&user, &ctx);
    user.cred = (struct cred){.uid = 100, .gid = 100, .ngroups = 1, .groups = {50}};
}

static const char *teardown(void)
{
    context_fini(&user);
    context_fini(&ctx);
    return mount_remove(base) ? "references are left" : NULL;
}

static int find(const char *path, uint32_t flags, uint64_t *ino)
{
    struct place p;
    int err = name_find(&ctx, at(path), flags, &p);
    if (!err) {
        *ino = p.ino->ino;
        place_put(&p);
    }
    return err;
}

static const char *paths(void)
{
    uint64_t a, b, root, x;
    char name[300], deep[5000];
    setup();
    EXPECT(!find("/", 0, &root) && !find("/a", 0, &a) && !find("/a/b", 0, &b));
    EXPECT(!find("//a///b//", 0, &x) && x == b);
    EXPECT(!find("/a/./b/../b/.", 0, &x) && x == b);
    EXPECT(!find("/../../..", 0, &x) && x == root);
    EXPECT(!find(".", 0, &x) && x == root);
    EXPECT(find("", 0, &x) == E_NOENT);
    EXPECT(find("/none/b", 0, &x) == E_NOENT);
    EXPECT(find("/a/file/", 0, &x) == E_NOTDIR);
    EXPECT(find("/a/file/x", 0, &x) == E_NOTDIR);
    EXPECT(find("/a/file/..", 0, &x) == E_NOTDIR);
    EXPECT(name_find(&ctx, (struct path){.text = "/a\0b", .len = 4}, 0, &(struct place){0}) == E_INVAL);
    struct path counted = {.text = "/a/bXYZ", .len = 4}; /* what lies behind the count is not read */
    struct place p;
    EXPECT(!name_find(&ctx, counted, 0, &p) && p.ino->ino == b);
    place_put(&p);
    memset(name, 'n', sizeof name);
    EXPECT(name_find(&ctx, (struct path){.text = name, .len = 255}, 0, &p) == E_NOENT);
    EXPECT(name_find(&ctx, (struct path){.text = name, .len = 256}, 0, &p) == E_NAMETOOLONG);
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 ? '.' : '/';
    EXPECT(!name_find(&ctx, (struct path){.text = deep, .len = 4095}, 0, &p) && p.ino->ino == root);
    place_put(&p);
    EXPECT(name_find(&ctx, (struct path){.text = deep, .len = 4096}, 0, &p) == E_NAMETOOLONG);
    return teardown();
}

static const char *symlinks(void)
{
    uint64_t b, file, x;
    char name[16], target[16];
    setup();
    EXPECT(!find("/a/b", 0, &b) && !find("/a/file", 0, &file));
    EXPECT(!name_symlink(&ctx, "/a/b", 4, at("/abs")) && !name_symlink(&ctx, "b", 1, at("/a/rel")));
    EXPECT(!name_symlink(&ctx, "../a/file", 9, at("/a/b/up")) && !name_symlink(&ctx, "a/", 2, at("/dir")));
    EXPECT(!find("/abs", WALK_FOLLOW, &x) && x == b);
    EXPECT(!find("/abs", 0, &x) && x != b);
    EXPECT(!find("/abs/", 0, &x) && x == b);
    EXPECT(find("/a/b/up", WALK_FOLLOW, &x) == E_NOENT);
    EXPECT(!name_unlink(&ctx, at("/a/b/up")) && !name_symlink(&ctx, "../file", 7, at("/a/b/up")));
    EXPECT(!find("/abs/up", WALK_FOLLOW, &x) && x == file);
    EXPECT(!find("/dir/rel/../file", 0, &x) && x == file);
    EXPECT(find("/abs/up/", WALK_FOLLOW, &x) == E_NOTDIR);
    EXPECT(!name_symlink(&ctx, "loop", 4, at("/loop")) && find("/loop", WALK_FOLLOW, &x) == E_LOOP);
    EXPECT(!name_symlink(&ctx, "/a/file", 7, at("/s0")));
    for (int i = 1; i <= 40; i++) {
        sprintf(name, "/s%d", i);
        sprintf(target, "s%d", i - 1);
        EXPECT(!name_symlink(&ctx, target, strlen(target), at(name)));
    }
    EXPECT(!find("/s39", WALK_FOLLOW, &x) && x == file);
    EXPECT(find("/s40", WALK_FOLLOW, &x) == E_LOOP);
    char long_target[4095];
    memset(long_target, '/', sizeof long_target);
    EXPECT(!name_symlink(&ctx, long_target, sizeof long_target, at("/long")));
    EXPECT(!find("/long", WALK_FOLLOW, &x) && find("/long/", WALK_FOLLOW, &x) == E_NAMETOOLONG);
    EXPECT(find("/long/a", WALK_FOLLOW, &x) == E_NAMETOOLONG);
    EXPECT(name_symlink(&ctx, long_target, 4096, at("/longer")) == E_NAMETOOLONG);
    EXPECT(name_symlink(&ctx, "", 0, at("/nothing")) == E_NOENT);
    char buf[8];
    size_t len;
    EXPECT(!name_readlink(&ctx, at("/a/rel"), buf, sizeof buf, &len) && len == 1);
    EXPECT(name_readlink(&ctx, at("/a/file"), buf, sizeof buf, &len) == E_INVAL);
    return teardown();
}

static const char *mounts(void)
{
    uint64_t x, a, over;
    struct place p;
    char text[512], path[64];
    size_t len;
    setup();
    struct mount *m = mount_tmpfs("/m", false);
    EXPECT(!find("/a", 0, &a) && !name_mkdir(&ctx, at("/m/inner"), 0755));
    EXPECT(!find("/m/inner/../../a", 0, &x) && x == a);
    EXPECT(!find("/m/..", 0, &x) && !find("/", 0, &over) && x == over);
    EXPECT(name_rmdir(&ctx, at("/m")) == E_BUSY);
    EXPECT(name_rename(&ctx, at("/m"), at("/mm")) == E_BUSY);
    EXPECT(name_rename(&ctx, at("/a"), at("/m")) == E_BUSY);
    EXPECT(name_rename(&ctx, at("/a/file"), at("/m/file")) == E_XDEV);
    EXPECT(name_link(&ctx, at("/a/file"), at("/m/file"), 0) == E_XDEV);
    EXPECT(!name_find(&ctx, at("/m/inner"), 0, &p) && mount_remove(m) == E_BUSY);
    EXPECT(!context_chdir(&ctx, &p));
    place_put(&p);
    EXPECT(!walk_getpath(&ctx, &ctx.cwd, path, sizeof path, &len) && len == 8 &&
           !memcmp(path, "/m/inner", 8));
    EXPECT(!find("../../a/./b/..", 0, &x) && x == a);
    EXPECT(walk_getpath(&ctx, &ctx.cwd, path, 7, &len) == E_RANGE);
    struct mount *top = mount_tmpfs("/m", true); /* upon the mount that is there */
    EXPECT(name_mkdir(&ctx, at("/m/x"), 0755) == E_ROFS && find("/m/inner", 0, &x) == E_NOENT);
    len = mount_text(text, sizeof text);
    EXPECT(len == 50 && !memcmp(text, "none / tmpfs rw\nnone /m tmpfs rw\nnone /m tmpfs ro\n", 50));
    EXPECT(mount_text(text, 3) == len);
    EXPECT(mount_remove(m) == E_BUSY && !mount_remove(top));
    EXPECT(!context_chdir(&ctx, &ctx.root) && !mount_remove(m));
    EXPECT(mount_remove(base) != 0);
    return teardown();
}

static const char *foreign(void)
{
    struct elsewhere away = {0};
    struct place p, on;
    struct mount *mnt;
    struct opened o;
    struct tmpfs_limits limits = {10, 10};
    struct mount_spec spec = {.type = "proc", .path = "/m", .foreign = true, .cookie = 77};
    setup();
    EXPECT(!tmpfs_create(9, &limits, 0555, &spec.root) && !name_find(&ctx, at("/m"), 0, &on));
    EXPECT(!mount_add(&spec, &on, &mnt));
    place_put(&on);
    struct path path = at("/m/../a/../m//12/stat");
    path.away = &away;
    EXPECT(name_find(&ctx, path, 0, &p) == E_XDEV);
    EXPECT(away.set && away.cookie == 77 && !strcmp(path.text + away.consumed, "12/stat"));
    EXPECT(name_mkdir(&ctx, at("/m/x"), 0755) == E_NOTSUP);
    EXPECT(!name_symlink(&ctx, "/m/mounts", 9, at("/mtab")) && !name_symlink(&ctx, "/m", 2, at("/p")));
    path.text = "/mtab", path.len = 5;
    EXPECT(name_find(&ctx, path, WALK_FOLLOW, &p) == E_NOTSUP);
    path.text = "/p/self", path.len = 7;
    EXPECT(name_find(&ctx, path, 0, &p) == E_XDEV && away.consumed == 3);
    EXPECT(!file_open(&ctx, at("/m/"), OPEN_READ, 0, &o) && !o.file && !o.node && o.at.mnt == mnt);
    place_put(&o.at);
    EXPECT(!mount_remove(mnt));
    return teardown();
}

static const char *permissions(void)
{
    struct opened o;
    struct place p;
    struct attr set = {.mode = 0600, .uid = 100, .gid = 50};
    setup();
    make_file("/secret", 0600);
    EXPECT(!name_mkdir(&ctx, at("/closed"), 0700) && !name_mkdir(&ctx, at("/tmp"), 01777));
    ctx.umask = 0;
    EXPECT(!name_find(&ctx, at("/tmp"), 0, &p) &&
           !place_setattr(&ctx, &p, SET_MODE, &(struct attr){.mode = 01777}));
    place_put(&p);
    EXPECT(file_open(&user, at("/secret"), OPEN_READ, 0, &o) == E_ACCES);
    EXPECT(file_open(&user, at("/a/file"), OPEN_WRITE, 0, &o) == E_ACCES);
    EXPECT(name_find(&user, at("/closed/x"), 0, &p) == E_ACCES);
    EXPECT(name_mkdir(&user, at("/a/x"), 0755) == E_ACCES && name_mkdir(&user, at("/a/b"), 0755) == E_EXISTS);
    EXPECT(name_unlink(&user, at("/a/file")) == E_ACCES);
    make_file("/tmp/roots", 0644);
    EXPECT(name_unlink(&user, at("/tmp/roots")) == E_PERM); /* sticky */
    EXPECT(name_rename(&user, at("/tmp/roots"), at("/tmp/mine")) == E_PERM);
    EXPECT(!name_mkdir(&user, at("/tmp/mine"), 0777) && !name_rmdir(&user, at("/tmp/mine")));
    EXPECT(!name_find(&user, at("/tmp/roots"), 0, &p));
    EXPECT(place_setattr(&user, &p, SET_MODE, &set) == E_PERM &&
           place_setattr(&user, &p, SET_UID, &set) == E_PERM);
    EXPECT(!place_setattr(&ctx, &p, SET_UID | SET_MODE, &set) && p.ino->uid == 100);
    EXPECT(!place_setattr(&user, &p, SET_GID, &set) && p.ino->gid == 50); /* a group of one's own */
    set.gid = 51;
    EXPECT(place_setattr(&user, &p, SET_GID, &set) == E_PERM);
    place_put(&p);
    EXPECT(file_open(&ctx, at("/secret"), OPEN_EXEC, 0, &o) == E_ACCES); /* root too needs some x bit */
    EXPECT(context_chroot(&user, &user.root) == E_PERM);
    return teardown();
}

static const char *open_flags(void)
{
    struct opened o;
    char buf[16];
    size_t done;
    setup();
    EXPECT(file_open(&ctx, at("/none"), OPEN_READ, 0, &o) == E_NOENT);
    EXPECT(file_open(&ctx, at("/a/file"), OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0, &o) == E_EXISTS);
    EXPECT(file_open(&ctx, at("/a/new/"), OPEN_WRITE | OPEN_CREATE, 0644, &o) == E_ISDIR);
    EXPECT(file_open(&ctx, at("/a"), OPEN_WRITE, 0, &o) == E_ISDIR);
    EXPECT(file_open(&ctx, at("/a/file"), OPEN_READ | OPEN_DIRECTORY, 0, &o) == E_NOTDIR);
    EXPECT(!name_symlink(&ctx, "a/file", 6, at("/l")) && !name_symlink(&ctx, "a/made", 6, at("/dangling")));
    EXPECT(file_open(&ctx, at("/l"), OPEN_READ | OPEN_NO_FOLLOW, 0, &o) == E_LOOP);
    EXPECT(file_open(&ctx, at("/dangling"), OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE, 0644, &o) == E_EXISTS);
    EXPECT(!file_open(&ctx, at("/dangling"), OPEN_WRITE | OPEN_CREATE, 0666,
                      &o)); /* made where the link points */
    EXPECT(o.mode == (MODE_FILE | 0644));
    struct host_io h = host_reader(buf, sizeof buf);
    EXPECT(file_read(o.file, 0, 1, &h.io, &done) == E_BADF);
    file_close(o.file);
    EXPECT(!file_open(&ctx, at("/a/made"), OPEN_READ, 0, &o));
    file_close(o.file);
    EXPECT(!file_open(&ctx, at("/l"), OPEN_READ | OPEN_WRITE | OPEN_APPEND, 0, &o));
    h = host_writer("12", 2);
    EXPECT(!file_write(o.file, FILE_AT_CURSOR, 2, &h.io, &done) && o.file->offset == 9);
    uint64_t off;
    EXPECT(!file_seek(o.file, -4, 2, &off) && off == 5);
    EXPECT(file_seek(o.file, -6, 1, &off) == E_INVAL && file_seek(o.file, INT64_MAX, 1, &off) == E_INVAL);
    EXPECT(file_seek(o.file, INT64_MIN, 2, &off) == E_INVAL && file_seek(o.file, 0, 3, &off) == E_INVAL);
    h = host_reader(buf, 3); /* the buffer ends before the data: nothing is consumed */
    EXPECT(file_read(o.file, FILE_AT_CURSOR, 4, &h.io, &done) == E_FAULT && o.file->offset == 5);
    h = host_reader(buf, sizeof buf);
    EXPECT(!file_read(o.file, FILE_AT_CURSOR, 16, &h.io, &done) && done == 4 && !memcmp(buf, "nt12", 4));
    file_close(o.file);
    EXPECT(!file_open(&ctx, at("/a/file"), OPEN_WRITE | OPEN_TRUNCATE, 0, &o) && o.file->at.ino->size == 0);
    file_close(o.file);
    EXPECT(!file_open(&ctx, at("/a"), OPEN_READ | OPEN_DIRECTORY, 0, &o));
    h = host_reader(buf, sizeof buf);
    EXPECT(file_read(o.file, 0, 4, &h.io, &done) == E_ISDIR && file_truncate(o.file, 0) == E_INVAL);
    file_close(o.file);
    return teardown();
}

static const char *odd_names(void)
{
    setup();
    EXPECT(name_mkdir(&ctx, at("/"), 0755) == E_EXISTS && name_mkdir(&ctx, at("/a/."), 0755) == E_EXISTS);
    EXPECT(name_mkdir(&ctx, at("/a/.."), 0755) == E_EXISTS && !name_mkdir(&ctx, at("/a/c///"), 0755));
    EXPECT(name_rmdir(&ctx, at("/a/c/.")) == E_INVAL && name_rmdir(&ctx, at("/a/c/..")) == E_NOTEMPTY);
    EXPECT(name_rmdir(&ctx, at("/")) == E_BUSY && name_rmdir(&ctx, at("/a")) == E_NOTEMPTY);
    EXPECT(name_unlink(&ctx, at("/a/c")) == E_ISDIR && name_rmdir(&ctx, at("/a/file")) == E_NOTDIR);
    EXPECT(name_unlink(&ctx, at("/a/file/")) == E_NOTDIR && name_unlink(&ctx, at("/a/.")) == E_ISDIR);
    EXPECT(name_rename(&ctx, at("/a"), at("/a/b/x")) == E_INVAL &&
           name_rename(&ctx, at("/a/."), at("/z")) == E_INVAL);
    EXPECT(name_rename(&ctx, at("/a/b"), at("/a/c")) == 0 &&
           name_rename(&ctx, at("/a/file"), at("/a/c")) == E_ISDIR);
    EXPECT(name_rename(&ctx, at("/a/c"), at("/a/file")) == E_NOTDIR &&
           name_rename(&ctx, at("/a/c"), at("/a")) == E_NOTEMPTY);
    EXPECT(name_rename(&ctx, at("/a/file"), at("/a/g/")) == E_NOTDIR);
    EXPECT(name_link(&ctx, at("/a"), at("/h"), 0) == E_PERM &&
           name_mknod(&ctx, at("/f"), MODE_FIFO | 0600) == E_NOTSUP);
    return teardown();
}

static const char *devices(void)
{
    struct opened o;
    struct mount_spec spec = {.source = "devfs", .type = "devfs", .path = "/m"};
    struct devnode_spec node = {.name = "pts/0", .len = 5, .mode = MODE_CHAR | 0620, .cookie = 5, .node = 3};
    struct mount *mnt;
    struct place on;
    uint64_t cookie;
    uint8_t buf[5000] = {9};
    size_t done;
    setup();
    EXPECT(!devfs_create(4, &spec.root) && !name_find(&ctx, at("/m"), 0, &on) &&
           !mount_add(&spec, &on, &mnt));
    place_put(&on);
    EXPECT(!file_open(&user, at("/m/zero"), OPEN_READ | OPEN_WRITE, 0, &o) && o.file);
    struct host_io h = host_reader(buf, sizeof buf);
    EXPECT(!file_read(o.file, FILE_AT_CURSOR, 5000, &h.io, &done) && done == 5000 && buf[0] == 0);
    file_close(o.file);
    EXPECT(!file_open(&user, at("/m/full"), OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE, 0, &o));
    EXPECT(file_write(o.file, FILE_AT_CURSOR, 5, &h.io, &done) == E_NOSPC);
    file_close(o.file);
    EXPECT(!devfs_register(mnt->root, &node, &cookie) && cookie == 0);
    EXPECT(!file_open(&ctx, at("/m/pts/0"), OPEN_READ, 0, &o) && !o.file && o.node->cookie == 5 &&
           o.node->node == 3);
    place_put(&o.at);
    EXPECT(file_open(&user, at("/m/pts/0"), OPEN_READ, 0, &o) == E_ACCES);
    node.cookie = 6;
    EXPECT(!devfs_register(mnt->root, &node, &cookie) && cookie == 5);
    EXPECT(name_unlink(&ctx, at("/m/pts/0")) == E_PERM);
    static const char *const bad[] = {"", "/x", "x/", "a//b", "../x", "null", "pts"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        node.name = bad[i], node.len = strlen(bad[i]);
        EXPECT(devfs_register(mnt->root, &node, &cookie) != 0);
    }
    EXPECT(devfs_remove(mnt->root, "null", 4, &cookie) == E_NOENT);
    EXPECT(!devfs_remove(mnt->root, "pts/0", 5, &cookie) && cookie == 6);
    EXPECT(file_open(&ctx, at("/m/pts/0"), OPEN_READ, 0, &o) == E_NOENT);
    EXPECT(!mount_remove(mnt));
    return teardown();
}

static int woken;

static void wake(struct waiter *w)
{
    (void)w;
    woken++;
}

static const char *pipes(void)
{
    static uint8_t out[PIPE_SIZE + 100], in[PIPE_SIZE + 100];
    struct file *r, *w;
    size_t done, put = 0, got = 0;
    struct waiter waiter = {.wake = wake};
    list_init(&waiter.link);
    EXPECT(!file_pipe(0, &r, &w));
    struct host_io h = host_reader(in, sizeof in);
    EXPECT(file_read(r, FILE_AT_CURSOR, 1, &h.io, &done) == E_AGAIN && file_events(r) == 0);
    EXPECT(file_wait(r, EVENT_IN, &waiter) && woken == 0);
    h = host_writer(out, sizeof out);
    EXPECT(!file_write(w, FILE_AT_CURSOR, sizeof out, &h.io, &done) && done == PIPE_SIZE && woken == 1);
    EXPECT(file_events(w) == 0 && file_events(r) == EVENT_IN);
    EXPECT(file_write(w, FILE_AT_CURSOR, 1, &h.io, &done) == E_AGAIN);
    h = host_reader(in, sizeof in);
    EXPECT(!file_read(r, FILE_AT_CURSOR, 4095, &h.io, &done) && done == 4095);
    h = host_writer(out, 4096);
    EXPECT(file_write(w, FILE_AT_CURSOR, 4096, &h.io, &done) == E_AGAIN); /* all or nothing */
    EXPECT(!file_write(w, FILE_AT_CURSOR, 4095, &h.io, &done) && done == 4095);
    h = host_reader(in, 10); /* nothing is consumed when the copy fails */
    EXPECT(file_read(r, FILE_AT_CURSOR, 20, &h.io, &done) == E_FAULT && r->pipe->count == PIPE_SIZE);
    h = host_reader(in, sizeof in);
    EXPECT(!file_read(r, FILE_AT_CURSOR, sizeof in, &h.io, &done) && done == PIPE_SIZE);
    host_seed(3);
    for (int i = 0; i < 3000; i++) { /* what comes out is what went in, in order */
        for (size_t k = 0; k < sizeof out; k++)
            out[k] = i % 50 ? out[k] : (uint8_t)(k * 7);
        uint8_t piece[9000];
        size_t n = host_random() % sizeof piece;
        for (size_t k = 0; k < n; k++)
            piece[k] = (uint8_t)((put + k) * 31 >> 3);
        h = host_writer(piece, n);
        int err = file_write(w, FILE_AT_CURSOR, n, &h.io, &done);
        EXPECT(!err || err == E_AGAIN);
        put += err ? 0 : done;
        h = host_reader(piece, sizeof piece);
        err = file_read(r, FILE_AT_CURSOR, host_random() % sizeof piece, &h.io, &done);
        EXPECT(!err || err == E_AGAIN);
        for (size_t k = 0; !err && k < done; k++)
            EXPECT(piece[k] == (uint8_t)((got + k) * 31 >> 3));
        got += err ? 0 : done;
    }
    EXPECT(put > 1000000 && put - got <= PIPE_SIZE);
    uint64_t off;
    EXPECT(file_read(r, 0, 1, &h.io, &done) == E_SPIPE && file_seek(r, 0, 0, &off) == E_SPIPE);
    EXPECT(file_write(r, FILE_AT_CURSOR, 1, &h.io, &done) == E_BADF);
    woken = 0;
    EXPECT(file_wait(r, EVENT_IN, &waiter));
    file_close(w);
    EXPECT(woken == 1 && (file_events(r) & EVENT_HUP));
    h = host_reader(in, sizeof in);
    (void)file_read(r, FILE_AT_CURSOR, sizeof in, &h.io, &done);
    EXPECT(!file_read(r, FILE_AT_CURSOR, 10, &h.io, &done) && done == 0);
    file_close(r);
    EXPECT(!file_pipe(0, &r, &w));
    file_close(r);
    EXPECT(file_write(w, FILE_AT_CURSOR, 1, &h.io, &done) == E_PIPE && (file_events(w) & EVENT_ERR));
    file_close(w);
    EXPECT(pipe_pages() == 0);
    return NULL;
}

int main(void)
{
    host_case("paths", paths);
    host_case("symlinks", symlinks);
    host_case("mounts", mounts);
    host_case("foreign", foreign);
    host_case("permissions", permissions);
    host_case("open_flags", open_flags);
    host_case("odd_names", odd_names);
    host_case("devices", devices);
    host_case("pipes", pipes);
    return host_failures != 0;
}
