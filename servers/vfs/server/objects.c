/* Files as memory objects of the pager, of which vfs is the manager: mmap and exec map them, the pager asks
 * for pages by a parked call. Pages of a file in memory are lent, and so the same for all: one object stands
 * for the file as long as anybody maps it, and follows its size. Of other files pages are copied: an object
 * shows the file as it was when it was first mapped, and one that has been changed since gets a new object.
 * A file system that can write pages (write_pages) has one object for each file, too, and gets back what was
 * stored to it: the pager asks by the same parked call, fsync takes the pages by itself.
 * Sessions with objects are kept for the next who maps the same file, the oldest given up first; an object's
 * record goes when the pager says that nobody refers to it. */
#include <ipc/lock.h>
#include <ipc/log.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <proto/pager.h>
#include "session.h"

#define SESSIONS_MAX 128u /* objects kept for the next who maps */
#define BATCH_PAGES  16u

struct object {
    struct list link; /* in `objects`, the last used at the end */
    struct place at;  /* of the file, referenced */
    uint64_t id, size, mtime;
    handle_t session; /* HANDLE_NONE once given up */
    bool lent;        /* its pages are the file's own */
    bool lasting;     /* lent, or written back: the file has no other object */
    bool gone;        /* the pager has no such object any more, and is about to say so */
};

static struct list objects = {&objects, &objects};
static uint32_t sessions;
static handle_t manager;

static void object_retire(struct object *o)
{
    if (o->session) {
        sys_handle_close(o->session);
        o->session = HANDLE_NONE;
        sessions--;
    }
}

/* The object of a file whose pages are lent: with a session again, or NULL. */
static bool object_revive(struct object *o)
{
    struct ipc_transfer t = {0};
    if (o->session)
        return true;
    o->gone = pager_object_session_with(manager, &(struct pager_object){o->id}, NULL, &t) || t.got_count != 1;
    if (o->gone)
        return false;
    o->session = t.got[0];
    sessions++;
    return true;
}

static struct object *object_find(const struct inode *ino)
{
    list_each(it, &objects)
    {
        struct object *o = list_entry(it, struct object, link);
        if (o->at.ino != ino || o->gone)
            continue;
        if (o->lasting ? object_revive(o) : o->session && o->size == ino->size && o->mtime == ino->mtime)
            return o;
        object_retire(o);
    }
    return NULL;
}

/* Is the file shown by another object, too? */
static bool file_is_shown(const struct object *but)
{
    list_each(it, &objects)
    {
        const struct object *o = list_entry(it, struct object, link);
        if (o != but && o->at.ino == but->at.ino && !o->gone)
            return true;
    }
    return false;
}

