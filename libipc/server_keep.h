/* Between server.c, request.c, client.c and server_keep.c: the server's kept state and results. */
#ifndef IPC_SERVER_KEEP_H
#define IPC_SERVER_KEEP_H

#include <ipc/server.h>

/* True once kept_open has succeeded: the functions below may be called. */
extern bool kept_state;
static inline bool kept(void)
{
    return kept_state;
}

/* Bring server->kept back, or make a region for it. E_INVAL: several workers. */
int kept_open(const struct ipc_server *server, handle_t port);

/* A result of this call is known: put it into *reply (IPC_WORDS words) and its handles into *r. */
bool kept_replay(struct ipc_request *r, uint64_t *reply, int *status);

/* The answer *m to *r is about to go out. */
void kept_result(const struct ipc_request *r, const struct ipc_message *m);

/* Keep back the answer *m to a deferred request until what led to it is published. */
void kept_hold(const struct ipc_request *r, const struct ipc_message *m);

/* Publish what a message or notice has changed, then send what was held. notice: its id, or 0. */
void kept_publish(uint64_t notice);
bool kept_noticed(uint64_t notice); /* its hook has returned already, in a former instance perhaps */

/* What was answered has arrived. */
void kept_sent(void);

/* For ipc_client_set: a state inside the kept memory is found again by the next instance. */
int kept_client(uint64_t badge, const void *state);
void kept_closed(uint64_t badge);

#endif
