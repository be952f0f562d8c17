/* Checks of ouros/ptep.h for one geometry; included by ptep2_test.c, ptep_test.c and ptep5_test.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ouros/ptep.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define NAME(what) "ptep" STRING(PTEP_LEVELS) "." what

static int failed, failures;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition) && !failed++)                                         \
            printf("not ok %s: line %d: %s\n", current, __LINE__, #condition); \
    } while (0)

static const char *current;

static void begin(const char *name)
{
    current = name;
    failed = 0;
}

static void end(void)
{
    if (failed)
        failures++;
    else
        printf("ok %s\n", current);
}

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* ---- simulated physical memory: tables that the "hardware" walks ---- */

#define FRAMES 4096
static pte_t memory[FRAMES][PTEP_ENTRIES];
static uint32_t frames_used;

static paddr_t frame_new(void)
{
    if (frames_used == FRAMES)
        abort();
    memset(memory[frames_used], 0, sizeof memory[0]);
    return (paddr_t)frames_used++ << PAGE_SHIFT;
}

static pte_t *table_at(paddr_t pa)
{
    return (pa >> PAGE_SHIFT) < FRAMES ? memory[pa >> PAGE_SHIFT] : NULL;
}

/* What the processor does with an address: walk from root, fail on absent, stop at huge. */
static int hardware(paddr_t root, vaddr_t va, bool user, paddr_t *out)
{
    for (uint32_t level = 0;; level++) {
        pte_t *table = table_at(root);
        if (!table)
            return -1;
        pte_t e = table[ptep_va_index(va, level)];
        if (!(e & PTE_P) || (user && !(e & PTE_US)))
            return -1;
        uint64_t size = ptep_level_size(level);
        if (level == PTEP_LEAF || (e & PTE_PS)) {
            *out = ((e & PTE_FRAME) & ~(size - 1)) | (va & (size - 1));
            return 0;
        }
        root = e & PTE_FRAME;
    }
}

static pte_t *hardware_entry(paddr_t root, ptep_t p, bool user)
{
    paddr_t pa = 0;
    if (hardware(root, (vaddr_t)p, user, &pa))
        return NULL;
    pte_t *table = table_at(pa & ~(PAGE_SIZE - 1));
    return table ? table + (pa & (PAGE_SIZE - 1)) / sizeof(pte_t) : NULL;
}

static paddr_t space_new(void)
{
    paddr_t root = frame_new();
    memory[root >> PAGE_SHIFT][VMS_SELF] = pte_mkwindow(root);
    return root;
}

/* Link tables down to a level and return va's entry there; NULL behind a huge entry. */
static pte_t *entry_make(paddr_t root, vaddr_t va, uint32_t level)
{
    pte_t *table = table_at(root);
    for (uint32_t l = 0; l < level; l++) {
        pte_t *e = &table[ptep_va_index(va, l)];
        if (pte_huge(*e, l))
            return NULL;
        if (!*e) {
            *e = pte_mktable(frame_new());
            if (rnd() % 8 == 0) /* a table linked with less */
                *e &= ~(rnd() % 2 ? PTE_W : PTE_US);
            else if (rnd() % 8 == 0)
                *e |= PTE_NX;
        }
        table = table_at(*e & PTE_FRAME);
    }
    return &table[ptep_va_index(va, level)];
}

static vaddr_t random_user_va(void)
{
    vaddr_t va = rnd() & ((1ul << (PTEP_VA_BITS - 1)) - 1);
    if (rnd() % 4) /* crowd together, so that tables have more than one entry */
        va &= 0x3ul << ptep_level_shift(0) | 0x3ul << (ptep_level_shift(PTEP_LEAF - 1)) | 0x7fffful;
    return va & ~(PAGE_SIZE - 1);
}

