/* MBR (as IBM PC DOS left it, with EBR chains) and GPT (UEFI 2.10, chapter 5). */
#include "partition.h"

#include <ouros/error.h>

#define SECTOR    512
#define CHAIN_MAX 64 /* extended boot records followed: a loop ends here */
#define GPT_SIZE  92
#define GPT_ENTRY 128
#define ENTRY_MAX 1024 /* entries of a table that we read */

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static void add(struct partition *found, uint32_t *count, uint32_t number, uint64_t start, uint64_t length,
                uint64_t sectors)
{
    if (*count == PARTITIONS_MAX || length == 0 || start == 0 || start > sectors || length > sectors - start)
        return;
    found[(*count)++] = (struct partition){number, start, length};
}

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Logical partitions: each record names one, relative to itself, and the next record, relative to the first.
 */
static int scan_chain(partition_read read, void *context, uint64_t sectors, uint64_t first,
                      struct partition *found, uint32_t *count)
{
    uint8_t record[SECTOR];
    uint64_t at = first;
    for (uint32_t n = 0; n < CHAIN_MAX; n++) {
        if (at >= sectors)
            return 0;
        int error = read(context, at, record);
        if (error)
            return error;
        if (record[510] != 0x55 || record[511] != 0xaa)
            return 0;
        const uint8_t *own = record + 446, *next = record + 462;
        if (own[4])
            add(found, count, 5 + n, at + le32(own + 8), le32(own + 12), sectors);
        if (!is_extended(next[4]) || le32(next + 8) == 0)
            return 0;
        at = first + le32(next + 8);
    }
    return 0;
}

static int scan_mbr(partition_read read, void *context, uint64_t sectors, const uint8_t *mbr,
                    struct partition *found, uint32_t *count)
{
    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t *entry = mbr + 446 + 16 * i;
        uint64_t start = le32(entry + 8), length = le32(entry + 12);
        if (entry[4] == 0 || (entry[0] & 0x7f))
            continue;
        int error = 0;
        if (is_extended(entry[4]))
            error = scan_chain(read, context, sectors, start, found, count);
        else
            add(found, count, i + 1, start, length, sectors);
        if (error)
            return error;
    }
    return 0;
}

/* CRC-32 of ISO 3309, bit by bit: tables are read once. */
static uint32_t crc32(uint32_t crc, const uint8_t *data, uint32_t length)
{
    crc = ~crc;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static bool header_good(uint8_t *header, uint64_t at)
{
    static const char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
    for (int i = 0; i < 8; i++) {
        if (header[i] != (uint8_t)signature[i])
            return false;
    }
    uint32_t size = le32(header + 12), crc = le32(header + 16);
    if (size < GPT_SIZE || size > SECTOR || le64(header + 24) != at)
        return false;
    for (int i = 16; i < 20; i++)
        header[i] = 0;
    return crc32(0, header, size) == crc;
}

static int scan_entries(partition_read read, void *context, uint64_t sectors, const uint8_t *header,
                        struct partition *found, uint32_t *count)
{
    uint64_t at = le64(header + 72);
    uint32_t entries = le32(header + 80), size = le32(header + 84), crc = 0;
    if (size != GPT_ENTRY || entries == 0 || entries > ENTRY_MAX || at >= sectors)
        return E_CORRUPT;
    uint8_t sector[SECTOR];
    *count = 0;
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t offset = i * GPT_ENTRY % SECTOR;
        if (offset == 0) {
            uint64_t where = at + i * GPT_ENTRY / SECTOR;
            int error = where < sectors ? read(context, where, sector) : E_CORRUPT;
            if (error)
                return error;
        }
        const uint8_t *entry = sector + offset;
        crc = crc32(crc, entry, GPT_ENTRY);
        uint64_t first = le64(entry + 32), last = le64(entry + 40);
        if ((le64(entry) | le64(entry + 8)) && last >= first)
            add(found, count, i + 1, first, last - first + 1, sectors);
    }
    return crc == le32(header + 88) ? 0 : E_CORRUPT;
}

static int scan_gpt(partition_read read, void *context, uint64_t sectors, struct partition *found,
                    uint32_t *count)
{
    uint8_t header[SECTOR];
    const uint64_t places[2] = {1, sectors - 1}; /* the header and its backup */
    int error = E_CORRUPT;
    for (int i = 0; i < 2; i++) {
        error = read(context, places[i], header);
        if (error)
            return error;
        error = header_good(header, places[i]) ? scan_entries(read, context, sectors, header, found, count)
                                               : E_CORRUPT;
        if (error != E_CORRUPT)
            return error;
        *count = 0;
    }
    return error;
}

int partition_scan(partition_read read, void *context, uint64_t sectors,
                   struct partition found[PARTITIONS_MAX], uint32_t *count)
{
    uint8_t mbr[SECTOR];
    *count = 0;
    if (sectors < 2)
        return 0;
    int error = read(context, 0, mbr);
    if (error || mbr[510] != 0x55 || mbr[511] != 0xaa)
        return error;
    if (mbr[446 + 4] == 0xee) /* a protective MBR stands before a GPT */
        return scan_gpt(read, context, sectors, found, count);
    return scan_mbr(read, context, sectors, mbr, found, count);
}
