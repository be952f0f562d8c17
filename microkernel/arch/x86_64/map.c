/* The kernel's own tables: built once, linked into every space, never freed.
 *
 * M1 text is executable and read-only, read-only data and data are not executable; nothing is both writable
 *    and executable once map_init returns.
 * M2 below each stack lies a page that is not mapped.
 * M3 the tables lie in the image, which no user code ever maps.
 * M4 the time page's slot leads to the same tables as the local one: only page 0 is the user's. */
#include <arch/paging.h>
#include <arch/platform.h>

typedef pte_t table_t[PTEP_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static table_t image_l2, image_l3[2], local_l1, local_l2, local_l3;
extern pte_t image_l1[];

/* The page behind TIME_PAGE_ADDRESS: nothing else may lie in it. */
static union {
    struct time_page page;
    char bytes[PAGE_SIZE];
} time_frame __attribute__((aligned(PAGE_SIZE)));
struct time_page *const time_page = &time_frame.page;

static pte_t to_table(const void *table)
{
    return image_paddr(table) | PTE_P | PTE_W;
}

static void image_init(void)
{
    for (char *page = image_start; page < image_end; page += PAGE_SIZE) {
        uint64_t index = image_paddr(page) >> PAGE_SHIFT;
        pte_t *l3 = image_l3[index / PTEP_ENTRIES - image_paddr(image_start) / HUGE_SIZE];
        pte_t bits = page < image_text     ? PTE_NX /* .boot has done its work */
                     : page < image_rodata ? 0
                     : page < image_data   ? PTE_NX
                                           : PTE_NX | PTE_W;
        l3[index % PTEP_ENTRIES] = stack_guard((vaddr_t)page) ? 0 : image_paddr(page) | PTE_P | bits;
        image_l2[index / PTEP_ENTRIES] = to_table(l3);
    }
    image_l1[PTEP_ENTRIES - 2] = to_table(image_l2);
}

void map_init(void)
{
    image_init();
    local_l1[0] = to_table(local_l2) | PTE_US;
    local_l2[0] = to_table(local_l3) | PTE_US;
    local_l3[LOCAL_TIME] = image_paddr(&time_frame) | PTE_P | PTE_US | PTE_NX;
    kernel_l0[KERNEL_DIRECT_SLOT] = kernel_l0[0] | PTE_NX;
    kernel_l0[0] = 0;
    kernel_l0[KERNEL_LOCAL_SLOT] = to_table(local_l1) | PTE_NX;
    kernel_l0[KERNEL_TIME_SLOT] = to_table(local_l1) | PTE_US | PTE_NX;
    kernel_l0[KERNEL_SELF_SLOT] = to_table(kernel_l0) | PTE_NX;
    paging_load(paging_kernel_root());
}

void *local_map(uint32_t page, paddr_t pa, uint64_t bits)
{
    vaddr_t at = LOCAL_BASE + page * PAGE_SIZE;
    local_l3[page] = (pa & ~(PAGE_SIZE - 1)) | bits | PTE_P | PTE_NX;
    paging_flush(at);
    return (void *)(at + pa % PAGE_SIZE);
}

void local_unmap(uint32_t page)
{
    local_l3[page] = 0;
    paging_flush(LOCAL_BASE + page * PAGE_SIZE);
}
