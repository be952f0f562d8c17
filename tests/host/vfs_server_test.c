// sources: tests/host/vfs_port.c tests/host/vfs_fake*.c servers/vfs/*.c
/* vfs's server layer over a fake kernel: sessions, forks, parked pipes, cancels, poll, nodes, and that all is
 * freed. */
#include <string.h>
#include "vfs_fake.h"
#include "vfs_host.h"
#include "servers/vfs/devfs.h"
#include "servers/vfs/server/session.h"
#include "servers/vfs/tmpfs.h"

static handle_t admin;
static struct inode *dev;
static uint32_t thread = 1;

static struct fake_call call_with(const void *in, size_t in_len, void *out, size_t out_len)
{
    struct fake_call c = {.in = in, .out = out, .absent = UINT64_MAX};
    c.r.in_len = (uint32_t)in_len;
    c.r.out_len = (uint32_t)out_len;
    c.r.thread = thread;
    return c;
}

/* A call with a path, answered at once. */
static int on_path(handle_t s, uint32_t label, const char *path, uint32_t flags, uint32_t mode,
                   struct fake_call *c)
{
    uint32_t request[2] = {flags, mode};
    *c = call_with(path, strlen(path), NULL, 0);
    return fake_begin(c, s, label, request, sizeof request) ? c->status : -1;
}

static int open_path(handle_t s, const char *path, uint32_t flags, handle_t *out)
{
    struct fake_call c;
    int err = on_path(s, vfs_label_open, path, flags, 0644, &c);
    *out = c.got[0];
    return err;
}

static int new_process(uint64_t parent, uint64_t pid, uint32_t uid, handle_t *out)
{
    struct vfs_process p = {parent, pid, uid, uid};
    struct fake_call c = call_with(NULL, 0, NULL, 0);
    fake_begin(&c, admin, vfs_label_process_create, &p, sizeof p);
    *out = c.got[0];
    return c.status;
}

static int transfer(handle_t s, uint32_t label, uint64_t off, void *buf, size_t len, uint64_t *count)
{
    struct fake_call c =
        label == io_label_write ? call_with(buf, len, NULL, 0) : call_with(NULL, 0, buf, len);
    bool now = fake_begin(&c, s, label, &off, sizeof off);
    *count = c.reply[0];
    return now ? c.status : -1;
}

static void begin(struct fake_call *c, handle_t s, uint32_t label, void *buf, size_t len)
{
    uint64_t off = IO_AT_CURSOR;
    *c = label == io_label_write ? call_with(buf, len, NULL, 0) : call_with(NULL, 0, buf, len);
    c->r.thread = thread++;
    fake_begin(c, s, label, &off, sizeof off);
}

static int pipe_pair(handle_t s, uint32_t flags, handle_t end[2])
{
    struct fake_call c = call_with(NULL, 0, NULL, 0);
    fake_begin(&c, s, vfs_label_pipe, &flags, sizeof flags);
    end[0] = c.got[0];
    end[1] = c.got[1];
    return c.status;
}

/* A tree of "/", "/dev" (devfs) and "/srv": it stays for all cases. */
static void setup(void)
{
    struct tmpfs_limits limits = {2000, 2000};
    struct mount_spec root = {.source = "none", .type = "tmpfs", .path = "/"},
                      d = {.type = "devfs", .path = "/dev"};
    struct place on;
    struct context *ctx;
    if (tmpfs_create(1, &limits, 0755, &root.root) || mount_add(&root, NULL, NULL) || devfs_create(2, &dev))
        abort();
    ctx = system_context();
    d.root = dev;
    if (name_mkdir(ctx, (struct path){.text = "/dev", .len = 4}, 0755) ||
        name_mkdir(ctx, (struct path){.text = "/srv", .len = 4}, 0755) ||
        name_find(ctx, (struct path){.text = "/dev", .len = 4}, 0, &on) || mount_add(&d, &on, NULL))
        abort();
    place_put(&on);
    nodes_start(dev);
    admin = fake_admin();
}

