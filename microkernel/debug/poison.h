/* What debug builds write to free memory, and look for later. */
#pragma once

#include <slab.h>

#ifdef OUROS_DEBUG
/* Fill an object that is free, behind its link. */
void slab_poison(void *object, uint32_t size);
bool slab_poisoned(const void *object, uint32_t size);
/* Panics if this object of a page is free already. */
void slab_check_used(const struct slab_page *page, uint16_t index);
/* Panics if a table that is given back has an entry. */
void table_check_clear(paddr_t table);
#else
static inline void slab_poison(void *, uint32_t) {}
static inline bool slab_poisoned(const void *, uint32_t)
{
    return true;
}
static inline void slab_check_used(const struct slab_page *, uint16_t) {}
static inline void table_check_clear(paddr_t) {}
#endif
