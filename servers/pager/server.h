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

/* Who asks: by the badge of the present call, which begins here. NULL: it is no such session. */
struct channel *own_channel(struct ipc_request *r, enum channel_kind kind);
/* The space that a badge names, or NULL. */
struct space *space_by_badge(uint64_t badge);

/* managers.c */
int op_object_create(struct ipc_request *r, const struct pager_object_create *in, struct pager_object *out);
int op_next_request(struct ipc_request *r, const struct ipc_none *in, struct pager_request *out);
int op_supply(struct ipc_request *r, const struct pager_supply *in, struct ipc_none *out);
int op_lend(struct ipc_request *r, const struct pager_lend *in, struct ipc_none *out);
int op_object_session(struct ipc_request *r, const struct pager_object *in, struct ipc_none *out);
int op_resize(struct ipc_request *r, const struct pager_object_size *in, struct ipc_none *out);
int op_object_destroy(struct ipc_request *r, const struct pager_object *in, struct ipc_none *out);
int op_take_dirty(struct ipc_request *r, const struct pager_object *in, struct pager_count *out);
int op_object_read(struct ipc_request *r, const struct pager_object_part *in, struct pager_count *out);
int op_written(struct ipc_request *r, const struct pager_written *in, struct ipc_none *out);
int op_manager_ready(struct ipc_request *r, const struct ipc_none *in, struct ipc_none *out);

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
