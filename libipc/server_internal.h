/* Between server.c, server_keep.c and request.c. */
#ifndef IPC_SERVER_INTERNAL_H
#define IPC_SERVER_INTERNAL_H

#include <ipc/server.h>
#include <ipc/syscall.h>

/* ---- client.c: what each client has ---- */

void ipc_clients_begin(const struct ipc_server *server); /* its limits */

/* One more call of r->client's is deferred. E_QUOTA: it has as many as it may; E_NOMEM. */
int ipc_deferred_add(struct ipc_request *r);
void ipc_deferred_take(struct ipc_request *r); /* one less */

void ipc_session_closed(uint64_t badge); /* one less, of whom it was given to */

/* ---- server.c ---- */

extern handle_t ipc_port; /* that is served */

/* ---- request.c ---- */

void ipc_request_end(struct ipc_request *r);
void ipc_request_send(struct ipc_request *r, struct ipc_message *m); /* the answer to a deferred request */
void ipc_request_reply(const struct ipc_request *r, int status, struct ipc_message *m);

/* ---- timer.c ---- */

void ipc_timers_begin(const struct ipc_server *server);
extern bool ipc_loop_timed;                /* the first worker has a deadline to ask for before it waits */
extern struct ipc_timer *ipc_timers_first; /* NULL: none is set */
uint64_t ipc_timers_run(void); /* those that are due; when the next one is, for the loop, or DEADLINE_NEVER */

/* ---- irq.c ---- */

int ipc_irqs_begin(const struct ipc_server *server, handle_t port);
uint64_t ipc_irqs_take(uint64_t bits); /* handle those among notification bits; the others */

/* ---- ping.c ---- */

/* A worker's message in hand. Written by the worker (count, label) and by who answers a ping (the rest). */
struct ipc_held {
    volatile uint32_t count; /* odd: there is one */
    volatile uint32_t label;
    uint32_t seen_count;
    uint64_t seen_ns; /* since when, at the latest */
};
void ipc_held_register(struct ipc_held *held);

/* Tell init that this server lives, and the age of the oldest message in hand. `parks`: such a call may be
 * held for long. Pings are answered one at a time: init raises the next one after the answer, or in vain. */
void ipc_answer_ping(bool (*parks)(uint32_t label));

#endif
