/* Pages of 2 MiB in the making: whole blocks that are being zeroed, and the faults that wait for them. */
#ifndef PAGER_FILL_H
#define PAGER_FILL_H

#include "space.h"
#include "wait.h"

/* May a page of 2 MiB come at va, where nothing is yet? Then it is begun, and *out is who waits for it. False: it
 * may not, or there is no memory to spare. */
bool fill_begin(struct space *space, const struct region *region, vaddr_t va, struct waiter_list **out);
extern uint32_t fill_count; /* under way */
/* The page of 2 MiB that is being made where va lies: who waits for it, or NULL. */
struct waiter_list *fill_under_way(const struct space *space, vaddr_t va);

#endif
