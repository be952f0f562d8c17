// sources: microkernel/slab.c microkernel/table.c microkernel/block.c microkernel/debug/memory.c
/* Slabs, table records and blocks over an array that plays physical memory. */
#include <arch/paging.h>
#include <hooks.h>
#include <irqoff.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <table.h>

#define BLOCKS 40

char *host_memory;
paddr_t host_image_start = 2ul << 20, host_image_end = 4ul << 20;
uint64_t host_direct_removed;

static jmp_buf panicked;
static bool expected; /* a panic */
static const char *current;
static int failed, failures;

#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition) && !failed++)                                              \
            printf("not ok kmem.%s: line %d: %s\n", current, __LINE__, #condition); \
    } while (0)

static void begin(const char *name)
{
    current = name;
    failed = 0;
}

static void end(void)
{
    expected = false;
    failures += failed != 0;
    if (!failed)
        printf("ok kmem.%s\n", current);
}

/* No interrupts here, and no clock of theirs. */
uint64_t irqoff_check(void)
{
    return 0;
}

void irqoff_forgive(const uint64_t *since)
{
    (void)since;
}

void panic(const char *format, ...)
{
    va_list arguments;
    if (expected)
        longjmp(panicked, 1);
    va_start(arguments, format);
    vprintf(format, arguments);
    printf("\nnot ok kmem.%s: the kernel panicked\n", current);
    exit(1);
}

/* ---- what the rest of the kernel would do ---- */

struct account account_nobody = {.limit = UINT64_MAX};

int account_charge(struct account *account, uint64_t bytes)
{
    if (bytes > account->limit - account->used)
        return E_QUOTA;
    account->used += bytes;
    return 0;
}

void account_refund(struct account *account, uint64_t bytes)
{
    CHECK(account->used >= bytes);
    account->used -= bytes;
}

int handle_get(struct task *task, handle_t handle, enum object_kind kind, uint32_t rights, void *out)
{
    (void)task, (void)rights, (void)out;
    return kind == OBJ_MEMORY && handle == 1 ? 0 : E_TYPE;
}

static struct thread thread;
static int control(enum block_op op, paddr_t address, uint64_t kind, uint64_t *value)
{
    int result, turns = 0;
    do {
        struct syscall s = {.a = {1, op, address, kind}};
        result = sys_block_ctl(&thread, &s);
        if (value)
            *value = s.r[0];
    } while (result == SYS_RESTART && ++turns < 1000);
    return result;
}

