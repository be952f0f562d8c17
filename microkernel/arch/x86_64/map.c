/* The kernel's own tables: built once, linked into every space, never freed.
 *
 * M1 text is executable and read-only, read-only data and data are not executable; nothing is both writable
 *    and executable once map_init returns.
 * M2 below each stack lies a page that is not mapped.
 * M3 the tables lie in the image, which no user code ever maps. */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/platform.h>

#define ENTRY_PRESENT 1ul
#define ENTRY_WRITE   2ul
#define ENTRY_USER    4ul
#define ENTRY_NX      (1ul << 63)
#define ENTRIES       512

typedef uint64_t table_t[ENTRIES] __attribute__((aligned(PAGE_SIZE)));

table_t kernel_l0;
static table_t image_l1, image_l2, image_l3[2];
static table_t local_l1, local_l2, local_l3;
static table_t time_l1, time_l2, time_l3;
extern uint64_t boot_direct_l1[];

/* The page behind TIME_PAGE_ADDRESS: nothing else may lie in it. */
static union {
    struct time_page page;
    char bytes[PAGE_SIZE];
} time_frame __attribute__((aligned(PAGE_SIZE)));
struct time_page *const time_page = &time_frame.page;

static uint64_t to_table(const void *table)
{
    return image_paddr(table) | ENTRY_PRESENT | ENTRY_WRITE;
}

static void image_init(void)
{
    image_l1[ENTRIES - 2] = to_table(image_l2);
    for (char *page = image_start; page < image_end; page += PAGE_SIZE) {
        uint64_t index = image_paddr(page) >> PAGE_SHIFT;
        uint64_t block = index / ENTRIES - image_paddr(image_start) / HUGE_SIZE;
        uint64_t bits = page < image_text     ? ENTRY_NX /* .boot has done its work */
                        : page < image_rodata ? 0
                        : page < image_data   ? ENTRY_NX
                                              : ENTRY_NX | ENTRY_WRITE;
        image_l3[block][index % ENTRIES] = image_paddr(page) | ENTRY_PRESENT | bits;
        image_l2[index / ENTRIES] = to_table(image_l3[block]);
    }
}

void map_init(void)
{
    image_init();
    local_l1[0] = to_table(local_l2);
    local_l2[0] = to_table(local_l3);
    time_l1[0] = to_table(time_l2) | ENTRY_USER;
    time_l2[0] = to_table(time_l3) | ENTRY_USER;
    time_l3[0] = image_paddr(&time_frame) | ENTRY_PRESENT | ENTRY_USER | ENTRY_NX;
    kernel_l0[KERNEL_DIRECT_SLOT] = to_table(boot_direct_l1) | ENTRY_NX;
    kernel_l0[KERNEL_LOCAL_SLOT] = to_table(local_l1) | ENTRY_NX;
    kernel_l0[KERNEL_TIME_SLOT] = to_table(time_l1) | ENTRY_USER | ENTRY_NX;
    kernel_l0[KERNEL_SELF_SLOT] = to_table(kernel_l0) | ENTRY_NX;
    kernel_l0[KERNEL_IMAGE_SLOT] = to_table(image_l1);
    cr3_write(image_paddr(kernel_l0));
}

void *local_map(uint32_t page, paddr_t pa, uint64_t bits)
{
    vaddr_t at = LOCAL_BASE + page * PAGE_SIZE;
    local_l3[page] = (pa & ~(PAGE_SIZE - 1)) | bits | ENTRY_PRESENT | ENTRY_NX;
    paging_flush(at);
    return (void *)(at + pa % PAGE_SIZE);
}

void local_unmap(uint32_t page)
{
    local_l3[page] = 0;
    paging_flush(LOCAL_BASE + page * PAGE_SIZE);
}
