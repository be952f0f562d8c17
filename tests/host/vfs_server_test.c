// sources: @libipc @vfs
/* vfs as it is, with an empty root in memory: sessions, forks, parked pipes, cancels, poll, nodes, no memory,
 * and that all is freed. */
#include "servers/vfs/server/session.h"
#include "vfs_client.h"

static const char *processes(void)
{
    handle_t a, b, f;
    struct ipc_host_call c;
    char cwd[64];
    uint32_t before = ipc_host_handles();
    EXPECT(new_process(0, 7, 0, &a) == 0 && new_process(9, 8, 0, &b) == E_SRCH);
    EXPECT(on_path(a, vfs_label_mkdir, "/home", 0, 0755, &c) == 0 &&
           on_path(a, vfs_label_chdir, "home", 0, 0, &c) == 0);
    EXPECT(new_process(7, 8, 5, &b) == 0); /* a fork, with another uid */
    EXPECT(on_path(a, vfs_label_chdir, "/", 0, 0, &c) == 0);
    c = call_with(NULL, 0, cwd, sizeof cwd);
    EXPECT(begin_call(&c, b, vfs_label_getcwd, cwd, 0) && !status(&c) && c.m.words[0] == 5 &&
           !memcmp(cwd, "/home", 5));
    EXPECT(open_path(b, "x", IO_O_CREAT | IO_O_WRONLY, &f) == E_ACCES);
    EXPECT(new_process(8, 8, 0, &f) == 0 && f == 0); /* new credentials for the same process */
    EXPECT(open_path(b, "x", IO_O_CREAT | IO_O_WRONLY, &f) == 0);
    shut(a);
    EXPECT(new_process(7, 9, 0, &a) == E_SRCH); /* its close was its end */
    shut(f);
    EXPECT(on_path(b, vfs_label_unlink, "/home/x", 0, 0, &c) == 0);
    EXPECT(on_path(b, vfs_label_unlink, "/home", VFS_DIRECTORY, 0, &c) == 0);
    EXPECT(new_process(0, 10, 0, &a) == 0 && new_process(10, 11, 0, &f) == 0);
    EXPECT(on_path(b, vfs_label_process_create, "", 0, 0, &c) == E_RIGHTS);
    shut(f);
    shut(a);
    shut(b);
    EXPECT(ipc_host_handles() == before);
    return NULL;
}

static const char *shared_offset(void)
{
    handle_t p, f, g;
    uint64_t n;
    struct ipc_host_call c;
    char buf[8] = "abcdef";
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/srv/f", IO_O_CREAT | IO_O_RDWR, &f));
    EXPECT(!transfer(f, io_label_write, IO_AT_CURSOR, buf, 6, &n) && n == 6);
    struct io_seek seek = {1, 0};
    c = call_with(NULL, 0, NULL, 0);
    EXPECT(begin_call(&c, f, io_label_seek, &seek, sizeof seek) && !status(&c));
    sys_handle_copy(f, RIGHT_ALL, 0, 0, &g); /* dup */
    EXPECT(!transfer(f, io_label_read, IO_AT_CURSOR, buf, 2, &n) && n == 2 && !memcmp(buf, "bc", 2));
    EXPECT(!transfer(g, io_label_read, IO_AT_CURSOR, buf, 2, &n) && n == 2 && !memcmp(buf, "de", 2));
    shut(f);
    EXPECT(!transfer(g, io_label_read, 0, buf, 8, &n) && n == 6);
    shut(g);
    EXPECT(!on_path(p, vfs_label_unlink, "/srv/f", 0, 0, &c));
    shut(p);
    return NULL;
}

