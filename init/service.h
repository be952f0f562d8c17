/* init at run time: each server of the manifest with its port and its present instance.
 *
 * Only the first thread (the loop) starts, watches and changes services. It calls nobody but the pager and
 * the kernel, so that no server can hang it. What must call down into servers has a thread of its own
 * (jobs.c, power.c), which reads states under `services_lock`. */
#ifndef INIT_SERVICE_H
#define INIT_SERVICE_H

#include "backoff.h"
#include "manifest.h"
#include <ipc/lock.h>
#include <ipc/server.h>
#include <ipc/startup_build.h>
#include <ipc/time.h>

enum service_state {
    SERVICE_WAITING,  /* for what it needs, or for its next attempt at due_ns */
    SERVICE_STARTING, /* runs, has not said that it is ready */
    SERVICE_UP,
    SERVICE_FAILED,  /* given up */
    SERVICE_STOPPED, /* by root, until root starts it */
};

enum { FUNCTIONS_MAX = 4, INSTALLED_MAX = 48, BLOBS_MAX = 12, QUARANTINE_MAX = 32 };

/* Pings (watch.c). */
struct watch {
    uint64_t due_ns;         /* the next one; 0: none was sent to this instance */
    uint64_t excused_ns;     /* until then it was not its fault */
    uint64_t oldest_ns;      /* age of the oldest call in the hands of a worker, as last reported */
    uint32_t misses;         /* periods without an answer */
    bool waiting;            /* for the answer to the last ping */
    uint64_t messages, rate; /* received when last looked, and since then in a second */
    uint64_t looked_ns;
};

struct service {
    const struct server *server; /* its part of the manifest */
    enum service_state state;    /* guarded by services_lock for other threads */
    handle_t port;               /* owned by init for good; lent to each instance */
    handle_t task;               /* the living instance, or 0 */
    handle_t manager;            /* the pager's manager session: the same one for each instance */
    uint64_t space;              /* the instance's id with the pager */
    uint64_t started_ns, due_ns;
    uint32_t deaths; /* not those that root asked for */
    struct backoff backoff;
    uint32_t changes, renewals; /* instances that have ended; ports that were made anew */
    bool ending;                /* init has killed the instance, whose death is not known yet */
    bool asked, stop;           /* it dies because root wants so; and it stays away */
    struct watch watch;
    uint64_t
        quarantine[QUARANTINE_MAX]; /* spaces of dead instances: a device may still write to their memory */
    uint32_t quarantine_count;
    uint16_t functions[FUNCTIONS_MAX]; /* PCI functions whose bus mastering is on for it */
    uint32_t function_count;
};

/* What is given to an instance while it is put together. */
struct outfit {
    struct service *service;
    handle_t task;
    struct startup_handle handles[INSTALLED_MAX];
    uint32_t handle_count;
    struct startup_data blobs[BLOBS_MAX];
    uint8_t blob_data[BLOBS_MAX][256];
    uint32_t blob_count;
};

extern struct service services[SERVERS_MAX];
extern uint32_t service_count;
extern struct manifest manifest;
extern struct ipc_lock services_lock;
extern struct ipc_condition services_changed; /* woken at each change of a state */
extern handle_t init_port;

/* The bundle, mapped, and the object it is. */
struct bundle {
    const char *bytes;
    uint64_t size;
    handle_t object;
};
extern struct bundle bundle;

struct authorities {
    handle_t task_maker, hardware, pager_admin;
};
extern struct authorities authorities;

extern char boot_words[256]; /* the words behind `--` on the kernel's command line, one blank between */
bool boot_word(const char *word);

/* service.c: states, order, deaths. */
struct service *service_named(const char *name);
void service_set(struct service *s, enum service_state state);
void services_start_due(void);    /* start each waiting service whose needs are up and whose time has come */
uint64_t services_next_due(void); /* when to look again, or DEADLINE_NEVER */
void service_ready(struct service *s, const char *text, uint32_t length);
void service_died(struct service *s, uint64_t value, uint32_t how);
/* For other threads: wait until the service is up, 0; or has failed, E_DEAD. */
int service_wait_up(const char *name);
/* The living instance is to end; `why` goes to the log. */
void service_kill(struct service *s, const char *why);
/* What root asks for. Return at once; the state follows. E_BUSY: something that is up needs it. */
int service_restart(struct service *s);
int service_stop(struct service *s);
int service_resume(struct service *s);

/* watch.c: whether those that are up still answer. init asks by a notification, which never waits, and is
 * told by a call. */
void watch_begin(struct service *s);
void watch_answer(struct service *s, uint64_t oldest_ns);
void watch_due(void);      /* send the pings whose time has come; kill who did not answer */
uint64_t watch_next(void); /* when there is something to do */

/* status.c: what /dev/svc is read and written for. */
struct init_service;
void status_of(const struct service *s, struct init_service *out);
uint32_t status_text(char *to, uint32_t size);
int status_command(char *text);

/* start.c: put an instance together and let it run. On error nothing of it is left. */
int service_start(struct service *s);

/* outfit.c: handles and blobs. */
int outfit_add(struct outfit *o, const char *name, handle_t handle);  /* installs a copy */
int outfit_move(struct outfit *o, const char *name, handle_t handle); /* the same, and closes init's */
int outfit_blob(struct outfit *o, const char *name, const void *data,
                uint32_t length); /* at most 256 bytes */
int outfit_all(struct outfit *o); /* everything that the manifest gives */

/* pci.c */
int pci_start(void); /* take the ports of configuration space, look where MSI-X tables are */
int pci_grant(struct outfit *o, const struct grant *g); /* E_NODEV: no such function */
void pci_silence(struct service *s); /* bus mastering and messages off for the functions of a dead driver */

/* power.c */
void clock_start(void);         /* set the wall clock by the machine's */
int power_start(void);          /* take the ports that it needs */
void power_input_welcome(void); /* tell the launcher that its input now reaches tty */
_Noreturn void power_off(uint32_t status, bool again);
void power_request(uint32_t status, bool again); /* from the loop: a thread of its own does it */
int power_command(char *text);                   /* what is written to /dev/power */

/* trace.c: the open node, its closed session, a read of it (proto/io.h). */
int trace_open(struct ipc_request *r);
void trace_close(uint64_t badge);
int trace_read(struct ipc_request *r, uint64_t *count);

/* nodes.c: /dev/power, /dev/svc and /dev/ipctrace. */
enum {
    TAG_POWER = 0x1000,
    TAG_SVC,
    TAG_TRACE
};                                 /* of init's sessions: 1 to 16 are services, these are the nodes */
struct ipc_service nodes_io(void); /* proto/io.h for them (ipc/server.h) */
void nodes_close(uint64_t badge, void *state);

/* jobs.c: threads that call down. */
int jobs_start(void);

#endif
