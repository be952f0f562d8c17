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

/* The client is given one more session, E_QUOTA or E_NOMEM; which one; or none after all. */
int ipc_session_add(struct ipc_request *r);
int ipc_session_given(struct ipc_request *r, uint64_t badge);
void ipc_session_take(uint64_t client);
void ipc_session_closed(uint64_t badge);

/* ---- request.c ---- */

void ipc_request_end(struct ipc_request *r);
void ipc_request_send(struct ipc_request *r, struct ipc_message *m); /* the answer to a deferred request */
void ipc_request_reply(const struct ipc_request *r, int status, struct ipc_message *m);

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