static const char *touch(void) /* E_TOUCH anywhere leaves things as they were */
{
    handle_t p, f;
    struct ipc_host_call c;
    uint64_t n, off = IO_AT_CURSOR;
    static char buf[9000];
    uint32_t request[2] = {0, 0755};
    EXPECT(!new_process(0, 7, 0, &p));
    c = call_with("/srv/dir", 8, NULL, 0);
    ipc_host_absent_at((char *)c.m.buffers.in + 3);
    EXPECT(begin_call(&c, p, vfs_label_mkdir, request, sizeof request) && status(&c) == E_TOUCH);
    EXPECT(c.m.words[0] == 3); /* where it has to be touched */
    ipc_host_absent_at(NULL);
    EXPECT(on_path(p, vfs_label_chdir, "/srv/dir", 0, 0, &c) == E_NOENT);
    EXPECT(!open_path(p, "/srv/f", IO_O_CREAT | IO_O_RDWR | IO_O_APPEND, &f));
    c = call_with(buf, sizeof buf, NULL, 0);
    ipc_host_absent_at(buf + 8192);
    EXPECT(begin_call(&c, f, io_label_write, &off, sizeof off) && status(&c) == E_TOUCH);
    ipc_host_absent_at(NULL);
    EXPECT(!transfer(f, io_label_write, off, buf, sizeof buf, &n) && n == sizeof buf);
    c = call_with(NULL, 0, buf, sizeof buf);
    ipc_host_absent_at(buf + 4096);
    off = 0;
    EXPECT(begin_call(&c, f, io_label_read, &off, sizeof off) && status(&c) == E_TOUCH);
    ipc_host_absent_at(NULL);
    struct io_stat st;
    c = call_with(NULL, 0, &st, sizeof st);
    EXPECT(begin_call(&c, f, io_label_stat, request, 0) && !status(&c) && st.size == sizeof buf);
    shut(f);
    EXPECT(!open_path(p, "/dev", IO_O_RDONLY | IO_O_DIRECTORY, &f));
    c = call_with(NULL, 0, buf, sizeof buf);
    ipc_host_absent_at(buf);
    off = IO_AT_CURSOR;
    EXPECT(begin_call(&c, f, io_label_readdir, &off, sizeof off) && status(&c) == E_TOUCH);
    ipc_host_absent_at(NULL);
    EXPECT(!transfer(f, io_label_readdir, off, buf, sizeof buf, &n) &&
           n >= 8 * 32); /* all of it, from the start */
    EXPECT(!transfer(f, io_label_readdir, off, buf, sizeof buf, &n) && n == 0);
    EXPECT(transfer(f, io_label_readdir, 0, buf, 20, &n) == E_INVAL);
    shut(f);
    EXPECT(!on_path(p, vfs_label_unlink, "/srv/f", 0, 0, &c));
    shut(p);
    return NULL;
}

static const char *parked(void)
{
    handle_t p, end[2];
    struct ipc_host_call r1, r2, w;
    static char big[200000], got[200000];
    char a[8], b[8];
    uint64_t n;
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    begin(&r1, end[0], io_label_read, a, 3);
    begin(&r2, end[0], io_label_read, b, 8);
    EXPECT(!r1.answered && !r2.answered);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, "hello", 5, &n) && n == 5);
    EXPECT(r1.answered && r2.answered && r1.m.words[0] == 3 && r2.m.words[0] == 2 && !memcmp(b, "lo", 2));
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 13 >> 4);
    begin(&w, end[1], io_label_write, big, sizeof big); /* larger than the pipe: goes out in parts */
    EXPECT(!w.answered);
    for (size_t at = 0; at < sizeof big; at += n)
        EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, got + at, 3000, &n) && n);
    EXPECT(w.answered && !status(&w) && w.m.words[0] == sizeof big && !memcmp(big, got, sizeof big));
    EXPECT(transfer(end[0], io_label_read, 5, got, 1, &n) == E_SPIPE);
    begin(&r1, end[0], io_label_read, a, 3);
    shut(end[1]); /* end of the file for who waits */
    EXPECT(r1.answered && !status(&r1) && r1.m.words[0] == 0);
    shut(end[0]);
    EXPECT(!pipe_pair(p, 0, end));
    begin(&w, end[1], io_label_write, big, sizeof big);
    EXPECT(!w.answered);
    shut(end[0]); /* what was written before the break is told */
    EXPECT(w.answered && !status(&w) && w.m.words[0] == PIPE_SIZE);
    EXPECT(transfer(end[1], io_label_write, IO_AT_CURSOR, a, 1, &n) == E_PIPE);
    shut(end[1]);
    EXPECT(!pipe_pair(p, IO_O_NONBLOCK, end));
    EXPECT(transfer(end[0], io_label_read, IO_AT_CURSOR, a, 1, &n) == E_AGAIN);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, big, sizeof big, &n) && n == PIPE_SIZE);
    EXPECT(transfer(end[1], io_label_write, IO_AT_CURSOR, big, 1, &n) == E_AGAIN);
    shut(end[0]);
    shut(end[1]);
    shut(p);
    EXPECT(pipe_pages() == 0);
    return NULL;
}

