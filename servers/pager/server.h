/* The parts that only the real pager has: its port, its table of operations, its start. */
#ifndef PAGER_SERVER_H
#define PAGER_SERVER_H

#include <ipc/server.h>
#include <ouros/boot.h>
#include <proto/pager.h>

#include "object.h"

extern handle_t machine_port;
/* The call being handled, or NULL: a fault. */
extern struct ipc_request *machine_request;

extern const struct pager_ops pager_operations;

/* The beginning of each message: what the last one left, and whose buffers are meant (NULL: nobody's). */
void message_begin(struct ipc_request *request);

/* The bundle's object and the session that names it. */
extern struct object *bundle_object;
extern handle_t bundle_session;
extern uint64_t bundle_badge;

/* Start the first program out of the bundle, and give it the authorities. */
int boot_start_init(const struct boot_info *info);
/* Its space's id. */
extern uint64_t boot_init_space;

/* Start the pager's other threads, which tell it of something by these notification bits. */
#define ZEROER_ASKS 1u /* for frames, ahead of need */
#define WORKER_DONE 2u
int threads_start(void);

#endif
