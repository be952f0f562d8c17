/* Memory at boot. */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <hooks.h>

/* Blocks, direct map, slabs, tables. Changes params: boot modules that lay in blocks which are not RAM are
 * moved. Panics when there is not enough memory. */
void memory_init(struct boot_params *params);
/* Load the pager's ELF from the modules into an empty task and map all RAM for it. Gives its first rip, rsp
 * and argument. E_NOEXEC, E_NOENT, E_KMEM, E_NOMEM. */
int boot_pager_load(struct task *pager, struct boot_params *params, vaddr_t *entry, vaddr_t *stack,
                    vaddr_t *boot_info);

#endif