static const char *cancelled(void)
{
    handle_t p, end[2];
    struct ipc_host_call r, w;
    static char big[100000];
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    begin(&r, end[0], io_label_read, big, 8);
    ipc_host_cancel(&r, CANCEL_ASKED);
    EXPECT(r.answered && status(&r) == E_CANCELLED);
    begin(&w, end[1], io_label_write, big, sizeof big);
    ipc_host_cancel(&w, CANCEL_ASKED); /* what has left is counted, not lost */
    EXPECT(w.answered && !status(&w) && w.m.words[0] == PIPE_SIZE);
    begin(&w, end[1], io_label_write, big, 1);
    ipc_host_cancel(&w, CANCEL_DIED);
    EXPECT(w.answered);
    uint64_t n;
    do
        EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, big, 60000, &n));
    while (n == 60000);
    /* The cancel of a call may be handled before the call, by another worker: then it must not wait. */
    struct ipc_host_call late = call_with(NULL, 0, big, 8);
    uint64_t off = IO_AT_CURSOR;
    late.thread = 999;
    park_cancel(r.badge, late.thread, ipc_last_seq + 1, CANCEL_ASKED);
    EXPECT(begin_call(&late, end[0], io_label_read, &off, sizeof off) && status(&late) == E_CANCELLED);
    shut(end[0]);
    shut(end[1]);
    shut(p);
    return NULL;
}

