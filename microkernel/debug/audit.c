/* Debug: walk every table of every space, and compare with what the counters say (B1, T2, T3). */
#include <irqoff.h>
#include <window.h>

static uint32_t mapped[BOOT_BLOCKS_MAX]; /* entries that map each block */
static uint64_t tables_seen;

struct walk {
    struct window w;
    uint64_t tables;
};

static void audit_table(struct walk *walk, uint32_t level, vaddr_t base, paddr_t table)
{
    struct table_record *record = table_record(table);
    uint32_t live = 0, entries = level == 0 ? PTEP_ENTRIES / 2 : PTEP_ENTRIES;
    ASSERT(record->level == level && (record->links == 1 || (record->links > 1 && level == PTEP_LEAF)));
    walk->tables++;
    if (record->seen++)
        return; /* shared, and its entries are counted already */
    tables_seen++;
    for (uint32_t i = 0; i < entries; i++) {
        vaddr_t va = base + i * ptep_level_size(level);
        pte_t e = ptep_load(window_entry(&walk->w, level, va));
        if (pte_empty(e))
            continue;
        live++;
        if (!pte_present(e))
            continue;
        paddr_t frame = pte_frame(e, level);
        ASSERT(!(e & PTE_GLOBAL) && (e & PTE_US || !pte_table(e, level))); /* no US: kept, not accessible */
        if (!pte_table(e, level)) {
            enum block_kind kind = block_kind_of(frame);
            ASSERT(kind == BLOCK_RAM || kind == BLOCK_RESERVED || kind == BLOCK_DEVICE);
            if (kind == BLOCK_RAM)
                mapped[block_number(frame)]++;
        } else if (level == 0 && table_record(frame)->level != 1) {
            ASSERT(walk->w.vms == vms_viewer); /* a view */
            if (table_record(frame)->level == TABLE_VIEW) {
                walk->tables++;
                tables_seen++;
                table_record(frame)->seen++;
            }
        } else {
            ASSERT(table_record(frame)->links == 1 || !pte_writable(e));
            audit_table(walk, level + 1, va, frame); /* no deeper than there are levels */
        }
    }
    ASSERT(live == record->live);
}

static void audit_space(struct vms *vms)
{
    struct walk walk = {.tables = 0};
    if (!vms->root)
        return;
    window_open(&walk.w, vms);
    audit_table(&walk, 0, 0, vms->root);
    window_close(&walk.w);
    ASSERT(walk.tables == vms->tables);
}

static __attribute__((unused)) void audit_all(void)
{
    slab_audit();
    table_audit();
    tables_seen = 0;
    table_audit_links(false);
    for (uint32_t b = 0; b < block_count; b++)
        mapped[b] = 0;
    for (struct list *l = task_list.next; l != &task_list; l = l->next)
        audit_space(&container_of(l, struct task, all)->vms);
    for (uint32_t b = 0; b < block_count; b++)
        if (blocks[b].kind == BLOCK_RAM && blocks[b].mappings != mapped[b])
            panic("audit: block %u counts %u mappings, %u were found", b, blocks[b].mappings, mapped[b]);
    table_audit_links(true);
    uint64_t used = stats.tables - stats.tables_free;
    if (used != tables_seen)
        panic("audit: %lu tables in use, %lu found", used, tables_seen);
}

void kmem_audit(void)
{
#ifdef OUROS_DEBUG
    IRQOFF_UNCOUNTED;
    audit_all();
    irqoff_log();
#endif
}
