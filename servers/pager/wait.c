#include "wait.h"

#include "fault.h"
#include "object.h"
#include "pool.h"
#include "space.h"
#include "writeback.h"

#define CHANNEL_MAX 64u

static struct pool waiter_pool = {.size = sizeof(struct waiter)};
static struct waiter *all;
static struct channel channels[CHANNEL_MAX];
static uint64_t next_cookie;

/* ---- waiters ---- */

void waiter_unlist(struct waiter *w)
{
    if (!w->list)
        return;
    *(w->prev ? &w->prev->next : &w->list->first) = w->next;
    *(w->next ? &w->next->prev : &w->list->last) = w->prev;
    w->list = NULL;
}

void waiter_enlist(struct waiter_list *list, struct waiter *w)
{
    waiter_unlist(w);
    w->list = list;
    w->next = NULL;
    w->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = w;
    list->last = w;
}

int waiter_new(enum waiter_kind kind, uint32_t thread, struct waiter **out)
{
    handle_t reply;
    struct waiter *w = pool_alloc(&waiter_pool);
    if (!w)
        return E_NOMEM;
    int error = machine_defer(&reply);
    if (error) {
        pool_free(&waiter_pool, w);
        return error;
    }
    w->kind = kind;
    w->reply = reply;
    w->thread = thread;
    w->all_next = all;
    if (all)
        all->all_prev = w;
    all = w;
    *out = w;
    return 0;
}

void waiter_free(struct waiter *w)
{
    waiter_unlist(w);
    *(w->all_prev ? &w->all_prev->all_next : &all) = w->all_next;
    if (w->all_next)
        w->all_next->all_prev = w->all_prev;
    pool_free(&waiter_pool, w);
}

void waiter_answer(struct waiter *w, uint32_t label, const uint64_t *words, uint32_t count)
{
    int error = machine_reply(w->reply, label, words, count);
    if (error)
        machine_close(w->reply);
    waiter_free(w);
}

uint32_t waiter_live(void)
{
    return waiter_pool.live;
}

/* Answer nobody: the caller is dead, or is about to be. */
static void waiter_drop(struct waiter *w)
{
    machine_close(w->reply);
    waiter_free(w);
}

void waiters_cancel(uint32_t thread, bool died)
{
    for (struct waiter *w = all, *next; w; w = next) {
        next = w->all_next;
        if (w->thread != thread)
            continue;
        if (died)
            waiter_drop(w);
        else if (w->kind == WAIT_COPY || w->kind == WAIT_NEXT || w->kind == WAIT_SYNC || w->kind == WAIT_DMA)
            waiter_answer(w, E_CANCELLED, NULL, 0);
    }
}

void waiters_drop_space(uint64_t space)
{
    for (struct waiter *w = all, *next; w; w = next) {
        next = w->all_next;
        if ((w->kind == WAIT_FAULT && w->fault.space == space) ||
            (w->kind == WAIT_EXCEPTION && w->exception.space == space) ||
            (w->kind == WAIT_DMA && w->dma.space == space))
            waiter_drop(w);
        else if ((w->kind == WAIT_COPY && w->copy.space == space) ||
                 (w->kind == WAIT_SYNC && w->sync.space == space))
            waiter_answer(w, E_SRCH, NULL, 0);
    }
}

/* ---- channels ---- */

int channel_create(enum channel_kind kind, handle_t *session, struct channel **out)
{
    for (uint32_t i = 0; i < CHANNEL_MAX; i++) {
        struct channel *c = &channels[i];
        if (c->kind != CHANNEL_NONE)
            continue;
        bool admin = kind == CHANNEL_ADMIN;
        int error = machine_mint(SESSION_TAG(admin ? SESSION_ADMIN : SESSION_MANAGER, i),
                                 RIGHT_COPY | RIGHT_CALL | RIGHT_USE | (admin ? RIGHT_ADMIN : RIGHT_WRITE),
                                 session, &c->badge);
        if (error)
            return error;
        c->kind = (uint8_t)kind;
        *out = c;
        return 0;
    }
    return E_FULL;
}

struct channel *channel_by_badge(uint64_t badge)
{
    uint32_t kind = SESSION_KIND(badge), index = SESSION_INDEX(badge);
    if ((kind != SESSION_ADMIN && kind != SESSION_MANAGER) || index >= CHANNEL_MAX)
        return NULL;
    struct channel *c = &channels[index];
    return c->kind != CHANNEL_NONE && c->badge == badge ? c : NULL;
}

struct channel *channel_manager(uint32_t *i)
{
    while (*i < CHANNEL_MAX)
        if (channels[(*i)++].kind == CHANNEL_MANAGER)
            return &channels[*i - 1];
    return NULL;
}

static void exception_end(struct waiter *w);