static uint64_t pages_of(uint64_t size)
{
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

void port_file_resized(struct inode *file, uint64_t size)
{
    list_each(it, &objects)
    {
        struct object *o = list_entry(it, struct object, link);
        if (o->at.ino != file || o->gone || !o->lasting)
            continue;
        if (o->lent ? pages_of(size) != pages_of(o->size) : size != o->size)
            (void)pager_resize(manager, &(struct pager_object_size){o->id, size}, NULL, 0);
        o->size = size;
    }
}

static void retire_oldest(void)
{
    list_each(it, &objects)
    {
        struct object *o = list_entry(it, struct object, link);
        if (!o->session)
            continue;
        object_retire(o);
        return;
    }
}

static int object_new(const struct file *f, struct object **out)
{
    struct object *o = port_alloc(sizeof *o);
    if (!o)
        return E_NOMEM;
    bool lent = f->at.ino->ops->page != NULL;
    struct pager_object_create ask = {.size = f->at.ino->size, .tag = (uintptr_t)o, .lent = lent};
    struct pager_object made;
    struct ipc_transfer t = {0};
    int err = pager_object_create_with(manager, &ask, &made, &t);
    if (!err && t.got_count != 1)
        err = E_IO;
    if (err) {
        port_free(o);
        return err;
    }
    if (sessions >= SESSIONS_MAX)
        retire_oldest();
    o->id = made.object;
    o->session = t.got[0];
    o->size = f->at.ino->size;
    o->mtime = f->at.ino->mtime;
    o->at = place_get(f->at);
    o->lent = lent;
    o->lasting = o->at.ino->shown = lent || o->at.ino->ops->write_pages;
    list_append(&objects, &o->link);
    sessions++;
    *out = o;
    return 0;
}

int object_of_file(struct ipc_request *r, struct file *f, uint64_t *size)
{
    handle_t copy;
    int err = 0;

    if (f->pipe || (f->at.ino->mode & MODE_TYPE) != MODE_FILE)
        return E_NODEV;
    if (!(f->flags & OPEN_READ))
        return E_ACCES;
    if (!manager)
        return E_NOSYS;
    struct object *o = object_find(f->at.ino);
    if (!o)
        err = object_new(f, &o);
    if (err)
        return err;
    list_remove(&o->link);
    list_append(&objects, &o->link);
    *size = o->size;
    /* Stores to mere copies would not reach the file: only private mappings may write. */
    uint32_t rights = RIGHT_COPY | RIGHT_READ | (o->lasting && f->flags & OPEN_WRITE ? RIGHT_WRITE : 0);
    err = sys_handle_copy(o->session, rights, 0, 0, &copy);
    return err ? err : ipc_give(r, copy);
}

void objects_trim(void)
{
    while (sessions)
        retire_oldest();
}

static struct object *object_named(uint64_t tag, uint64_t id)
{
    list_each(it, &objects)
    {
        struct object *o = list_entry(it, struct object, link);
        if ((uintptr_t)o == tag && o->id == id)
            return o;
    }
    return NULL;
}

struct page_io {
    struct uio io;
    uint8_t *at;
};

static int to_page(struct uio *io, void *mem, size_t n)
{
    struct page_io *p = (struct page_io *)io;
    memcpy(p->at, mem, n);
    p->at += n;
    return 0;
}

/* Reads pages of the file; what lies behind its end is zeros. */
static int read_pages(struct place at, uint64_t offset, uint8_t *buf, size_t len)
{
    struct page_io io = {{to_page}, buf};
    size_t done = 0;
    int err = at.ino->ops->read(at.ino, offset, len, &io.io, &done);
    memset(buf + done, 0, len - done);
    return err;
}

static void page_in(const struct pager_request *ask)
{
    static uint8_t buf[BATCH_PAGES * PAGE_SIZE_VFS];
    for (uint64_t page = 0, n; page < ask->pages; page += n) {
        n = min_u64(ask->pages - page, BATCH_PAGES);
        struct pager_supply supply = {.object = ask->object, .offset = ask->offset + page * PAGE_SIZE};
        struct ipc_transfer t = {.in = buf, .in_len = (uint32_t)(n * PAGE_SIZE)};
        core_enter();
        struct object *o = object_named(ask->tag, ask->object);
        struct place at = o ? place_get(o->at) : (struct place){0};
        supply.status = o ? (uint32_t)read_pages(at, supply.offset, buf, n * PAGE_SIZE) : E_IO;
        place_put(&at);
        core_leave();
        if (supply.status)
            t.in_len = 0;
        (void)pager_supply_with(manager, &supply, NULL, &t);
    }
}

/* The page that is asked for, and what follows and is there. The core lock is held until the pager has them:
 * nothing is cut off meanwhile. */
static int lend_pages(const struct object *o, uint64_t first)
{
    static uint64_t addresses[PAGER_LEND_MAX];
    struct inode *file = o->at.ino;
    uint64_t pages = pages_of(file->size);
    uint32_t n = 0;
    void *page = first < pages ? file->ops->page(file, first, true) : NULL;
    if (!page)
        return first < pages ? E_NOSPC : E_IO;
    for (; page && n < PAGER_LEND_MAX;
         page = first + n < pages ? file->ops->page(file, first + n, false) : NULL)
        addresses[n++] = (uintptr_t)page;
    struct ipc_transfer t = {.in = addresses, .in_len = n * sizeof *addresses};
    return pager_lend_with(manager, &(struct pager_lend){o->id, first * PAGE_SIZE}, NULL, &t);
}

static void page_lend(const struct pager_request *ask)
{
    core_enter();
    const struct object *o = object_named(ask->tag, ask->object);
    struct pager_supply supply = {.object = ask->object, .offset = ask->offset};
    supply.status = o ? (uint32_t)lend_pages(o, ask->offset / PAGE_SIZE) : E_IO;
    core_leave();
    if (supply.status)
        (void)pager_supply(manager, &supply, NULL, 0);
}

static bool is_lent(const struct pager_request *ask)
{
    core_enter();
    const struct object *o = object_named(ask->tag, ask->object);
    bool lent = o && o->lent;
    core_leave();
    return lent;
}

/* ---- writing back ---- */

/* Held by whoever writes pages, outside of the core lock: who has it finds none half written. Guards the
 * buffer. */
static struct ipc_lock writing;

/* Pages that the pager has given out: from its memory to the file. `writing` is held. */
static int write_pages(uint64_t object, struct inode *file, uint64_t offset, uint64_t pages)
{
    static uint8_t buf[BATCH_PAGES * PAGE_SIZE_VFS];
    static bool said;
    struct pager_count got = {0};
    struct ipc_transfer t = {.out = buf, .out_len = (uint32_t)(pages * PAGE_SIZE)};
    int err = pager_object_read_with(manager, &(struct pager_object_part){object, offset}, &got, &t);
    if (err)
        return err == E_NOENT ? 0 : err; /* cut off meanwhile */
    core_enter();
    if (!file->ops->write_pages) {
        if (!said)
            ipc_warning("%s cannot write pages of files back: they stay in memory", file->ops->name);
        said = true;
        err = E_ROFS;
    } else if (offset < file->size) {
        err = file->ops->write_pages(file, offset, buf, min_u64(got.count, file->size - offset));
    }
    file->write_error = err ? err : file->write_error;
    core_leave();
    return err;
}

static void say_written(uint64_t object, const uint64_t *offsets, uint32_t count, int status)
{
    struct ipc_transfer t = {.in = offsets, .in_len = count * (uint32_t)sizeof *offsets};
    (void)pager_written_with(manager, &(struct pager_written){object, (uint32_t)status}, NULL, &t);
}

static struct place object_place(uint64_t tag, uint64_t id)
{
    core_enter();
    const struct object *o = object_named(tag, id);
    struct place at = o ? place_get(o->at) : (struct place){0};
    core_leave();
    return at;
}

static void place_release(struct place *at)
{
    core_enter();
    place_put(at);
    core_leave();
}

static void write_back(const struct pager_request *ask)
{
    uint64_t offsets[BATCH_PAGES];
    uint32_t count = (uint32_t)min_u64(ask->pages, BATCH_PAGES);
    struct place at = object_place(ask->tag, ask->object);
    ipc_lock(&writing);
    int err = at.ino ? write_pages(ask->object, at.ino, ask->offset, count) : E_IO;
    for (uint32_t i = 0; i < count; i++)
        offsets[i] = ask->offset + i * PAGE_SIZE;
    say_written(ask->object, offsets, count, err);
    ipc_unlock(&writing);
    place_release(&at);
}

/* Pages that follow each other go together. */
static int write_taken(uint64_t object, struct inode *file, const uint64_t *offsets, uint32_t count)
{
    int error = 0;
    for (uint32_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && n < BATCH_PAGES && offsets[i + n] == offsets[i] + n * PAGE_SIZE; n++)
            ;
        int err = write_pages(object, file, offsets[i], n);
        say_written(object, offsets + i, n, err);
        error = error ? error : err;
    }
    return error;
}