static void populate(paddr_t root, int n)
{
    while (n--) {
        vaddr_t va = random_user_va();
        uint32_t level = PTEP_LEAF;
        if (PTEP_LEVELS > 2 && rnd() % 4 == 0)
            level -= 1 + (PTEP_LEVELS > 3 && rnd() % 4 == 0);
        pte_t *e = entry_make(root, va, level);
        if (!e || *e)
            continue;
        paddr_t frame = (rnd() << PAGE_SHIFT) & PTE_FRAME & ~(ptep_level_size(level) - 1);
        *e = pte_make(frame, VMS_READ | rnd() % 16);
        if (level < PTEP_LEAF)
            *e = pte_mkhuge(*e);
        else if (rnd() % 8 == 0)
            *e = rnd() % 2 ? pte_mkguard() : pte_mkswap(rnd());
        else if (rnd() % 8 == 0)
            *e &= ~PTE_US;
    }
}

/* ---- arithmetic ---- */

static const ptep_window_t windows[] = {0,        1,        PTEP_ENTRIES / 2 - 1, PTEP_ENTRIES / 2,
                                        VMS_PEER, VMS_SELF, PTEP_ENTRIES - 1};

static void check_one(ptep_window_t w, uint32_t level, vaddr_t va)
{
    ptep_t p = ptep_at(w, level, va);
    CHECK(ptep_canonical((vaddr_t)p) == (vaddr_t)p);
    CHECK(ptep_window(p) == w);
    CHECK(ptep_index(p) == ptep_va_index(va, level));
    if (ptep_va_index(va, 0) == VMS_SELF)
        return; /* two names */
    CHECK(ptep_level(p) == level);
    CHECK(ptep_va(p) == ptep_canonical(va & ~(ptep_level_size(level) - 1)));
    if (level > 0) {
        CHECK(ptep_step_out(p) == ptep_at(w, level - 1, va));
        CHECK(ptep_step_in(ptep_step_out(p)) == p - ptep_index(p));
        CHECK(ptep_table(p) == p - ptep_index(p));
    }
    if (ptep_index(p) + 1 < PTEP_ENTRIES)
        CHECK(p + 1 == ptep_at(w, level, va + ptep_level_size(level)));
}

static void arithmetic(void)
{
    const vaddr_t half = 1ul << (PTEP_VA_BITS - 1), all = half * 2 - 1;
    const vaddr_t ends[] = {0, PAGE_SIZE, half - 1, half, all, all & ~(PTEP_LOW_)};
    begin(NAME("arithmetic"));
    for (uint32_t level = 0; level < PTEP_LEVELS; level++)
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
            for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
                check_one(windows[w], level, ptep_canonical(ends[i]));
            for (int i = 0; i < 2000; i++)
                check_one(windows[w], level, ptep_canonical(rnd()));
        }
    end();

    begin(NAME("window_ends")); /* the first and the last entry of a window, known by hand */
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        vaddr_t base = ptep_canonical((vaddr_t)windows[i] << PTEP_TOP_SHIFT);
        CHECK((vaddr_t)mkptep(windows[i], 0) == base);
        CHECK((vaddr_t)mkptep(windows[i], ~0ul) == base + (1ul << PTEP_TOP_SHIFT) - sizeof(pte_t));
        CHECK(((vaddr_t)ptep_at(VMS_SELF, 0, ~0ul) & (PAGE_SIZE - 1)) == PAGE_SIZE - sizeof(pte_t));
    }
    end();
}

/* ---- every ptep, walked as hardware would, hits the entry that it names ---- */

static void fold(void)
{
    begin(NAME("fold"));
    frames_used = 0;
    frame_new(); /* frame 0 is nobody's */
    paddr_t viewer = space_new(), guest[3], v = frame_new();
    const uint32_t upper = 3, leaf = 5;
    for (int g = 0; g < 3; g++) {
        guest[g] = space_new();
        populate(guest[g], 60);
        table_at(v)[g * 7] = pte_mkview(guest[g]);
    }
    table_at(v)[PTEP_ENTRIES - 1] = pte_mkview(v);
    table_at(viewer)[upper] = pte_mkview(v);
    for (int g = 0; g < 3; g++) {
        table_at(viewer)[VMS_PEER] = pte_mkwindow(guest[g]);
        table_at(viewer)[leaf] = pte_mkview(guest[g]);
        for (int i = 0; i < 3000; i++) {
            vaddr_t va = random_user_va();
            pte_t *table = table_at(guest[g]);
            bool user = true;
            for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
                pte_t *e = &table[ptep_va_index(va, level)];
                struct ptep_view view = {upper, (uint32_t)g * 7, leaf};
                CHECK(hardware_entry(viewer, ptep_at(VMS_PEER, level, va), false) == e);
                CHECK(hardware_entry(viewer, ptep_at(VMS_PEER, level, va), true) == NULL);
                CHECK(hardware_entry(guest[g], ptep_at(VMS_SELF, level, va), false) == e);
                CHECK(hardware_entry(viewer, ptep_view_at(&view, level, va), user) == e);
                if (!pte_table(*e, level))
                    break;
                user = user && (*e & PTE_US);
                table = table_at(*e & PTE_FRAME);
            }
        }
    }
    end();
}