static const char *polled(void)
{
    struct ipc_host_peer poller = {0};
    handle_t p, end[2], port = ipc_host_peer(&poller, 0);
    struct ipc_host_call c;
    struct io_poll_arm arm = {IO_IN, 0x10};
    uint64_t n;
    char buf[8];
    EXPECT(!new_process(0, 7, 0, &p) && !pipe_pair(p, 0, end));
    for (int i = 0; i < 200; i++) { /* arming again replaces */
        c = call_with(NULL, 0, NULL, 0);
        c.thread = 77;
        c.m.handles[0] = port, c.m.handle_count = 1;
        EXPECT(begin_call(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && !status(&c) &&
               c.m.words[0] == 0);
    }
    EXPECT(poller.bits == 0);
    EXPECT(!transfer(end[1], io_label_write, IO_AT_CURSOR, "x", 1, &n) && poller.bits == 0x10);
    c = call_with(NULL, 0, NULL, 0);
    c.m.handles[0] = port, c.m.handle_count = 1;
    EXPECT(begin_call(&c, end[0], io_label_poll_arm, &arm, sizeof arm) &&
           c.m.words[0] == IO_IN); /* true already */
    EXPECT(!transfer(end[0], io_label_read, IO_AT_CURSOR, buf, 1, &n));
    arm.bits = 0x20;
    c = call_with(NULL, 0, NULL, 0);
    c.m.handles[0] = port, c.m.handle_count = 1;
    EXPECT(begin_call(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && c.m.words[0] == 0);
    shut(end[1]); /* hang-up is an event */
    EXPECT(poller.bits == 0x30);
    shut(end[0]);
    EXPECT(!pipe_pair(p, 0, end));
    c = call_with(NULL, 0, NULL, 0);
    c.m.handles[0] = port, c.m.handle_count = 1;
    EXPECT(begin_call(&c, end[0], io_label_poll_arm, &arm, sizeof arm) && c.m.words[0] == 0);
    shut(end[0]); /* armed, and closed */
    shut(end[1]);
    shut(port);
    shut(p);
    return NULL;
}

/* One of each thing that is made, while there is only so much left; the first error, 0: there was enough. */
static int make_all(handle_t p, handle_t made[5])
{
    static char bytes[150000];
    struct ipc_host_call c;
    uint64_t n;
    int err = on_path(p, vfs_label_mkdir, "/srv/d", 0, 0755, &c);
    if (!err)
        err = open_path(p, "/srv/d/f", IO_O_CREAT | IO_O_RDWR, &made[0]);
    if (!err)
        err = transfer(made[0], io_label_write, 0, bytes, sizeof bytes, &n);
    if (!err && n < sizeof bytes)
        err = E_NOSPC;
    if (!err)
        err = pipe_pair(p, IO_O_NONBLOCK, &made[1]);
    if (!err)
        err = transfer(made[2], io_label_write, IO_AT_CURSOR, bytes, 50000, &n);
    if (!err)
        err = new_process(7, 8, 5, &made[3]);
    if (!err)
        err = open_path(made[3], "/dev/random", IO_O_RDONLY, &made[4]);
    return err;
}

static const char *no_memory(void)
{
    handle_t p;
    struct ipc_host_call c;
    int err = E_NOMEM, rounds = 0;
    EXPECT(!new_process(0, 7, 0, &p));
    for (; err; rounds++) {
        handle_t made[5] = {0};
        ipc_host_fail_after(rounds);
        err = make_all(p, made);
        ipc_host_fail_after(-1);
        EXPECT(!err || err == E_NOMEM || err == E_QUOTA || err == E_FULL || err == E_NOSPC);
        for (int i = 0; i < 5; i++)
            if (made[i])
                shut(made[i]);
        (void)on_path(p, vfs_label_unlink, "/srv/d/f", 0, 0, &c);
        (void)on_path(p, vfs_label_unlink, "/srv/d", VFS_DIRECTORY, 0, &c);
        (void)vfs_trim(admin, NULL, NULL, 0);
    }
    EXPECT(rounds > 20);
    EXPECT(on_path(p, vfs_label_stat, "/srv/d", 0, 0, &c) == E_NOENT);
    shut(p);
    return NULL;
}

/* A device's server gives a new session to who opens its node. */
static int device(struct ipc_host_peer *self, struct ipc_message *m)
{
    bool opens = m->label == io_label_open_node;
    m->label = opens ? 0 : E_NOSYS;
    m->handle_count = opens;
    m->handles[0] = opens ? ipc_host_peer(self, 0) : HANDLE_NONE;
    return 0;
}

static const char *nodes(void)
{
    struct ipc_host_peer driver = {device, 0};
    static struct ipc_host_peer server; /* of the mount: it stays */
    handle_t p, f, tty = ipc_host_peer(&driver, RIGHT_ADMIN), proc = ipc_host_peer(&server, 0);
    uint32_t before = ipc_host_handles();
    struct vfs_node node = {7, MODE_CHAR | 0666, 4, VFS_NODE_STATIC};
    struct ipc_host_call c = call_with("console", 7, NULL, 0);
    c.m.handles[0] = tty, c.m.handle_count = 1;
    EXPECT(begin_call(&c, admin, vfs_label_node_register, &node, sizeof node) && !status(&c));
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/dev/console", IO_O_RDWR, &f));
    EXPECT(id_of(f) == id_of(tty)); /* a copy of the server's own session */
    shut(f);
    node.flags = 0;
    c = call_with("console", 7, NULL, 0);
    c.m.handles[0] = tty, c.m.handle_count = 1;
    EXPECT(begin_call(&c, admin, vfs_label_node_register, &node, sizeof node) &&
           !status(&c)); /* again: replaced */
    EXPECT(!open_path(p, "/dev/console", IO_O_RDWR, &f));
    EXPECT(id_of(f) && id_of(f) != id_of(tty)); /* what the server gave when asked */
    shut(f);
    EXPECT(on_path(p, vfs_label_node_remove, "console", 0, 0, &c) == E_RIGHTS);
    node = (struct vfs_node){4, 0, 0, VFS_NODE_MOUNT};
    c = call_with("/srv", 4, NULL, 0);
    c.m.handles[0] = proc, c.m.handle_count = 1;
    EXPECT(begin_call(&c, admin, vfs_label_node_register, &node, sizeof node) && !status(&c));
    EXPECT(!on_path(p, vfs_label_open, "/srv/1/stat", 0, 0, &c) && c.m.handle_count == 1);
    struct vfs_open_reply reply;
    memcpy(&reply, c.m.words, sizeof reply);
    EXPECT(reply.elsewhere == 1 && reply.consumed == 5 && id_of(c.m.handles[0]) == id_of(proc));
    shut(c.m.handles[0]);
    EXPECT(!on_path(p, vfs_label_stat, "/srv", 0, 0, &c) && (uint32_t)c.m.words[0] == 1 &&
           c.m.words[0] >> 32 == 4);
    shut(c.m.handles[0]);
    EXPECT(!on_path(p, vfs_label_chdir, "/srv", 0, 0, &c) && c.m.handle_count == 0);
    shut(p);
    node = (struct vfs_node){7, 0, 0, 0};
    c = call_with("console", 7, NULL, 0);
    EXPECT(begin_call(&c, admin, vfs_label_node_remove, &node, sizeof node) && !status(&c));
    EXPECT(ipc_host_handles() == before + 1); /* the mount holds one */
    shut(tty);
    return NULL;
}

static const char *relative(void) /* paths that start at an open directory */
{
    handle_t p, d, f;
    struct ipc_host_call c;
    struct vfs_open in = {IO_O_RDONLY, 0};
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/dev", IO_O_RDONLY, &d));
    c = call_with("zero", 4, NULL, 0);
    c.m.handles[0] = d, c.m.handle_count = 1;
    EXPECT(begin_call(&c, p, vfs_label_open, &in, sizeof in) && !status(&c));
    f = c.m.handles[0];
    c = call_with("null", 4, NULL, 0);
    c.m.handles[0] = f, c.m.handle_count = 1;
    EXPECT(begin_call(&c, p, vfs_label_open, &in, sizeof in) && status(&c) == E_NOTDIR);
    c = call_with("null", 4, NULL, 0);
    c.m.handles[0] = p, c.m.handle_count = 1;
    EXPECT(begin_call(&c, p, vfs_label_open, &in, sizeof in) && status(&c) == E_BADF);
    shut(f);
    shut(d);
    shut(p);
    return NULL;
}

static const char *two_paths(void)
{
    handle_t p, f;
    struct ipc_host_call c;
    struct vfs_two_paths two = {1, 0};
    EXPECT(!new_process(0, 7, 0, &p) && !open_path(p, "/a", IO_O_CREAT | IO_O_WRONLY, &f));
    shut(f);
    two.first_length = 99; /* longer than what came */
    c = call_with("/a/b", 4, NULL, 0);
    EXPECT(begin_call(&c, p, vfs_label_rename, &two, sizeof two) && status(&c) == E_INVAL);
    two.first_length = 2;
    c = call_with("/a/b", 4, NULL, 0);
    EXPECT(begin_call(&c, p, vfs_label_rename, &two, sizeof two) && !status(&c));
    c = call_with("b/c", 3, NULL, 0);
    two.first_length = 1;
    EXPECT(begin_call(&c, p, vfs_label_symlink, &two, sizeof two) && !status(&c));
    char buf[8];
    c = call_with("/c", 2, buf, 8);
    EXPECT(begin_call(&c, p, vfs_label_readlink, &two, sizeof two) && !status(&c) && buf[0] == 'b');
    EXPECT(!on_path(p, vfs_label_unlink, "/c", 0, 0, &c) && !on_path(p, vfs_label_unlink, "/b", 0, 0, &c));
    static char text[2 * IO_PATH_MAX + 1];
    memset(text, 'x', sizeof text);
    c = call_with(text, sizeof text, NULL, 0);
    EXPECT(begin_call(&c, p, vfs_label_rename, &two, sizeof two) && status(&c) == E_NAMETOOLONG);
    shut(p);
    return NULL;
}

static uint64_t seed = 21;

static uint32_t dice(void)
{
    return (uint32_t)(check_random(&seed) >> 33);
}

/* Random calls with random words, buffers and handles from several sessions: no crash, each call answered or
 * parked, and everything is gone when the sessions are. */
static const char *fuzz(void)
{
    static char in[600], out[5000];
    static const char texts[][16] = {"/srv",  "/dev/zero", "x",  "/x/y", "..",
                                     "/dev/", "/x",        "/y", ".",    "/srv/../x"};
    handle_t pool[24] = {0};
    static struct ipc_host_call calls[600];
    uint32_t used = 0, waited = 0, before = ipc_host_handles();
    for (int i = 0; i < 100000; i++) {
        uint32_t slot = dice() % 24;
        if (!pool[slot] || used >= 500) {
            for (uint32_t k = 0; used >= 500 && k < used; k++) /* end those that still wait */
                if (!calls[k].answered)
                    ipc_host_cancel(&calls[k], CANCEL_DIED);
            used = used >= 500 ? 0 : used;
            if (!pool[slot] && new_process(0, 50 + slot, slot % 3 ? 0 : 9, &pool[slot]))
                return "no process";
        }
        struct ipc_host_call *c = &calls[used++];
        uint64_t words[6];
        for (int k = 0; k < 6; k++)
            words[k] = dice() % 3 ? dice() % 9 : dice() % 2 ? UINT64_MAX : (uint64_t)dice() << 32 | dice();
        uint32_t number = dice() % 8 ? dice() % 30 : vfs_label_pipe - vfs_label_open;
        const struct ipc_op *op = number < 16 ? &vfs_protocol.ops[number] : &io_protocol.ops[number - 16];
        bool fits = dice() % 2; /* buffers and handles as the operation has them */
        const char *text = texts[dice() % 10];
        size_t in_len = dice() % 4 ? strlen(text) : dice() % 10, out_len = dice() % sizeof out;
        *c = call_with(dice() % 4 ? text : in, !fits || op->flags & BUF_IN ? in_len : 0, out,
                       !fits || op->flags & BUF_OUT ? out_len : 0);
        uint32_t gap = dice() % 72;
        ipc_host_absent_at(gap < 8 ? (gap % 2 ? out : (char *)c->m.buffers.in) + gap : NULL);
        if (dice() % 4 == 0 && pool[(slot + 1) % 24] && (!fits || IPC_TAKES(op->flags)))
            c->m.handles[c->m.handle_count++] = pool[(slot + 1) % 24];
        if (dice() % 2 && number >= 16)
            words[0] = IO_AT_CURSOR;
        begin_call(c, pool[slot], op->number, words, sizeof words);
        waited += !c->answered;
        for (uint32_t k = 0; c->answered && !c->error && k < c->m.handle_count; k++) {
            uint32_t at = dice() % 24;
            if (pool[at])
                shut(pool[at]);
            pool[at] = c->m.handles[k];
        }
        if (dice() % 50 == 0 && pool[slot]) {
            shut(pool[slot]);
            pool[slot] = 0;
        }
    }
    for (uint32_t k = 0; k < used; k++)
        if (!calls[k].answered)
            ipc_host_cancel(&calls[k], CANCEL_DIED);
    for (uint32_t k = 0; k < 24; k++)
        if (pool[k])
            shut(pool[k]);
    EXPECT(ipc_host_handles() == before && pipe_pages() == 0 && waited > 100);
    return NULL;
}

int main(void)
{
    vfs_start();
    if (vfs_mkdir_with(admin, &(struct vfs_path){0, 0755}, NULL,
                       &(struct ipc_transfer){.in = "/srv", .in_len = 4}))
        abort();
    run_case("processes", processes);
    run_case("shared_offset", shared_offset);
    run_case("touch", touch);
    run_case("parked", parked);
    run_case("cancelled", cancelled);
    run_case("polled", polled);
    run_case("relative", relative);
    run_case("two_paths", two_paths);
    run_case("no_memory", no_memory);
    report("nodes", nodes()); /* leaves a mount; the fuzz leaves files */
    report("fuzz", fuzz());
    ipc_host_stop();
    ipc_host_join();
    CHECK_END();
}