void channel_closed(struct channel *channel)
{
    struct waiter_list woken = {0};
    while (channel->parked.first) /* a caller holds its session: this is for completeness */
        waiter_answer(channel->parked.first, E_DEAD, NULL, 0);
    while (channel->pending.first)
        exception_end(channel->pending.first);
    if (channel->kind == CHANNEL_ADMIN) {
        for (uint32_t i = 0; i < SPACE_MAX; i++) {
            struct space *space = space_by_index(i);
            if (space && space->admin == channel)
                space->admin = NULL;
        }
        for (struct waiter *w = all, *next; w; w = next) {
            next = w->all_next;
            struct space *space = w->kind == WAIT_EXCEPTION ? space_by_id(w->exception.space) : NULL;
            if (space && !space->admin)
                exception_end(w);
        }
    } else {
        object_orphan(channel, &woken);
        while (woken.first)
            fault_retry(woken.first);
        while (channel->room.first)
            fault_fail(channel->room.first, PAGER_EXC_IO);
    }
    *channel = (struct channel){0};
}

/* Park the present caller: PAGER_PARKED or an error. */
static int channel_park(struct channel *channel, uint32_t thread)
{
    struct waiter *w;
    int error = waiter_new(WAIT_NEXT, thread, &w);
    if (error)
        return error;
    waiter_enlist(&channel->parked, w);
    return PAGER_PARKED;
}

int channel_next_request(struct channel *channel, uint32_t thread, struct pager_request *out)
{
    channel->writes = !channel->writes;
    if ((channel->writes && writeback_next(channel, out)) || object_next_request(channel, out) ||
        (!channel->writes && writeback_next(channel, out)))
        return 0;
    return channel_park(channel, thread);
}

void channel_kick(struct channel *manager)
{
    union {
        struct pager_request request;
        uint64_t words[sizeof(struct pager_request) / 8];
    } u;
    while (manager->parked.first && object_next_request(manager, &u.request))
        waiter_answer(manager->parked.first, 0, u.words, sizeof u.words / 8);
}

/* ---- exceptions ---- */

static const char *exception_name(uint32_t code)
{
    static const char *const names[] = {
        [PAGER_EXC_CPU] = "exception",
        [PAGER_EXC_UNMAPPED] = "nothing mapped",
        [PAGER_EXC_DENIED] = "access denied",
        [PAGER_EXC_GUARD] = "guard hit",
        [PAGER_EXC_IO] = "page cannot be read",
        [PAGER_EXC_NOMEM] = "out of memory",
        [PAGER_EXC_END] = "beyond the end of the object",
    };
    return code < sizeof names / sizeof *names && names[code] ? names[code] : "fault";
}

static void exception_log(const struct pager_exception *x)
{
    machine_log("space %lx thread %lu: %s at address %lx, rip %lx (vector %u): ended",
                (unsigned long)x->space, (unsigned long)x->thread, exception_name(x->code),
                (unsigned long)x->address, (unsigned long)x->rip, x->vector);
}

static void exception_end(struct waiter *w)
{
    exception_log(&w->exception);
    waiter_answer(w, FAULT_REFUSE, NULL, 0);
}

/* Give an exception to a parked next_exception. */
static void exception_tell(struct channel *channel, struct waiter *w)
{
    uint64_t words[sizeof w->exception / 8];
    __builtin_memcpy(words, &w->exception, sizeof words);
    waiter_unlist(w);
    waiter_answer(channel->parked.first, 0, words, sizeof words / 8);
}

bool exception_raise(struct space *space, struct waiter *w, struct pager_exception *x)
{
    struct channel *channel = space->admin;
    if (!channel || (channel->boot && !channel->parked.first) ||
        (!w && waiter_new(WAIT_EXCEPTION, (uint32_t)x->thread, &w))) {
        exception_log(x);
        return false;
    }
    x->cookie = ++next_cookie;
    w->kind = WAIT_EXCEPTION;
    w->exception = *x;
    if (channel->parked.first)
        exception_tell(channel, w);
    else
        waiter_enlist(&channel->pending, w);
    return true;
}

int channel_next_exception(struct channel *channel, uint32_t thread, struct pager_exception *out)
{
    struct waiter *w = channel->pending.first;
    if (!w)
        return channel_park(channel, thread);
    *out = w->exception;
    waiter_unlist(w);
    return 0;
}

int exception_done(struct channel *channel, uint64_t cookie, bool resume)
{
    for (struct waiter *w = all; w; w = w->all_next) {
        if (w->kind != WAIT_EXCEPTION || w->exception.cookie != cookie)
            continue;
        struct space *space = space_by_id(w->exception.space);
        if (!space || space->admin != channel)
            return E_PERM;
        if (resume)
            waiter_answer(w, FAULT_RESUME, NULL, 0);
        return 0; /* else it stays stopped until its task is gone */
    }
    return E_SRCH;
}
