/* A virtual memory space as the kernel sees it: the tables under one L0, reached through ptep windows. */
#pragma once

#include <object.h>

struct vms {
    paddr_t root;            /* the L0 frame, 0 once destroyed */
    struct account *account; /* pays for the tables; borrowed from the task */
    uint32_t tables;         /* including L0 */
    uint64_t changes;        /* of entries that were present; never 0 */
    /* The leaf table that was used last; it may be written. NULL: unknown, for a link of the space changed. */
    struct table_record *leaf_record;
    uint64_t leaf_number;    /* va / what a leaf table maps */
    uint16_t view_index;     /* in the pager's V, PAGER_NO_INDEX: none */
    uint16_t view_slot;      /* the pager's L0 slot, 0: none */
    uint64_t destroy_cursor; /* where the next step of vms_destroy_step goes on */
};

/* A new space, in zeroed memory: an L0 with the kernel half, SELF set, user half empty. E_QUOTA, E_KMEM. */
int vms_create(struct vms *vms, struct account *account);
/* May this space still be changed? Not while it is being taken apart. */
static inline bool vms_alive(const struct vms *vms)
{
    return vms->root && !vms->destroy_cursor;
}

/* One bounded step of taking everything away; true when all is gone, L0 included.
 * The space has left every view and every CR3 before its first table is freed. */
bool vms_destroy_step(struct vms *vms);
/* Load the space if it is not loaded. */
void vms_switch(struct vms *vms);
/* The one way from a foreign address to a frame: effective permission over all levels, huge entries included.
 * need: enum vms_prot. E_ABSENT (not present), E_FAULT (present, not permitted, or not a user address). */
int vms_resolve(struct vms *vms, vaddr_t va, uint32_t need, paddr_t *out);
enum vms_direction { VMS_TO_OTHER, VMS_FROM_OTHER };
/* Where the page lies to which the last copy of a direction went: good while the space's `changes` stay. */
struct vms_note {
    vaddr_t page;
    paddr_t frame;
    uint64_t changes; /* 0: nothing is noted */
};
/* Copy between a buffer in the *current* space (checked user memory) and one in `other`. Never faults, never
 * waits. to_other: current → other. *done counts the bytes copied. note: of this space and direction; a copy
 * within its page needs no look at the other space. E_ABSENT: other's page is missing or not permitted;
 * SYS_TOUCH: the local page is. */
int vms_copy(struct vms *other, vaddr_t there, vaddr_t here, size_t length, enum vms_direction direction,
             struct vms_note *note, size_t *done);
/* Set one entry, as VMS_SET does with count 1; for the reply to a fault. how: its third word. Checks all;
 * E_INVAL, E_NOTABLE, … */
int vms_set_one(struct vms *vms, vaddr_t va, paddr_t pa, uint64_t how);

/* Debug: check that the flush ledger is paid; called at kernel exit. */
void vms_ledger_check(void);
