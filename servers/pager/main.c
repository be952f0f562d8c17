/* The pager: the first task. It holds the physical memory, and decides what every space shows. It waits for
 * nobody, and never faults: all that it touches was mapped before it ran. docs/pager.md is its page. */
#include "server.h"

#include <ipc/heap.h>
#include <ipc/log.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

#include "check.h"
#include "chore.h"
#include "fault.h"
#include "space.h"
#include "stock.h"
#include "writeback.h"

#define LOOK_EVERY  64u /* messages between two looks at the kernel's stock */
#define CHECK_EVERY 32u /* dead spaces between two checks of everything, in debug builds */

struct object *bundle_object;
handle_t bundle_session;
uint64_t bundle_badge;

static uint32_t deaths;

void message_begin(struct ipc_request *request)
{
    machine_request = request;
    fault_settle();
}

static int fault(const struct ipc_message *m, int error, struct ipc_message *reply)
{
    struct fault_answer answer;
    int later = 0;
    if (error) {
        fault_refused(error, &answer);
    } else {
        message_begin(NULL);
        if (m->label == MSG_EXCEPTION)
            later = fault_exception(m->badge, m->thread, (uint32_t)m->words[0], m->words[2], m->words[4],
                                    &answer);
        else
            later = fault_handle(
                &(struct fault){m->badge, m->thread, (uint32_t)m->words[1], m->words[0], m->words[2]},
                &answer);
    }
    if (later)
        return IPC_LATER;
    reply->label = answer.label;
    for (int i = 0; i < 3; i++)
        reply->words[i] = answer.word[i];
    return 0;
}

static void client_close(uint64_t badge, void *state)
{
    struct channel *channel = channel_by_badge(badge);
    struct object *object = object_by_badge(badge);
    (void)state;
    message_begin(NULL);
    if (channel)
        channel_closed(channel);
    if (object)
        object_closed(object);
}

static void cancel(uint64_t badge, uint32_t thread, uint32_t seq, enum cancel_why why)
{
    (void)badge, (void)seq;
    message_begin(NULL);
    waiters_cancel(thread, why == CANCEL_DIED);
}

static void dead(uint64_t cookie, uint64_t value, enum task_end end)
{
    struct space *space = space_by_id(cookie);
    message_begin(NULL);
    if (cookie == boot_init_space)
        machine_panic("init has ended: value %lu, how %d: nobody is left to go on", (unsigned long)value,
                      (int)end);
    if (space)
        space_destroy(space);
    deaths++;
}

static void notify(uint64_t bits)
{
    message_begin(NULL);
    if (bits & ZEROER_ASKS)
        stock_buy();
    if (bits & WORKER_DONE)
        chores_go_on();
}

/* Debug: from time to time everything is compared with everything. */
static void check_now_and_then(void)
{
#ifdef OUROS_DEBUG
    static uint32_t checked;
    struct pager_check found;
    if (deaths - checked < CHECK_EVERY)
        return;
    checked = deaths;
    pager_check_all(&found);
    if (found.errors)
        machine_panic("the checker found %lu faults", (unsigned long)found.errors);
#endif
}

/* Asked before each wait: the place for what must not happen amid a message, and to look after the kernel's
 * stock. */
static uint64_t deadline(void)
{
    static uint32_t rounds;
    machine_request = NULL;
    if (settle_due) {
        requests_settle();
        writeback_settle();
    }
    check_now_and_then();
    if (++rounds % LOOK_EVERY == 0)
        block_feed();
    return DEADLINE_NEVER;
}

static void *no_pages(size_t bytes)
{
    (void)bytes;
    return NULL; /* the pager's records lie in pools */
}

int main(void)
{
    const struct boot_info *info = (const struct boot_info *)ipc_argument();
    uint64_t badge;
    ipc_heap_source(&(struct ipc_page_source){no_pages, NULL});
    if (!info || info->magic != BOOT_INFO_MAGIC)
        machine_panic("no boot information");
    if (!frame_init(info))
        machine_panic("no room for the records of frames");
    int error = sys_port_create(&machine_port);
    if (!error)
        error = object_bundle(info->bundle.start, info->bundle.end - info->bundle.start, &bundle_object);
    if (!error)
        error = machine_mint(SESSION_TAG(SESSION_OBJECT, bundle_object->index), RIGHT_COPY | RIGHT_READ,
                             &bundle_session, &badge);
    if (error)
        machine_panic("cannot begin: error %d", error);
    bundle_badge = badge;
    block_feed();
    machine_log("%lu of %lu MiB free", (unsigned long)frame_counts.kind[FRAME_FREE] / 256,
                (unsigned long)frame_counts.owned / 256);
    error = threads_start();
    if (error)
        machine_panic("no further threads: %s", ipc_error_text(error));
    error = boot_start_init(info);
    if (error)
        machine_panic("init cannot be started: %s", ipc_error_text(error));
    error =
        ipc_serve(&(struct ipc_server){.name = "pager",
                                       .ops = &pager_operations,
                                       .port = machine_port,
                                       .deferred_most = UINT32_MAX, /* callers are accounted for as waiters */
                                       .fault = fault,
                                       .notify = notify,
                                       .client_close = client_close,
                                       .cancel = cancel,
                                       .dead = dead,
                                       .deadline = deadline});
    machine_panic("the loop has ended: %s", ipc_error_text(error));
}
