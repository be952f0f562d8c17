/* servers/vfs/port.h on the host: malloc and counters, a mutex and a condition. Tests begin with the core
 * lock held. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vfs_host.h"

long host_allocations;
long host_fail_after = -1;
unsigned long host_logged;
int host_log_show;
int host_failures;
static int locked = 1;

static bool may_allocate(void)
{
    if (host_fail_after == 0)
        return false;
    if (host_fail_after > 0)
        host_fail_after--;
    host_allocations++;
    return true;
}

void *port_alloc(size_t n)
{
    return may_allocate() ? calloc(1, n ? n : 1) : NULL;
}

void port_free(void *p)
{
    host_allocations -= p != NULL;
    free(p);
}

void *port_page_alloc(void)
{
    void *p = may_allocate() ? aligned_alloc(PAGE_SIZE_VFS, PAGE_SIZE_VFS) : NULL;
    return p ? memset(p, 0, PAGE_SIZE_VFS) : NULL;
}

void port_page_free(void *page)
{
    port_free(page);
}

uint64_t host_shown_size;

void port_file_resized(struct inode *file, uint64_t size)
{
    (void)file;
    host_shown_size = size;
}

uint64_t port_now(void)
{
    static uint64_t now = 1700000000000000000;
    return now += 1000;
}

void port_random(void *p, size_t n)
{
    for (uint8_t *at = p; n--; at++)
        *at = (uint8_t)host_random();
}

/* A log of three lines. */
int port_kernel_log(uint64_t *cursor, char *text, size_t size, size_t *n)
{
    static const char log[] = "one\ntwo\nthree\n";
    const char *line = *cursor < sizeof log - 1 ? log + *cursor : NULL;
    size_t length = line ? (size_t)(strchr(line, '\n') + 1 - line) : 0;
    *n = 0;
    if (length > size)
        return E_SIZE;
    if (line)
        memcpy(text, line, length);
    *cursor += length;
    *n = length;
    return 0;
}

void port_log(const char *format, ...)
{
    va_list args;
    host_logged++;
    if (!host_log_show)
        return;
    va_start(args, format);
    fputs("# ", stdout);
    vprintf(format, args);
    puts("");
    va_end(args);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t happened = PTHREAD_COND_INITIALIZER;

__attribute__((constructor)) static void begin_locked(void)
{
    pthread_mutex_lock(&mutex);
}

void port_lock(void)
{
    pthread_mutex_lock(&mutex);
    if (locked++)
        abort();
}

void port_unlock(void)
{
    if (locked-- != 1)
        abort();
    pthread_mutex_unlock(&mutex);
}

void port_sleep(struct port_event *event)
{
    uint32_t count = event->count;
    locked--;
    while (event->count == count)
        pthread_cond_wait(&happened, &mutex);
    locked++;
}

void port_wake(struct port_event *event)
{
    event->count++;
    pthread_cond_broadcast(&happened);
}

void host_result(const char *name, int ok, const char *why)
{
    if (ok)
        printf("ok %s\n", name);
    else
        printf("not ok %s: %s\n", name, why);
    host_failures += !ok;
    fflush(stdout);
}

void host_case(const char *name, const char *(*run)(void))
{
    long before = host_allocations;
    const char *why = run();
    if (!why && host_allocations != before)
        why = "allocations are left";
    host_result(name, !why, why);
}

static int disk_read(struct blkdev *dev, uint64_t off, void *buf, size_t len)
{
    struct host_disk *d = (struct host_disk *)dev;
    if (off % 1024 || len % 1024 || off > dev->size || len > dev->size - off)
        abort();
    if (off < d->bad_to && off + len > d->bad_from)
        return E_IO;
    memcpy(buf, d->data + off, len);
    return 0;
}

int host_disk_load(struct host_disk *d, const char *file)
{
    FILE *f = fopen(file, "rb");
    *d = (struct host_disk){.dev = {.read = disk_read, .name = "image"}};
    if (!f || fseek(f, 0, SEEK_END))
        return -1;
    d->dev.size = (uint64_t)ftell(f);
    d->data = malloc(d->dev.size);
    rewind(f);
    size_t got = fread(d->data, 1, d->dev.size, f);
    fclose(f);
    return got == d->dev.size ? 0 : -1;
}

void host_disk_free(struct host_disk *d)
{
    free(d->data);
}

static int io_copy(struct host_io *h, size_t n)
{
    return n > h->cap - h->at ? E_FAULT : h->fail_at < h->at + n ? E_TOUCH : 0;
}

static int to_host(struct uio *io, void *mem, size_t n)
{
    struct host_io *h = (struct host_io *)io;
    int err = io_copy(h, n);
    if (!err)
        memcpy(h->mem + h->at, mem, n);
    h->at += err ? 0 : n;
    return err;
}

static int from_host(struct uio *io, void *mem, size_t n)
{
    struct host_io *h = (struct host_io *)io;
    int err = io_copy(h, n);
    if (!err)
        memcpy(mem, h->mem + h->at, n);
    h->at += err ? 0 : n;
    return err;
}

struct host_io host_reader(void *mem, size_t cap)
{
    return (struct host_io){.io.copy = to_host, .mem = mem, .cap = cap, .fail_at = SIZE_MAX};
}

struct host_io host_writer(const void *mem, size_t len)
{
    return (struct host_io){.io.copy = from_host, .mem = (uint8_t *)mem, .cap = len, .fail_at = SIZE_MAX};
}

int host_shell(const char *format, ...)
{
    char command[2048], whole[2400];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "export PATH=\"$PATH:/usr/sbin:/sbin\"; { %s; } >/dev/null 2>&1", command);
    return system(whole);
}

static char scratch[64];

static void scratch_remove(void)
{
    host_shell("rm -rf %s", scratch);
}

const char *host_scratch(void)
{
    if (!scratch[0]) {
        strcpy(scratch, "/tmp/vfs-test-XXXXXX");
        if (!mkdtemp(scratch))
            abort();
        atexit(scratch_remove);
    }
    return scratch;
}

static uint64_t state = 1;

void host_seed(uint64_t seed)
{
    state = seed * 2 + 1;
}

uint32_t host_random(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33 ^ state >> 17);
}
