/* A machine to run the pager's own code on: RAM, page tables as arrays, blocks, callers. It keeps the
 * kernel's rules, and stops the test when the pager breaks one. */
#ifndef PAGER_MACHINE_SIM_H
#define PAGER_MACHINE_SIM_H

#include "servers/pager/check.h"
#include "servers/pager/fault.h"
#include "servers/pager/object.h"
#include "servers/pager/space.h"
#include <ouros/boot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_table {
    pte_t entry[512];
    struct sim_table *below[512];
    uint32_t live, links, frame;
    bool huge; /* it may have entries of 2 MiB: it is of the level above the leaves */
};
struct sim_task {
    struct sim_table root;
    uint32_t tables, quota; /* tables that it may have */
    uint32_t index, slot;   /* where it is mounted; index SIM_NOWHERE: not */
    uint64_t cookie;
    bool used, dead;
};
#define SIM_NOWHERE 0xffffu
#define SIM_TASKS   600u

#define MUST(condition)                                                    \
    do {                                                                   \
        if (!(condition)) {                                                \
            printf("not ok machine: line %d: %s\n", __LINE__, #condition); \
            fflush(stdout);                                                \
            abort();                                                       \
        }                                                                  \
    } while (0)

/* pager_callers.c: who calls now, and what a caller was told. */
struct sim_caller {
    const void *in;
    void *out;
    uint64_t in_len, out_len;
    handle_t reply; /* once deferred */
    bool answered, closed;
    uint32_t label;
    uint64_t word[6];
};
extern struct sim_caller *sim_caller;

extern uint32_t sim_fail_unshare; /* the next so many tables are not unshared: E_QUOTA */
extern uint32_t sim_fail_mint;    /* the next so many sessions are refused: E_QUOTA */
extern uint32_t sim_touch_every;  /* one in so many copies meets an absent page; 0: none */
extern uint32_t sim_wakes;        /* of the zeroing thread */
extern uint32_t sim_moved;        /* frames that a run was made of, after their pages were moved */
extern bool sim_quiet;

/* A machine of so many blocks with a bundle of so many bytes; once. What the kernel would tell the pager. */
const struct boot_info *sim_start(uint32_t blocks, uint64_t bundle_bytes);
/* The system calls of the same names, on handles that sim_task_new gave. */
int sim_batch(handle_t task, struct vms_op *ops, uint32_t count, uint64_t *done);
int sim_mount(handle_t task, uint32_t index, uint32_t slot);
int sim_block(enum block_op op, paddr_t address, enum block_kind kind, uint64_t *value);
int sim_window(paddr_t block, bool map);
/* A new task's handle. quota: tables besides the root. */
handle_t sim_task_new(uint32_t quota);
struct sim_task *sim_task(handle_t handle);
void sim_task_end(handle_t handle);
/* Set an entry as the reply to a fault does. */
int sim_set_one(struct sim_task *task, vaddr_t va, paddr_t pa, uint64_t how);
/* The entry of va, writable only if the link of its table is; or 0. */
pte_t sim_entry(struct sim_task *task, vaddr_t va);
/* All entries of all tasks. */
uint64_t sim_entries(void);
uint32_t sim_tables_free(void);

#endif
