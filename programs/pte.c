// pte PID ADDRESS: the page-table entries of an address at every level, decoded.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ouros/ptep.h>
#include <proto/proc.h>

#include "tool.h"

static void print_bits(pte_t e, uint32_t level)
{
    // Bits by the Intel SDM, volume 3A, 4.5.
    static const struct {
        pte_t bit;
        const char *set, *clear;
    } bits[] = {{PTE_W, "writable", "read-only"},
                {PTE_US, "user", "supervisor"},
                {PTE_NX, "no-execute", "executable"},
                {PTE_A, "accessed", NULL},
                {PTE_D, "dirty", NULL},
                {PTE_PCD, "uncached", NULL}};
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        const char *word = e & bits[i].bit ? bits[i].set : bits[i].clear;
        if (word &&
            !(bits[i].bit == PTE_D && pte_table(e, level))) // in an entry that leads on it says nothing
            printf(" %s", word);
    }
}

// False: the walk ends here.
static bool print_entry(pte_t e, uint32_t level, unsigned long long address)
{
    printf("L%u [%3u] %016llx ", (unsigned)level, (unsigned)ptep_va_index(address, level),
           (unsigned long long)e);
    if (!pte_present(e)) {
        if (pte_guard(e))
            puts(" guard");
        else if (pte_swap(e))
            printf(" swapped out to %llu\n", (unsigned long long)pte_swap_place(e));
        else
            puts(pte_empty(e) ? " absent" : " not present");
        return false;
    }
    bool table = pte_table(e, level);
    printf(" %s %#llx",
           table                ? "table"
           : pte_huge(e, level) ? "huge page"
                                : "page",
           (unsigned long long)pte_frame(e, level));
    print_bits(e, level);
    putchar('\n');
    return table;
}

int main(int argc, char **argv)
{
    char path[40], *end;
    long long pid;
    struct proc_entries entries;
    tool_start(argv);
    if (argc != 3 || !tool_number(argv[1], &pid) || pid <= 0)
        tool_usage("PID ADDRESS");
    errno = 0;
    unsigned long long address = strtoull(argv[2], &end, 16);
    if (*end || end == argv[2] || errno || argv[2][0] == '-' || address >= USER_END) {
        tool_warnx("'%s' is no address of a process: hexadecimal, below %#llx", argv[2],
                   (unsigned long long)USER_END);
        return 2;
    }
    snprintf(path, sizeof(path), "/proc/%lld/pagetable", pid);
    int fd = open(path, O_RDONLY);
    ssize_t got =
        fd < 0 ? -1 : pread(fd, &entries, sizeof(entries), (off_t)(address / PAGE_SIZE * sizeof(entries)));
    if (got != (ssize_t)sizeof(entries)) {
        if (got >= 0)
            errno = EIO;
        tool_warn(path);
        return 1;
    }
    close(fd);
    for (uint32_t level = 0; level < PTEP_LEVELS; level++)
        if (!print_entry(entries.entry[level], level, address))
            break;
    return tool_finish(0);
}