/* ---- resolve against a software walk ---- */

struct tree {
    paddr_t space, viewer;
};

static pte_t read_tree(void *context, uint32_t level, vaddr_t va)
{
    struct tree *t = context;
    pte_t *e = hardware_entry(t->viewer, ptep_at(VMS_PEER, level, va), false);
    if (!e)
        abort(); /* resolve went below what is present */
    return *e;
}

static int software(paddr_t root, vaddr_t va, uint32_t need, struct ptep_mapping *out)
{
    bool user = true, write = true, exec = true;
    pte_t *table = table_at(root);
    for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
        pte_t e = table[ptep_va_index(va, level)];
        *out = (struct ptep_mapping){.entry = e, .level = level};
        if (!(e & PTE_P))
            return E_ABSENT;
        user = user && (e & PTE_US);
        write = write && (e & PTE_W);
        exec = exec && !(e & PTE_NX);
        if (level < PTEP_LEVELS - 1 && !(e & PTE_PS)) {
            table = table_at(e & PTE_FRAME);
            continue;
        }
        uint64_t size = ptep_level_size(level);
        out->pa = (e & PTE_FRAME & ~(pte_t)(size - 1)) + va % size;
        if (user)
            out->prot = VMS_READ | write * VMS_WRITE | exec * VMS_EXEC | !!(e & PTE_PCD) * VMS_UNCACHED;
        return user && (out->prot & need) == need ? 0 : E_FAULT;
    }
    abort();
}

static void resolve(void)
{
    int seen[4] = {0};
    begin(NAME("resolve"));
    for (int round = 0; round < 12; round++) {
        frames_used = 0;
        frame_new();
        struct tree t = {.space = space_new()};
        t.viewer = space_new();
        table_at(t.viewer)[VMS_PEER] = pte_mkwindow(t.space);
        populate(t.space, 20 + (int)(rnd() % 180));
        for (int i = 0; i < 20000; i++) {
            vaddr_t va = random_user_va() | (rnd() & (PAGE_SIZE - 1));
            uint32_t need = rnd() % 8;
            struct ptep_mapping a, b;
            int ra = ptep_resolve_by(read_tree, &t, va, need, &a), rb = software(t.space, va, need, &b);
            CHECK(ra == rb && a.entry == b.entry && a.level == b.level && a.pa == b.pa && a.prot == b.prot);
            seen[ra == 0 ? 0 : ra == E_FAULT ? 1 : 2]++;
            seen[3] += ra == 0 && a.level < PTEP_LEAF;
        }
    }
    CHECK(seen[0] > 100 && seen[1] > 100 && seen[2] > 100); /* the trees were worth walking */
    CHECK(PTEP_LEVELS == 2 || seen[3] > 20);
    end();
}