static const char *processes(void)
{
    handle_t a, b, f;
    struct fake_call c;
    char cwd[64];
    uint32_t before = fake_handles();
    EXPECT(new_process(0, 7, 0, &a) == 0 && new_process(9, 8, 0, &b) == E_SRCH);
    EXPECT(on_path(a, vfs_label_mkdir, "/home", 0, 0755, &c) == 0 &&
           on_path(a, vfs_label_chdir, "home", 0, 0, &c) == 0);
    EXPECT(new_process(7, 8, 5, &b) == 0); /* a fork, with another uid */
    EXPECT(on_path(a, vfs_label_chdir, "/", 0, 0, &c) == 0);
    c = call_with(NULL, 0, cwd, sizeof cwd);
    EXPECT(fake_begin(&c, b, vfs_label_getcwd, cwd, 0) && !c.status && c.reply[0] == 5 &&
           !memcmp(cwd, "/home", 5));
    EXPECT(open_path(b, "x", IO_O_CREAT | IO_O_WRONLY, &f) == E_ACCES);
    EXPECT(new_process(8, 8, 0, &f) == 0 && f == 0); /* new credentials for the same process */
    EXPECT(open_path(b, "x", IO_O_CREAT | IO_O_WRONLY, &f) == 0);
    fake_handle_close(a);
    EXPECT(new_process(7, 9, 0, &a) == E_SRCH); /* its close was its end */
    fake_handle_close(f);
    EXPECT(on_path(b, vfs_label_unlink, "/home/x", 0, 0, &c) == 0);
    EXPECT(on_path(b, vfs_label_unlink, "/home", VFS_DIRECTORY, 0, &c) == 0);
    EXPECT(new_process(0, 10, 0, &a) == 0 && new_process(10, 11, 0, &f) == 0);
    EXPECT(on_path(b, vfs_label_process_create, "", 0, 0, &c) == E_RIGHTS);
    fake_handle_close(f);
    fake_handle_close(a);
    fake_handle_close(b);
    EXPECT(fake_handles() == before);
    return NULL;
}

static const char *shared_offset(void)
{
    handle_t p, f, g;
    uint64_t n;
    struct fake_call c;
    char buf[8] = "abcdef";
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/srv/f", IO_O_CREAT | IO_O_RDWR, &f));
    EXPECT(!transfer(f, io_label_write, IO_AT_CURSOR, buf, 6, &n) && n == 6);
    struct io_seek seek = {1, 0};
    c = call_with(NULL, 0, NULL, 0);
    EXPECT(fake_begin(&c, f, io_label_seek, &seek, sizeof seek) && !c.status);
    fake_handle_copy(f, RIGHT_ALL, 0, 0, &g); /* dup */
    EXPECT(!transfer(f, io_label_read, IO_AT_CURSOR, buf, 2, &n) && n == 2 && !memcmp(buf, "bc", 2));
    EXPECT(!transfer(g, io_label_read, IO_AT_CURSOR, buf, 2, &n) && n == 2 && !memcmp(buf, "de", 2));
    fake_handle_close(f);
    EXPECT(!transfer(g, io_label_read, 0, buf, 8, &n) && n == 6);
    fake_handle_close(g);
    EXPECT(!on_path(p, vfs_label_unlink, "/srv/f", 0, 0, &c));
    fake_handle_close(p);
    return NULL;
}

