/* The checker: every space is walked, and what is found compared with what the records say. */
#ifndef PAGER_CHECK_H
#define PAGER_CHECK_H

#include <proto/pager.h>

/* Test the invariants of frame.h, object.h and space.h; each fault goes to the log. */
void pager_check_all(struct pager_check *out);

#endif
