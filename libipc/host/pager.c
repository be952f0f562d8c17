/* What servers ask of the pager: memory, and objects that outlive an instance. */
#include "kernel.h"
#include <ouros/error.h>
#include <proto/pager.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct host_object *object_of(const struct ipc_message *m)
{
    struct host_entry *e = m->handle_count == 1 ? host_entry(m->handles[0]) : NULL;

    return e && e->kind == OBJ_MEMORY ? e->object : NULL;
}

static int map(const struct pager_map *in, const struct host_object *object, struct pager_address *out)
{
    void *place;

    if (object && (in->offset > object->size || in->length > object->size - in->offset))
        return E_INVAL;
    if (object && in->flags & PAGER_SHARED) {
        out->address = (uint64_t)object->bytes + in->offset;
        return 0;
    }
    place = mmap(NULL, in->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        return E_NOMEM;
    if (object)
        memcpy(place, object->bytes + in->offset, in->length);
    out->address = (uint64_t)place;
    return 0;
}

static handle_t object_new(const void *bytes, size_t size)
{
    struct host_object *object = calloc(1, sizeof *object);
    size_t whole = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

    if (!object)
        abort();
    object->size = whole;
    object->bytes = aligned_alloc(PAGE_SIZE, whole);
    if (!object->bytes)
        abort();
    memset(object->bytes, 0, whole);
    if (bytes)
        memcpy(object->bytes, bytes, size);
    return host_handle(OBJ_MEMORY, object, RIGHT_COPY | RIGHT_READ | RIGHT_WRITE);
}

handle_t ipc_host_object(const void *bytes, size_t size)
{
    handle_t handle;

    pthread_mutex_lock(&host_lock);
    handle = object_new(bytes, size);
    pthread_mutex_unlock(&host_lock);
    return handle;
}

/* Where an object was mapped shared, it is its handles that keep it. */
static int unmap(const struct pager_range *in)
{
    if (host_is_object(in->address))
        return 0;
    return munmap((void *)in->address, in->length) ? E_INVAL : 0;
}

int host_pager_call(struct ipc_message *m)
{
    uint64_t words[IPC_WORDS] = {0};
    uint32_t got = 0;

    pthread_mutex_lock(&host_lock);
    switch (m->label) {
    case pager_label_map: m->label = (uint32_t)map((void *)m->words, object_of(m), (void *)words); break;
    case pager_label_unmap: m->label = (uint32_t)unmap((void *)m->words); break;
    case pager_label_memory_object:
        m->handles[0] = object_new(NULL, ((struct pager_object_size *)m->words)->size);
        got = 1;
        m->label = 0;
        break;
    default: m->label = E_NOSYS;
    }
    m->handle_count = got;
    memcpy(m->words, words, sizeof words);
    pthread_mutex_unlock(&host_lock);
    return 0;
}
