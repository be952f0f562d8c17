// sources: servers/blk/partition.c
/* Partition tables: right ones, and every kind of wrong one. */
#include "check.h"

#include "../../servers/blk/partition.h"

#include <ouros/error.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS 4096

static uint8_t disk[SECTORS][512];
static uint64_t broken_sector;

static int read_disk(void *context, uint64_t sector, void *to)
{
    (void)context;
    if (sector >= SECTORS || sector == broken_sector)
        return E_IO;
    memcpy(to, disk[sector], 512);
    return 0;
}

static void clear(void)
{
    memset(disk, 0, sizeof disk);
    broken_sector = UINT64_MAX;
}

static void put32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static void put64(uint8_t *to, uint64_t value)
{
    put32(to, (uint32_t)value);
    put32(to + 4, (uint32_t)(value >> 32));
}

static void mbr_entry(uint64_t sector, int i, uint8_t type, uint32_t start, uint32_t length)
{
    uint8_t *e = disk[sector] + 446 + 16 * i;
    e[4] = type;
    put32(e + 8, start);
    put32(e + 12, length);
    disk[sector][510] = 0x55;
    disk[sector][511] = 0xaa;
}

static uint32_t crc(const uint8_t *data, size_t length)
{
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        c ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
    }
    return ~c;
}

static void gpt_header(uint64_t at, uint64_t entries)
{
    uint8_t *h = disk[at];
    memcpy(h, "EFI PART", 8);
    put32(h + 12, 92);
    put32(h + 16, 0);
    put64(h + 24, at);
    put64(h + 72, entries);
    put32(h + 80, 128);
    put32(h + 84, 128);
    put32(h + 88, crc(disk[entries], 128 * 128));
    put32(h + 16, crc(h, 92));
}

static void make_gpt(void)
{
    clear();
    mbr_entry(0, 0, 0xee, 1, SECTORS - 1);
    for (int copy = 0; copy < 2; copy++) {
        uint64_t entries = copy ? SECTORS - 33 : 2;
        disk[entries][0] = 1; /* a type */
        put64(disk[entries] + 32, 40);
        put64(disk[entries] + 40, 139);
        disk[entries][128 * 2] = 1;
        put64(disk[entries] + 256 + 32, 200);
        put64(disk[entries] + 256 + 40, 999);
        gpt_header(copy ? SECTORS - 1 : 1, entries);
    }
}

static struct partition found[PARTITIONS_MAX];
static uint32_t count;

static int scan(void)
{
    return partition_scan(read_disk, NULL, SECTORS, found, &count);
}

static void mbr(void)
{
    clear();
    CHECK(scan() == 0 && count == 0);
    mbr_entry(0, 0, 0x83, 64, 100);
    mbr_entry(0, 2, 0x83, 1000, SECTORS - 1000);
    CHECK(scan() == 0 && count == 2);
    CHECK(found[0].number == 1 && found[0].start == 64 && found[0].sectors == 100);
    CHECK(found[1].number == 3 && found[1].start == 1000 && found[1].sectors == SECTORS - 1000);
    mbr_entry(0, 2, 0x83, 1000, SECTORS); /* beyond the end */
    CHECK(scan() == 0 && count == 1);
    mbr_entry(0, 0, 0x83, 0xffffffff, 0xffffffff);
    CHECK(scan() == 0 && count == 0);
    broken_sector = 0;
    CHECK(scan() == E_IO);
}

static void logical(void)
{
    clear();
    mbr_entry(0, 1, 0x05, 100, 2000);
    mbr_entry(100, 0, 0x83, 10, 50);
    mbr_entry(100, 1, 0x05, 200, 100);
    mbr_entry(300, 0, 0x83, 10, 60);
    CHECK(scan() == 0 && count == 2);
    CHECK(found[0].number == 5 && found[0].start == 110 && found[0].sectors == 50);
    CHECK(found[1].number == 6 && found[1].start == 310 && found[1].sectors == 60);
    mbr_entry(300, 1, 0x05, 200, 100); /* a loop ends */
    CHECK(scan() == 0 && count <= PARTITIONS_MAX);
    mbr_entry(300, 1, 0x05, 0xfffffff0, 100); /* outside the disk */
    CHECK(scan() == 0 && count == 2);
}

static void gpt(void)
{
    make_gpt();
    CHECK(scan() == 0 && count == 2);
    CHECK(found[0].number == 1 && found[0].start == 40 && found[0].sectors == 100);
    CHECK(found[1].number == 3 && found[1].start == 200 && found[1].sectors == 800);
    disk[2][300] ^= 1; /* the entries: the backup serves */
    CHECK(scan() == 0 && count == 2);
    make_gpt();
    disk[1][40] ^= 1; /* the header */
    CHECK(scan() == 0 && count == 2);
    disk[SECTORS - 1][0] ^= 1; /* both */
    CHECK(scan() == E_CORRUPT && count == 0);
    make_gpt();
    broken_sector = 5;
    CHECK(scan() == E_IO);
}

/* Random tables and random damage: any answer but a crash, and nothing outside the disk. */
static void noise(void)
{
    srand(1);
    for (int round = 0; round < 20000; round++) {
        if (round % 2) {
            make_gpt();
            for (int n = rand() % 4; n >= 0; n--)
                disk[rand() % 36][rand() % 512] ^= (uint8_t)(1 << rand() % 8);
            if (round % 8 == 1)
                put32(disk[1] + 16, 0), put32(disk[1] + 16, crc(disk[1], 92));
        } else {
            for (int i = 446; i < 510; i++)
                disk[0][i] = (uint8_t)rand();
        }
        if (scan() != 0)
            continue;
        for (uint32_t i = 0; i < count; i++)
            CHECK(found[i].sectors <= SECTORS && found[i].start <= SECTORS - found[i].sectors);
    }
}

int main(void)
{
    RUN(mbr);
    RUN(logical);
    RUN(gpt);
    RUN(noise);
    CHECK_END();
}