/* What is dirty now. Pages are taken in the order in which they became so: what is stored to meanwhile comes behind, and
 * is left to the next sync. */
static int object_write_dirty(uint64_t id, struct inode *file, uint64_t most)
{
    uint64_t offsets[64];
    struct pager_count count = {1};
    int err = 0;
    ipc_lock(&writing);
    for (uint64_t taken = 0; !err && count.count && taken < most; taken += count.count) {
        struct ipc_transfer t = {.out = offsets, .out_len = sizeof offsets};
        err = pager_take_dirty_with(manager, &(struct pager_object){id}, &count, &t);
        if (!err)
            err = write_taken(id, file, offsets, (uint32_t)count.count);
    }
    ipc_unlock(&writing);
    return err == E_NOENT ? 0 : err;
}

int objects_sync(struct inode *file)
{
    uint64_t id = 0;
    core_enter();
    uint64_t pages = pages_of(file->size);
    list_each(it, &objects)
    {
        const struct object *o = list_entry(it, struct object, link);
        if (o->at.ino == file && o->lasting && !o->lent && !o->gone)
            id = o->id;
    }
    core_leave();
    int err = id ? object_write_dirty(id, file, pages) : 0;
    core_enter();
    err = err ? err : file->write_error;
    file->write_error = 0;
    core_leave();
    return err;
}

/* What could not be written when nobody referred to the object any more is lost. */
static void drop_dirty(const struct pager_request *ask)
{
    ipc_error("%u pages stored to a mapped file could not be written: they are lost", ask->pages);
    (void)pager_object_destroy(manager, &(struct pager_object){ask->object}, NULL, 0);
}

static void unused(const struct pager_request *ask)
{
    if (ask->pages > 0)
        drop_dirty(ask);
    core_enter();
    struct object *o = object_named(ask->tag, ask->object);
    if (o) {
        object_retire(o);
        list_remove(&o->link);
        o->at.ino->shown = o->at.ino->shown && file_is_shown(o);
        place_put(&o->at);
        port_free(o);
    }
    core_leave();
}

static void serve_pager(void *unused_argument)
{
    struct pager_request ask;
    (void)unused_argument;
    for (;;) {
        int err = pager_next_request(manager, NULL, &ask, 0);
        if (err)
            ipc_sleep_until(IPC_MS(10));
        else if (ask.kind == PAGER_PAGE_IN && is_lent(&ask))
            page_lend(&ask);
        else if (ask.kind == PAGER_PAGE_IN)
            page_in(&ask);
        else if (ask.kind == PAGER_WRITE_BACK)
            write_back(&ask);
        else if (ask.kind == PAGER_UNUSED)
            unused(&ask);
    }
}

int objects_start(void)
{
    manager = ipc_handle("pager.manager");
    if (!manager) {
        ipc_warning("no manager's session with the pager: files cannot be mapped");
        return 0;
    }
    struct ipc_transfer t = {.send = {HANDLE_FIRST(SLOT_PAGER)}, .send_count = 1};
    int err = pager_manager_ready_with(manager, &(struct ipc_none){}, NULL, &t);
    if (err)
        return err;
    return ipc_thread_start(serve_pager, NULL, ipc_thread_priority(), NULL);
}