static const char *touch(void) /* E_TOUCH anywhere leaves things as they were */
{
    handle_t p, f;
    struct fake_call c;
    uint64_t n, off = IO_AT_CURSOR;
    static char buf[9000];
    uint32_t request[2] = {0, 0755};
    EXPECT(!new_process(0, 7, 0, &p));
    c = call_with("/srv/dir", 8, NULL, 0);
    c.absent = 3;
    EXPECT(fake_begin(&c, p, vfs_label_mkdir, request, sizeof request) && c.status == E_TOUCH);
    EXPECT(on_path(p, vfs_label_chdir, "/srv/dir", 0, 0, &c) == E_NOENT);
    EXPECT(!open_path(p, "/srv/f", IO_O_CREAT | IO_O_RDWR | IO_O_APPEND, &f));
    c = call_with(buf, sizeof buf, NULL, 0);
    c.absent = 8192;
    EXPECT(fake_begin(&c, f, io_label_write, &off, sizeof off) && c.status == E_TOUCH);
    EXPECT(!transfer(f, io_label_write, off, buf, sizeof buf, &n) && n == sizeof buf);
    c = call_with(NULL, 0, buf, sizeof buf);
    c.absent = 4096;
    off = 0;
    EXPECT(fake_begin(&c, f, io_label_read, &off, sizeof off) && c.status == E_TOUCH);
    struct io_stat st;
    c = call_with(NULL, 0, &st, sizeof st);
    EXPECT(fake_begin(&c, f, io_label_stat, request, 0) && !c.status && st.size == sizeof buf);
    fake_handle_close(f);
    EXPECT(!open_path(p, "/dev", IO_O_RDONLY | IO_O_DIRECTORY, &f));
    c = call_with(NULL, 0, buf, sizeof buf);
    c.absent = 0;
    off = IO_AT_CURSOR;
    EXPECT(fake_begin(&c, f, io_label_readdir, &off, sizeof off) && c.status == E_TOUCH);
    EXPECT(!transfer(f, io_label_readdir, off, buf, sizeof buf, &n) &&
           n >= 8 * 32); /* all of it, from the start */
    EXPECT(!transfer(f, io_label_readdir, off, buf, sizeof buf, &n) && n == 0);
    EXPECT(transfer(f, io_label_readdir, 0, buf, 20, &n) == E_INVAL);
    fake_handle_close(f);
    EXPECT(!on_path(p, vfs_label_unlink, "/srv/f", 0, 0, &c));
    fake_handle_close(p);
    return NULL;
}

static const char *parked(void)
{
    handle_t p, end[2];
    struct fake_call r1, r2, w;
    static char big[200000], got[200000];
    char a[8], b[8];
    uint64_t n;
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    begin(&r1, end[0], io_label_read, a, 3);
    begin(&r2, end[0], io_label_read, b, 8);
    EXPECT(!r1.answered && !r2.answered);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, "hello", 5, &n) && n == 5);
    EXPECT(r1.answered && r2.answered && r1.reply[0] == 3 && r2.reply[0] == 2 && !memcmp(b, "lo", 2));
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 13 >> 4);
    begin(&w, end[1], io_label_write, big, sizeof big); /* larger than the pipe: goes out in parts */
    EXPECT(!w.answered);
    for (size_t at = 0; at < sizeof big; at += n)
        EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, got + at, 3000, &n) && n);
    EXPECT(w.answered && !w.status && w.reply[0] == sizeof big && !memcmp(big, got, sizeof big));
    EXPECT(transfer(end[0], io_label_read, 5, got, 1, &n) == E_SPIPE);
    begin(&r1, end[0], io_label_read, a, 3);
    fake_handle_close(end[1]); /* end of the file for who waits */
    EXPECT(r1.answered && !r1.status && r1.reply[0] == 0);
    fake_handle_close(end[0]);
    EXPECT(!pipe_pair(p, 0, end));
    begin(&w, end[1], io_label_write, big, sizeof big);
    EXPECT(!w.answered);
    fake_handle_close(end[0]); /* what was written before the break is told */
    EXPECT(w.answered && !w.status && w.reply[0] == PIPE_SIZE);
    EXPECT(transfer(end[1], io_label_write, IO_AT_CURSOR, a, 1, &n) == E_PIPE);
    fake_handle_close(end[1]);
    EXPECT(!pipe_pair(p, IO_O_NONBLOCK, end));
    EXPECT(transfer(end[0], io_label_read, IO_AT_CURSOR, a, 1, &n) == E_AGAIN);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, big, sizeof big, &n) && n == PIPE_SIZE);
    EXPECT(transfer(end[1], io_label_write, IO_AT_CURSOR, big, 1, &n) == E_AGAIN);
    fake_handle_close(end[0]);
    fake_handle_close(end[1]);
    fake_handle_close(p);
    EXPECT(pipe_pages() == 0);
    return NULL;
}

