#include <ipc/cpio.h>
#include <ipc/string.h>
#include <ouros/error.h>

enum { HEADER = 110, FIELD_MODE = 1, FIELD_FILESIZE = 6, FIELD_NAMESIZE = 11 };

/* Field i of the header: eight hexadecimal digits. False if they are not. */
static bool field(const char *header, int i, uint32_t *value)
{
    const char *p = header + 6 + 8 * i;

    *value = 0;
    for (int d = 0; d < 8; d++) {
        char c = p[d];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static size_t round_up(size_t n)
{
    return (n + 3) & ~3ul;
}

int cpio_next(const void *archive, size_t size, size_t *cursor, struct cpio_entry *e)
{
    const char *header = (const char *)archive + *cursor;
    size_t left = *cursor <= size ? size - *cursor : 0, data;
    uint32_t name_size, file_size;

    if (left < HEADER || memcmp(header, "070701", 6) || !field(header, FIELD_MODE, &e->mode) ||
        !field(header, FIELD_FILESIZE, &file_size) || !field(header, FIELD_NAMESIZE, &name_size))
        return E_CORRUPT;
    data = round_up(HEADER + (size_t)name_size);
    if (name_size == 0 || data > left || file_size > left - data || header[HEADER + name_size - 1] != 0)
        return E_CORRUPT;
    *e = (struct cpio_entry){.name = header + HEADER,
                             .name_length = name_size - 1,
                             .data = header + data,
                             .length = file_size,
                             .mode = e->mode};
    if (strcmp(e->name, "TRAILER!!!") == 0)
        return E_NOENT;
    *cursor += round_up(data + file_size);
    return 0;
}

int cpio_find(const void *archive, size_t size, const char *name, struct cpio_entry *e)
{
    size_t cursor = 0;
    int error;

    while ((error = cpio_next(archive, size, &cursor, e)) == 0)
        if (e->name_length == strlen(name) && memcmp(e->name, name, e->name_length) == 0)
            return 0;
    return error;
}