static uint64_t rnd(void)
{
    static uint64_t seed = 0x2545f4914f6cdd1d;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* ---- blocks ---- */

static void map_add(struct boot_params *p, paddr_t start, paddr_t end, bool usable)
{
    p->memory[p->memory_count].start = start;
    p->memory[p->memory_count].end = end;
    p->memory[p->memory_count++].usable = usable;
}

static void memory_maps(void)
{
    static struct boot_params p;
    begin("memory_map");
    map_add(&p, 0, 0x9fc00, true);
    map_add(&p, 0x9fc00, 0xa0000, false);
    map_add(&p, 0xf0000, 0x100000, false);
    map_add(&p, 0x100000, 0x7fe0000, true);
    map_add(&p, 0x7fe0000, 0x8000000, false);
    map_add(&p, 0xb0000000, 0xc0000000, false);
    map_add(&p, 0x100000000, 0x140000000, true);
    block_init(&p);
    CHECK(block_count == 0x140000000 >> 21);
    CHECK(blocks[0].kind == BLOCK_RESERVED && blocks[1].kind == BLOCK_RESERVED); /* the image */
    CHECK(blocks[2].kind == BLOCK_RAM && blocks[62].kind == BLOCK_RAM && blocks[63].kind == BLOCK_RESERVED);
    CHECK(block_kind_of(0x8000000) == BLOCK_DEVICE && block_kind_of(0xb0000000) == BLOCK_RESERVED);
    CHECK(block_kind_of(0x100000000) == BLOCK_RAM && block_kind_of(0x13fffffff) == BLOCK_RAM);
    CHECK(block_kind_of(0x140000000) == BLOCK_DEVICE && block_kind_of(~0ul) == BLOCK_DEVICE);
    CHECK(stats.blocks[BLOCK_RAM] == 61 + 512);
    uint32_t sum = 0;
    for (int k = 0; k < BLOCK_KINDS; k++)
        sum += stats.blocks[k];
    CHECK(sum == block_count);

    memset(&p, 0, sizeof p); /* pieces that touch make one block; a hole of a page unmakes it */
    memset(blocks, 0, sizeof(struct block) * block_count);
    memset(stats.blocks, 0, sizeof stats.blocks);
    map_add(&p, 0x500000, 0x800000, true);
    map_add(&p, 0x100000, 0x500000, true);
    map_add(&p, 0x800000, 0x8ff000, true);
    map_add(&p, 0x900000, BLOCKS << 21, true);
    map_add(&p, 0xe00000, 0xe01000, false);
    block_init(&p);
    CHECK(blocks[2].kind == BLOCK_RAM && blocks[3].kind == BLOCK_RAM && blocks[4].kind == BLOCK_RESERVED);
    CHECK(blocks[5].kind == BLOCK_RAM && blocks[7].kind == BLOCK_RESERVED && block_count == BLOCKS);
    end();
}

/* ---- slabs ---- */

#define OBJECTS 20000
static struct {
    char *at;
    size_t size;
    uint8_t fill;
} object[OBJECTS];

static void slabs(void)
{
    struct account account = {.limit = 3ul << 20};
    void *memory;
    begin("slab");
    block_become(2, BLOCK_KERNEL);
    memset(direct(2ul << 21), 0xee, HUGE_SIZE);
    slab_block_add(2);
    uint64_t pages = stats.slab_pages_free;
    int refused[2] = {0}, used = 0;
    for (int i = 0; i < 200000; i++) {
        int k = rnd() % OBJECTS;
        if (object[k].at) {
            for (size_t n = 0; n < object[k].size; n++)
                CHECK((uint8_t)object[k].at[n] == object[k].fill);
            kmem_free(&account, object[k].at, object[k].size);
            object[k].at = NULL;
            continue;
        }
        size_t size = rnd() % 16 ? 1 + rnd() % 200 : 1 + rnd() % 4096;
        int error = kmem_alloc(&account, size, &memory);
        if (error) {
            CHECK(error == E_QUOTA || error == E_KMEM);
            refused[error == E_KMEM]++;
            continue;
        }
        used++;
        CHECK((uintptr_t)memory % 16 == 0 && (size < 4096 || (uintptr_t)memory % 4096 == 0));
        for (size_t n = 0; n < size; n++)
            CHECK(((char *)memory)[n] == 0);
        object[k].at = memory;
        object[k].size = size;
        object[k].fill = (uint8_t)rnd();
        memset(memory, object[k].fill, size);
        if (i % 10000 == 0)
            slab_audit();
    }
    CHECK(used > 10000 && refused[1] > 100); /* it ran full */
    slab_audit();
    for (int k = 0; k < OBJECTS; k++)
        if (object[k].at)
            kmem_free(&account, object[k].at, object[k].size);
    slab_audit();
    CHECK(account.used == 0 && stats.slab_pages_free == pages);
    end();

    begin("slab_quota");
    struct account poor = {.limit = 100};
    void *one;
    CHECK(kmem_alloc(&poor, 96, &one) == 0 && poor.used == 96);
    CHECK(kmem_alloc(&poor, 1, &memory) == E_QUOTA && poor.used == 96);
    kmem_free(&poor, one, 96);
    CHECK(poor.used == 0);
    end();

    begin("slab_double_free");
    CHECK(kmem_alloc(&account_nobody, 64, &one) == 0 && kmem_alloc(&account_nobody, 64, &memory) == 0);
    kmem_free(&account_nobody, one, 64);
    expected = true;
    if (!setjmp(panicked)) {
        kmem_free(&account_nobody, one, 64);
        CHECK(!"noticed");
    }
    end();
    begin("slab_wrong_size");
    expected = true;
    if (!setjmp(panicked)) {
        kmem_free(&account_nobody, memory, 640);
        CHECK(!"noticed");
    }
    end();
    begin("slab_write_after_free");
    CHECK(kmem_alloc(&account_nobody, 64, &one) == 0); /* keeps the page in use */
    kmem_free(&account_nobody, memory, 64);
    ((char *)memory)[40] = 1;
    expected = true;
    if (!setjmp(panicked)) {
        slab_audit();
        CHECK(kmem_alloc(&account_nobody, 64, &one) == 0 && kmem_alloc(&account_nobody, 64, &one) == 0);
        CHECK(!"noticed");
    }
    ((char *)memory)[40] = 0x6b;
    end();
}

/* ---- tables, given and taken ---- */

static void tables(void)
{
    static paddr_t table[2000];
    static uint8_t table_level[2000];
    void *memory;
    uint64_t value;
    begin("table");
    paddr_t pa;
    CHECK(kmem_alloc(&account_nobody, sizeof(struct account), &memory) == 0);
    struct account *account = memory;
    account->limit = 1ul << 30;
    CHECK(table_alloc(account, 0, &pa) == E_KMEM && account->used == 0);
    for (paddr_t b = 5; b < 7; b++) {
        memset(direct(b << 21), 0xdd, HUGE_SIZE);
        CHECK(control(BLOCK_GIVE, b << 21, BLOCK_TABLE, NULL) == 0);
    }
    CHECK(host_direct_removed == 2 && stats.tables_free == 2 * 511);
    uint32_t n = 0;
    while (!table_alloc(account, n % 4, &pa)) {
        const char *bytes = direct(pa);
        for (int i = 0; i < 4096; i++)
            CHECK(bytes[i] == 0);
        CHECK(table_record(pa)->level == n % 4 && table_record(pa)->links == 1);
        table_level[n] = n % 4;
        table[n++] = pa;
    }
    CHECK(n == 2 * 511 && account->used == n * PAGE_SIZE);
    table_audit();
    for (uint32_t i = 0; i < n; i++) { /* each once */
        uint32_t k = i + rnd() % (n - i);
        pa = table[k];
        table[k] = table[i];
        bool two = rnd() % 2; /* links: the table is free when both are gone */
        table_record(pa)->links += two;
        CHECK(!two || !account_charge(&account_nobody, PAGE_SIZE)); /* for the second link */
        table_put(two ? &account_nobody : account, pa);
        CHECK(table_record(pa)->level == (two ? table_level[k] : TABLE_FREE));
        if (two)
            table_put(account, pa);
        table_level[k] = table_level[i];
        if (i % 100 == 0)
            table_audit();
    }
    CHECK(account->used == 0 && stats.tables_free == n);
    CHECK(control(BLOCK_TAKE, 0, 0, &value) == 0 && (value == 5ul << 21 || value == 6ul << 21));
    CHECK(block_kind_of(value) == BLOCK_RAM && host_direct_removed == 1);
    CHECK(control(BLOCK_TAKE, 0, 0, &value) == E_NOENT); /* some stay */
    table_audit();
    end();
    begin("table_not_zero");
    CHECK(table_alloc(account, 3, &pa) == 0);
    ((char *)direct(pa))[800] = 1;
    expected = true;
    if (!setjmp(panicked)) {
        table_put(account, pa);
        CHECK(!"noticed");
    }
    end();
}

static void giving(void)
{
    uint64_t value;
    begin("give");
    CHECK(control(BLOCK_GIVE, 0, BLOCK_KERNEL, NULL) == E_INVAL);
    CHECK(control(BLOCK_GIVE, 1ul << 21, BLOCK_KERNEL, NULL) == E_INVAL);
    CHECK(control(BLOCK_GIVE, (8ul << 21) + 4096, BLOCK_KERNEL, NULL) == E_INVAL);
    CHECK(control(BLOCK_GIVE, 8ul << 21, BLOCK_RESERVED, NULL) == E_INVAL);
    CHECK(control(BLOCK_GIVE, 1ul << 60, BLOCK_KERNEL, NULL) == E_INVAL);
    blocks[8].mappings = 1;
    CHECK(control(BLOCK_GIVE, 8ul << 21, BLOCK_KERNEL, NULL) == E_BUSY);
    blocks[8].mappings = 0;
    /* one is begun and left alone: it waits for somebody to go on, and the next one does not wait for it */
    struct syscall s = {.a = {1, BLOCK_GIVE, 8ul << 21, BLOCK_KERNEL}};
    CHECK(sys_block_ctl(&thread, &s) == SYS_RESTART && block_kind_of(8ul << 21) == BLOCK_RESERVED);
    CHECK(control(BLOCK_GIVE, 9ul << 21, BLOCK_KERNEL, NULL) == 0);
    CHECK(block_kind_of(8ul << 21) == BLOCK_RESERVED && block_kind_of(9ul << 21) == BLOCK_KERNEL);
    CHECK(control(BLOCK_GIVE, 8ul << 21, BLOCK_TABLE, NULL) == E_INVAL);
    CHECK(control(BLOCK_GIVE, 8ul << 21, BLOCK_KERNEL, NULL) == 0 &&
          block_kind_of(8ul << 21) == BLOCK_KERNEL);
    slab_audit();
    CHECK(control(BLOCK_INFO, 9ul << 21, 0, &value) == 0 && value == BLOCK_KERNEL);
    blocks[10].mappings = 7;
    CHECK(control(BLOCK_INFO, 10ul << 21, 0, &value) == 0 && value == (BLOCK_RAM | 7ul << 32));
    blocks[10].mappings = 0;
    uint64_t before = stats.slab_pages_free;
    CHECK(control(BLOCK_NEED, 0, 0, &value) == 0 && (uint32_t)value == before);
    int taken = 0;
    while (control(BLOCK_TAKE, 0, 0, &value) == 0)
        CHECK(block_kind_of(value) == BLOCK_RAM && ++taken < 4);
    CHECK(taken == 2 && stats.slab_pages_free < before);
    slab_audit();
    struct syscall wrong = {.a = {2, BLOCK_NEED}};
    CHECK(sys_block_ctl(&thread, &wrong) == E_TYPE && control(99, 0, 0, NULL) == E_INVAL);
    end();
}

int main(void)
{
    host_memory = aligned_alloc(HUGE_SIZE, BLOCKS * HUGE_SIZE);
    memory_maps();
    slabs();
    tables();
    giving();
    free(host_memory);
    return failures != 0;
}