static const char *cancelled(void)
{
    handle_t p, end[2];
    struct fake_call r, w, early;
    static char big[100000];
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    begin(&r, end[0], io_label_read, big, 8);
    fake_cancel(&r, CANCEL_ASKED);
    EXPECT(r.answered && r.status == E_CANCELLED);
    begin(&w, end[1], io_label_write, big, sizeof big);
    fake_cancel(&w, CANCEL_ASKED); /* what has left is counted, not lost */
    EXPECT(w.answered && !w.status && w.reply[0] == PIPE_SIZE);
    begin(&w, end[1], io_label_write, big, 1);
    fake_cancel(&w, CANCEL_DIED);
    EXPECT(w.answered);
    uint64_t n;
    do
        EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, big, 60000, &n));
    while (n == 60000);
    early = call_with(NULL, 0, big, 8); /* the cancel comes first: the call must not wait */
    early.r.thread = 999;
    early.r.badge = r.r.badge;
    early.r.seq = w.r.seq + 1 + (PIPE_SIZE + 59999) / 60000; /* of the call after next */
    fake_cancel(&early, CANCEL_ASKED);
    struct fake_call late = call_with(NULL, 0, big, 8);
    uint64_t off = IO_AT_CURSOR;
    late.r.thread = 999;
    EXPECT(fake_begin(&late, end[0], io_label_read, &off, sizeof off) && late.r.seq == early.r.seq);
    EXPECT(late.status == E_CANCELLED);
    fake_handle_close(end[0]);
    fake_handle_close(end[1]);
    fake_handle_close(p);
    return NULL;
}

