/* The manifest: which servers there are, what each is given, and in which order they come. Text, one
 * statement a line, words between blanks, `#` begins a comment. docs/init.md describes every statement. */
#ifndef INIT_MANIFEST_H
#define INIT_MANIFEST_H

#include <ouros/types.h>

enum {
    SERVERS_MAX = 16,
    NEEDS_MAX = 10,
    HOLDS_MAX = 8,
    GRANTS_MAX = 8,
    NODES_MAX = 8,
    PCI_IDS_MAX = 4,
    TEXT_MAX = 96, /* bytes of a program's path and arguments */
    ERROR_MAX = 192,
    NAME_MAX = 24,
};

/* A session with another server. */
struct need {
    char server[NAME_MAX], name[NAME_MAX]; /* whose, and what the handle is called */
    uint32_t rights;                       /* protocol rights */
    uint32_t line;                         /* of the manifest: of all statements that can be wrong together */
};

/* An authority. */
struct hold {
    char what[NAME_MAX], name[NAME_MAX]; /* which, and what the handle is called */
    uint32_t line;
};

enum grant_kind { GRANT_IO, GRANT_IRQ, GRANT_ISA_IRQ, GRANT_PCI, GRANT_FILE };

struct pci_id {
    uint16_t vendor, device;
};

/* A piece of hardware, or a file of the bundle. */
struct grant {
    enum grant_kind kind;
    uint32_t first, count; /* io: ports; irq, isa-irq: number in first, enum irq_line flags in count */
    struct pci_id ids[PCI_IDS_MAX];
    uint32_t id_count;
    char name[NAME_MAX]; /* of the handle */
    char file[TEXT_MAX];
    uint32_t line;
};

/* A device node that the server serves. */
struct node {
    char name[NAME_MAX]; /* below /dev */
    uint32_t number, mode;
    bool is_static; /* who opens it gets the registered session: the server is not asked */
    uint32_t line;
};

struct after {
    char server[NAME_MAX];
    uint32_t line;
};

/* What init does about a server that dies too often. */
enum give_up { GIVE_UP_GO_ON, GIVE_UP_REBOOT, GIVE_UP_OFF };

enum { TRIES_MAX = 1000000 };

struct server {
    char name[NAME_MAX];
    char program[TEXT_MAX]; /* path in the bundle, then arguments, as typed */
    struct need needs[NEEDS_MAX];
    struct hold holds[HOLDS_MAX];
    struct after after[NEEDS_MAX];
    struct grant grants[GRANTS_MAX];
    struct node nodes[NODES_MAX];
    uint32_t need_count, hold_count, after_count, grant_count, node_count;
    uint32_t priority;
    uint64_t memory;                            /* bytes of its own, UINT64_MAX: any */
    uint64_t kernel_memory, stack;              /* bytes */
    uint64_t start_ns;                          /* until it must have said that it is ready */
    uint64_t ping_ns;                           /* period; 0: not pinged */
    uint32_t ping_misses;                       /* unanswered in a row: it hangs */
    uint64_t restart_first_ns, restart_most_ns; /* pause before a restart, doubled each time up to the most */
    uint32_t restart_tries;                     /* deaths within the window that are too many; 0: one is */
    uint64_t restart_window_ns;
    enum give_up give_up;
    bool is_main;  /* its end is the machine's */
    uint32_t line; /* where its block begins */
};

struct manifest {
    struct server servers[SERVERS_MAX];
    uint32_t count;
    char shell[TEXT_MAX];  /* path and arguments; empty if there is none */
    char error[ERROR_MAX]; /* what is wrong, when parsing fails */
    uint32_t line;         /* where */
};

/* Read the text and check the whole; E_INVAL with m->error and m->line set when something is wrong. */
int manifest_parse(const char *text, size_t length, struct manifest *m);

/* Whether the parts fit together (manifest_check.c): names are known, nothing waits for itself, calls run
 * down, handles have different names. E_INVAL as above. */
int manifest_check(struct manifest *m);

/* The server of this name, or null. */
struct server *manifest_server(struct manifest *m, const char *name);

#endif
