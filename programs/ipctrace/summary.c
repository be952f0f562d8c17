#include "summary.h"

#include <stdlib.h>
#include <string.h>

static struct summary_line *line_of(struct summary *summary, const struct call *call)
{
    char buffer[NAME_SIZE];
    const char *name = name_operation(call, buffer);
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->lines[i].operation, name) == 0 &&
            strcmp(summary->lines[i].server, call->server_name) == 0)
            return &summary->lines[i];
    if (summary->count == summary->room) {
        size_t room = summary->room ? summary->room * 2 : 32;
        struct summary_line *more = realloc(summary->lines, room * sizeof *more);
        if (!more)
            return NULL;
        summary->lines = more;
        summary->room = room;
    }
    struct summary_line *line = &summary->lines[summary->count++];
    *line = (struct summary_line){.calls = 0};
    snprintf(line->operation, sizeof line->operation, "%s", name);
    snprintf(line->server, sizeof line->server, "%s", call->server_name);
    return line;
}

void summary_add(struct summary *summary, const struct call *call)
{
    struct summary_line *line = line_of(summary, call);
    if (!line) {
        summary->unlisted++;
        return;
    }
    uint64_t taken = call->taken_ns ? call->taken_ns : call->ended_ns, all = call->ended_ns - call->queued_ns;
    line->calls++;
    line->errors += call_is_error(call);
    line->queued_ns += taken - call->queued_ns;
    line->served_ns += call->ended_ns - taken;
    if (all > line->longest_ns)
        line->longest_ns = all;
}

static int longer_first(const void *a, const void *b)
{
    const struct summary_line *x = a, *y = b;
    uint64_t of_x = x->queued_ns + x->served_ns, of_y = y->queued_ns + y->served_ns;
    return of_x < of_y ? 1 : of_x > of_y ? -1 : strcmp(x->operation, y->operation);
}

void summary_print(struct summary *summary, FILE *to)
{
    if (summary->count)
        qsort(summary->lines, summary->count, sizeof summary->lines[0], longer_first);
    fprintf(to, "%-12s %-22s %8s %7s %12s %12s %12s\n", "server", "operation", "calls", "errors", "queued us",
            "served us", "longest us");
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_line *l = &summary->lines[i];
        fprintf(to, "%-12s %-22s %8llu %7llu %12.1f %12.1f %12.1f\n", l->server[0] ? l->server : "?",
                l->operation, (unsigned long long)l->calls, (unsigned long long)l->errors,
                (double)l->queued_ns / 1e3, (double)l->served_ns / 1e3, (double)l->longest_ns / 1e3);
    }
    if (summary->unlisted)
        fprintf(to, "%llu calls not listed: out of memory\n", (unsigned long long)summary->unlisted);
    free(summary->lines);
    summary->lines = NULL;
}