static const char *polled(void)
{
    handle_t p, end[2], port = fake_object();
    struct fake_call c;
    struct io_poll_arm arm = {IO_IN, 0x10};
    uint64_t n;
    char buf[8];
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    for (int i = 0; i < 200; i++) { /* arming again replaces */
        c = call_with(NULL, 0, NULL, 0);
        c.send[0] = port, c.send_count = 1;
        EXPECT(fake_begin(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && !c.status && c.reply[0] == 0);
    }
    EXPECT(fake_notified(port) == 0);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, "x", 1, &n) && fake_notified(port) == 0x10);
    c = call_with(NULL, 0, NULL, 0);
    c.send[0] = port, c.send_count = 1;
    EXPECT(fake_begin(&c, end[0], io_label_poll_arm, &arm, sizeof arm) &&
           c.reply[0] == IO_IN); /* true already */
    EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, buf, 1, &n));
    arm.bits = 0x20;
    c = call_with(NULL, 0, NULL, 0);
    c.send[0] = port, c.send_count = 1;
    EXPECT(fake_begin(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && c.reply[0] == 0);
    fake_handle_close(end[1]); /* hang-up is an event */
    EXPECT(fake_notified(port) == 0x30);
    fake_handle_close(end[0]);
    EXPECT(!pipe_pair(p, 0, end));
    c = call_with(NULL, 0, NULL, 0);
    c.send[0] = port, c.send_count = 1;
    EXPECT(fake_begin(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && c.reply[0] == 0);
    fake_handle_close(end[0]); /* armed, and closed */
    fake_handle_close(end[1]);
    fake_handle_close(port);
    fake_handle_close(p);
    return NULL;
}

static const char *nodes(void)
{
    handle_t p, f, tty = fake_object(), proc = fake_object();
    uint32_t before = fake_handles();
    struct vfs_node node = {7, MODE_CHAR | 0666, 4, VFS_NODE_STATIC};
    struct fake_call c = call_with("console", 7, NULL, 0);
    c.send[0] = tty, c.send_count = 1;
    EXPECT(fake_begin(&c, admin, vfs_label_node_register, &node, sizeof node) && !c.status);
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/dev/console", IO_O_RDWR, &f));
    struct handle_info a, b;
    fake_handle_info(f, &a);
    fake_handle_info(tty, &b);
    EXPECT(a.id == b.id); /* a copy of the server's own session */
    fake_handle_close(f);
    node.flags = 0;
    c = call_with("console", 7, NULL, 0);
    c.send[0] = tty, c.send_count = 1;
    EXPECT(fake_begin(&c, admin, vfs_label_node_register, &node, sizeof node) &&
           !c.status); /* again: replaced */
    EXPECT(!open_path(p, "/dev/console", IO_O_RDWR, &f));
    fake_handle_info(f, &a);
    EXPECT(a.id != b.id); /* what the server gave when asked */
    fake_handle_close(f);
    EXPECT(on_path(p, vfs_label_node_remove, "console", 0, 0, &c) == E_RIGHTS);
    node = (struct vfs_node){4, 0, 0, VFS_NODE_MOUNT};
    c = call_with("/srv", 4, NULL, 0);
    c.send[0] = proc, c.send_count = 1;
    EXPECT(fake_begin(&c, admin, vfs_label_node_register, &node, sizeof node) && !c.status);
    EXPECT(!on_path(p, vfs_label_open, "/srv/1/stat", 0, 0, &c));
    struct vfs_open_reply reply;
    memcpy(&reply, c.reply, sizeof reply);
    fake_handle_info(proc, &b);
    fake_handle_info(c.got[0], &a);
    EXPECT(reply.elsewhere == 1 && reply.consumed == 5 && a.id == b.id);
    fake_handle_close(c.got[0]);
    EXPECT(!on_path(p, vfs_label_stat, "/srv", 0, 0, &c) && (uint32_t)c.reply[0] == 1 &&
           c.reply[0] >> 32 == 4);
    fake_handle_close(c.got[0]);
    EXPECT(!on_path(p, vfs_label_chdir, "/srv", 0, 0, &c) && c.got_count == 0);
    fake_handle_close(p);
    node = (struct vfs_node){7, 0, 0, 0};
    c = call_with("console", 7, NULL, 0);
    EXPECT(fake_begin(&c, admin, vfs_label_node_remove, &node, sizeof node) && !c.status);
    EXPECT(fake_handles() == before + 1); /* the mount holds one */
    fake_handle_close(tty);
    return NULL;
}

static const char *relative(void) /* paths that start at an open directory */
{
    handle_t p, d, f;
    struct fake_call c;
    struct vfs_open in = {IO_O_RDONLY, 0};
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/dev", IO_O_RDONLY, &d));
    c = call_with("zero", 4, NULL, 0);
    c.send[0] = d, c.send_count = 1;
    EXPECT(fake_begin(&c, p, vfs_label_open, &in, sizeof in) && !c.status);
    f = c.got[0];
    c = call_with("null", 4, NULL, 0);
    c.send[0] = f, c.send_count = 1;
    EXPECT(fake_begin(&c, p, vfs_label_open, &in, sizeof in) && c.status == E_NOTDIR);
    c = call_with("null", 4, NULL, 0);
    c.send[0] = p, c.send_count = 1;
    EXPECT(fake_begin(&c, p, vfs_label_open, &in, sizeof in) && c.status == E_BADF);
    fake_handle_close(f);
    fake_handle_close(d);
    fake_handle_close(p);
    return NULL;
}

static const char *two_paths(void)
{
    handle_t p, f;
    struct fake_call c;
    struct vfs_two_paths two = {1, 0};
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/a", IO_O_CREAT | IO_O_WRONLY, &f));
    fake_handle_close(f);
    two.first_length = 99; /* longer than what came */
    c = call_with("/a/b", 4, NULL, 0);
    EXPECT(fake_begin(&c, p, vfs_label_rename, &two, sizeof two) && c.status == E_INVAL);
    two.first_length = 2;
    c = call_with("/a/b", 4, NULL, 0);
    EXPECT(fake_begin(&c, p, vfs_label_rename, &two, sizeof two) && !c.status);
    c = call_with("b/c", 3, NULL, 0);
    two.first_length = 1;
    EXPECT(fake_begin(&c, p, vfs_label_symlink, &two, sizeof two) && !c.status);
    char buf[8];
    c = call_with("/c", 2, buf, 8);
    EXPECT(fake_begin(&c, p, vfs_label_readlink, &two, sizeof two) && !c.status && buf[0] == 'b');
    EXPECT(!on_path(p, vfs_label_unlink, "/c", 0, 0, &c) && !on_path(p, vfs_label_unlink, "/b", 0, 0, &c));
    static char text[2 * IO_PATH_MAX + 1];
    memset(text, 'x', sizeof text);
    c = call_with(text, sizeof text, NULL, 0);
    EXPECT(fake_begin(&c, p, vfs_label_rename, &two, sizeof two) && c.status == E_NAMETOOLONG);
    fake_handle_close(p);
    return NULL;
}

/* Random calls with random words, buffers and handles from several sessions: no crash, each call answered or
 * parked, and everything is gone when the sessions are. */
static const char *fuzz(void)
{
    static char in[600], out[5000];
    static const char texts[][16] = {"/srv",  "/dev/zero", "x",  "/x/y", "..",
                                     "/dev/", "/x",        "/y", ".",    "/srv/../x"};
    handle_t pool[24] = {0};
    static struct fake_call calls[600];
    uint32_t used = 0, waited = 0, before = fake_handles();
    host_seed(21);
    for (int i = 0; i < 200000; i++) {
        uint32_t slot = host_random() % 24;
        if (!pool[slot] || used >= 500) {
            for (uint32_t k = 0; used >= 500 && k < used; k++) /* end those that still wait */
                if (!calls[k].answered)
                    fake_cancel(&calls[k], CANCEL_DIED);
            used = used >= 500 ? 0 : used;
            if (!pool[slot] && new_process(0, 50 + slot, slot % 3 ? 0 : 9, &pool[slot]))
                return "no process";
        }
        struct fake_call *c = &calls[used++];
        uint64_t words[6];
        for (int k = 0; k < 6; k++)
            words[k] = host_random() % 3   ? host_random() % 9
                       : host_random() % 2 ? UINT64_MAX
                                           : (uint64_t)host_random() << 32 | host_random();
        const char *text = texts[host_random() % 10];
        *c = call_with(host_random() % 4 ? text : in, host_random() % 4 ? strlen(text) : host_random() % 10,
                       out, host_random() % sizeof out);
        c->r.thread = thread++;
        c->absent = host_random() % 9 ? UINT64_MAX : host_random() % 8;
        if (host_random() % 4 == 0 && pool[(slot + 1) % 24])
            c->send[c->send_count++] = pool[(slot + 1) % 24];
        uint32_t label =
            host_random() % 2 ? vfs_label_open + host_random() % 16 : io_label_read + host_random() % 14;
        fake_begin(c, pool[slot], label, words, sizeof words);
        waited += !c->answered;
        for (uint32_t k = 0; c->answered && k < c->got_count; k++) {
            uint32_t at = host_random() % 24;
            if (pool[at])
                fake_handle_close(pool[at]);
            pool[at] = c->got[k];
        }
        if (host_random() % 50 == 0 && pool[slot]) {
            fake_handle_close(pool[slot]);
            pool[slot] = 0;
        }
    }
    for (uint32_t k = 0; k < used; k++)
        if (!calls[k].answered)
            fake_cancel(&calls[k], CANCEL_DIED);
    for (uint32_t k = 0; k < 24; k++)
        if (pool[k])
            fake_handle_close(pool[k]);
    EXPECT(fake_handles() == before && pipe_pages() == 0 && waited > 100);
    return NULL;
}

int main(void)
{
    setup();
    host_case("processes", processes);
    host_case("shared_offset", shared_offset);
    host_case("touch", touch);
    host_case("parked", parked);
    host_case("cancelled", cancelled);
    host_case("polled", polled);
    host_case("relative", relative);
    host_case("two_paths", two_paths);
    const char *why = nodes(); /* leaves a mount, and the fuzz files: not counted by host_case */
    host_result("nodes", !why, why);
    why = fuzz();
    host_result("fuzz", !why, why);
    return host_failures != 0;
}
