/* Between server.c, server_keep.c and request.c. */
#ifndef IPC_SERVER_INTERNAL_H
#define IPC_SERVER_INTERNAL_H

#include <ipc/server.h>
#include <ipc/syscall.h>

void ipc_request_end(struct ipc_request *r);
void ipc_request_send(struct ipc_request *r, struct ipc_message *m); /* the answer to a deferred request */
void ipc_request_reply(const struct ipc_request *r, int status, struct ipc_message *m);

#endif
