/* Copies between the loaded space and another one: the other side by resolving each page and using the direct
 * map, this side by the checked copies of user memory. */
#include <window.h>

int vms_copy(struct vms *other, vaddr_t there, vaddr_t here, size_t length, enum vms_direction direction,
             size_t *done)
{
    struct window w;
    struct ptep_mapping mapping;
    int error = 0;
    *done = 0;
    if (!length)
        return 0;
    FAIL_IF(there >= USER_END || length > USER_END - there || !vms_alive(other), E_ABSENT);
    window_open(&w, other);
    while (*done < length) {
        vaddr_t va = there + *done;
        error =
            ptep_resolve_by(window_read, &w, va, direction == VMS_TO_OTHER ? VMS_WRITE : VMS_READ, &mapping);
        if (error) {
            error = E_ABSENT;
            break;
        }
        if (block_kind_of(mapping.pa) != BLOCK_RAM) {
            error = E_INVAL; /* a device's pages: not for messages */
            break;
        }
        size_t n = ptep_level_size(mapping.level) - (va & (ptep_level_size(mapping.level) - 1));
        if (n > length - *done)
            n = length - *done;
        if (direction == VMS_FROM_OTHER) {
            error = user_write(here + *done, direct(mapping.pa), n);
        } else {
            if (!pte_dirty(mapping.entry))
                pte_set_dirty(window_entry(&w, mapping.level, va));
            error = user_read(direct(mapping.pa), here + *done, n);
        }
        if (error)
            break;
        *done += n;
    }
    window_close(&w);
    return error;
}