/* A walk over pages that follow each other, most of its steps by the leaf alone, finds what whole walks find. */
static void resolve_next(void)
{
    int steps = 0, whole = 0;
    begin(NAME("resolve_next"));
    for (int round = 0; round < 12; round++) {
        frames_used = 0;
        frame_new();
        struct tree t = {.space = space_new()};
        t.viewer = space_new();
        table_at(t.viewer)[VMS_PEER] = pte_mkwindow(t.space);
        populate(t.space, 20 + (int)(rnd() % 180));
        for (int i = 0; i < 4000; i++) {
            vaddr_t va = random_user_va() & ~(PAGE_SIZE - 1);
            uint32_t need = rnd() % 8;
            struct ptep_mapping a = {.level = 0}, b;
            pte_t *e = hardware_entry(t.viewer, ptep_at(VMS_PEER, PTEP_LEAF, va), false);
            for (uint32_t k = ptep_va_index(va, PTEP_LEAF); e && k < PTEP_ENTRIES && k % 20; k++)
                *e++ = rnd() % 8 ? pte_make((rnd() << PAGE_SHIFT) & PTE_FRAME, (uint32_t)(rnd() % 8)) : rnd();
            for (int page = 0; page < 24; page++, va += PAGE_SIZE) {
                int rb = software(t.space, va, need, &b), ra = ptep_resolve_next(read_tree, &t, va, need, &a);
                steps += !ra;
                whole += ra != 0;
                CHECK(ra == 0 || ra == E_ABSENT);
                CHECK(ra || (!rb && a.entry == b.entry && a.level == b.level && a.pa == b.pa));
                CHECK(ra || ((a.prot & ~b.prot) == 0 && (need & ~a.prot) == 0));
                if (ra && ptep_resolve_by(read_tree, &t, va, need, &a))
                    break;
            }
        }
    }
    CHECK(steps > 100 && whole > 100);
    end();
}

/* ---- values ---- */

static void values(void)
{
    begin(NAME("values"));
    const pte_t odd[] = {0, pte_mkguard(), pte_mkswap(0), pte_mkswap(0xfffff)};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        pte_t e = odd[i];
        CHECK(pte_mkwritable(e) == e && pte_mkwprotect(e) == e && pte_mkhuge(e) == e && pte_mkold(e) == e);
        CHECK(pte_mkclean(e) == e && pte_mkprot(e, VMS_READ | VMS_WRITE) == e && !pte_present(e));
        CHECK(!pte_huge(e, 0) && !pte_table(e, 0) && !(e & PTE_W));
    }
    CHECK(pte_guard(pte_mkguard()) && !pte_swap(pte_mkguard()) && !pte_empty(pte_mkguard()));
    CHECK(pte_swap(pte_mkswap(77)) && !pte_guard(pte_mkswap(77)) && pte_swap_place(pte_mkswap(77)) == 77);
    for (int i = 0; i < 1000; i++) {
        paddr_t frame = (rnd() << PAGE_SHIFT) & PTE_FRAME;
        uint32_t prot = (uint32_t)(rnd() % 16) | VMS_READ;
        pte_t e = pte_make(frame, prot);
        CHECK(pte_present(e) && pte_frame(e, PTEP_LEAF) == frame && !pte_huge(e, PTEP_LEAF) && (e & PTE_US));
        CHECK(pte_writable(e) == !!(prot & VMS_WRITE));
        CHECK(!(e & PTE_NX) == (!PTE_NX || (prot & VMS_EXEC)));
        CHECK(pte_mkprot(e | PTE_A | PTE_D, VMS_READ) == (pte_make(frame, VMS_READ) | PTE_A | PTE_D));
        CHECK(pte_mkwprotect(pte_mkwritable(e)) == pte_mkwprotect(e));
        CHECK(pte_mkold(pte_mkclean(e | PTE_A | PTE_D)) == e);
        CHECK(!(pte_make_kernel(frame, prot) & PTE_US));
        /* PS means huge only above the leaf level */
        CHECK(pte_huge(pte_mkhuge(e), 0) && !pte_huge(pte_mkhuge(e), PTEP_LEAF));
        CHECK(!(pte_mkhuge(e) & PTE_GLOBAL) && !(e & PTE_GLOBAL));
    }
    CHECK(pte_table(pte_mktable(PAGE_SIZE), 0) && (pte_mktable(PAGE_SIZE) & PTE_US));
    CHECK(!(pte_mkwindow(PAGE_SIZE) & PTE_US) && (pte_mkwindow(PAGE_SIZE) & PTE_W));
    CHECK((pte_mkview(PAGE_SIZE) & PTE_US) && !(pte_mkview(PAGE_SIZE) & PTE_W));
    CHECK(PTEP_INDEX_BITS == 10 || (pte_mkview(PAGE_SIZE) & pte_mkwindow(PAGE_SIZE) & PTE_NX));
    end();
}

int main(void)
{
    arithmetic();
    fold();
    resolve();
    resolve_next();
    values();
    return failures != 0;
}
