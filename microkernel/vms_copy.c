/* Copies between the loaded space and another one: the other side by resolving each page and using the direct
 * map, this side by the checked copies of user memory. */
#include <window.h>

static int copy_piece(paddr_t there, vaddr_t here, size_t length, enum vms_direction direction, size_t *done)
{
    TRY(direction == VMS_TO_OTHER ? user_read(direct(there), here, length)
                                  : user_write(here, direct(there), length));
    *done += length;
    return 0;
}

/* The general way, page by page. */
static __attribute__((noinline)) int copy_pages(struct window *w, vaddr_t there, vaddr_t here, size_t length,
                                                enum vms_direction direction, struct vms_note *note,
                                                size_t *done)
{
    uint32_t need = direction == VMS_TO_OTHER ? VMS_WRITE : VMS_READ;
    struct ptep_mapping mapping = {.level = 0};
    while (*done < length) {
        vaddr_t va = there + *done;
        if (ptep_resolve_next(window_read, w, va, need, &mapping))
            FAIL_IF(ptep_resolve_by(window_read, w, va, need, &mapping), E_ABSENT);
        FAIL_IF(block_kind_of(mapping.pa) != BLOCK_RAM, E_INVAL); /* a device's pages: not for messages */
        if (direction == VMS_TO_OTHER && !pte_dirty(mapping.entry))
            pte_set_dirty(window_entry(w, mapping.level, va));
        *note = (struct vms_note){va & ~(PAGE_SIZE - 1), mapping.pa & ~(PAGE_SIZE - 1), w->vms->changes};
        size_t n = ptep_level_size(mapping.level) - (va & (ptep_level_size(mapping.level) - 1));
        TRY(copy_piece(mapping.pa, here + *done, n < length - *done ? n : length - *done, direction, done));
    }
    return 0;
}

int vms_copy(struct vms *other, vaddr_t there, vaddr_t here, size_t length, enum vms_direction direction,
             struct vms_note *note, size_t *done)
{
    struct window w;
    vaddr_t offset = there - note->page;
    *done = 0;
    if (!length)
        return 0;
    if (note->changes == other->changes && offset < PAGE_SIZE && length <= PAGE_SIZE - offset)
        return copy_piece(note->frame + offset, here, length, direction, done);
    FAIL_IF(there >= USER_END || length > USER_END - there || !vms_alive(other), E_ABSENT);
    window_open(&w, other);
    int error = copy_pages(&w, there, here, length, direction, note, done);
    window_close(&w);
    return error;
}
