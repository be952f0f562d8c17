#include "manifest_words.h"
#include <ipc/format.h>
#include <ipc/string.h>
#include <ipc/time.h>
#include <ouros/error.h>
#include <ouros/handle.h>
#include <ouros/syscall.h>

struct parser {
    struct manifest *m;
    struct server *server; /* the block that the line belongs to, or null */
};

static int fail(struct parser *p, const char *why, const char *word)
{
    ipc_format(p->m->error, sizeof p->m->error, "%s: %s", why, word);
    return E_INVAL;
}

/* ---- statements inside a block ---- */

static bool parse_rights(char *word, uint32_t *rights)
{
    static const struct {
        const char *name;
        uint32_t right;
    } names[] = {{"use", RIGHT_USE}, {"read", RIGHT_READ}, {"write", RIGHT_WRITE}, {"admin", RIGHT_ADMIN}};
    char *next;

    for (*rights = 0; word; word = next) {
        uint32_t before = *rights;

        next = word_cut(word, '+');
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcmp(word, names[i].name) == 0)
                *rights |= names[i].right;
        if (*rights == before)
            return false;
    }
    return true;
}

/* SERVER[:right+right][=NAME] */
static int parse_need(struct parser *p, char *word)
{
    struct need *need = &p->server->needs[p->server->need_count];
    char *name = word_cut(word, '='), *rights = word_cut(word, ':');

    if (p->server->need_count == NEEDS_MAX)
        return fail(p, "too many needs", word);
    need->line = p->m->line;
    need->rights = RIGHT_USE | RIGHT_READ | RIGHT_WRITE;
    if (!word_copy(need->server, word, NAME_MAX) || !word_copy(need->name, name ? name : word, NAME_MAX))
        return fail(p, "bad name", word);
    if (rights && !parse_rights(rights, &need->rights))
        return fail(p, "unknown right", rights);
    p->server->need_count++;
    return 0;
}

static int needs(struct parser *p, struct line *line)
{
    int error = 0;

    for (uint32_t i = 1; !error && i < line->count; i++)
        error = parse_need(p, line->words[i]);
    return error;
}

/* AUTHORITY[=NAME] … */
static int holds(struct parser *p, struct line *line)
{
    for (uint32_t i = 1; i < line->count; i++) {
        struct hold *h = &p->server->holds[p->server->hold_count];
        char *name = word_cut(line->words[i], '=');

        if (p->server->hold_count == HOLDS_MAX || !word_copy(h->what, line->words[i], NAME_MAX) ||
            !word_copy(h->name, name ? name : line->words[i], NAME_MAX))
            return fail(p, "too many to hold, or a bad name", line->words[i]);
        h->line = p->m->line;
        p->server->hold_count++;
    }
    return 0;
}

static int after(struct parser *p, struct line *line)
{
    for (uint32_t i = 1; i < line->count; i++) {
        struct after *a = &p->server->after[p->server->after_count];

        if (p->server->after_count == NEEDS_MAX || !word_copy(a->server, line->words[i], NAME_MAX))
            return fail(p, "too many names, or a bad one", line->words[i]);
        a->line = p->m->line;
        p->server->after_count++;
    }
    return 0;
}

/* 1af4:1042,1af4:1001 */
static bool parse_pci(char *word, struct grant *g)
{
    uint64_t vendor, device;
    char *next;

    for (; word; word = next) {
        const char *end;

        next = word_cut(word, ',');
        end = word_digits(word, 16, &vendor);
        if (g->id_count == PCI_IDS_MAX || !end || *end != ':')
            return false;
        end = word_digits(end + 1, 16, &device);
        if (!end || *end || vendor > UINT16_MAX || device > UINT16_MAX)
            return false;
        g->ids[g->id_count++] = (struct pci_id){(uint16_t)vendor, (uint16_t)device};
    }
    return true;
}

/* The words behind the kind, without `as NAME`. */
static bool parse_grant(struct line *line, uint32_t count, struct grant *g)
{
    const char *kind = line->words[1];
    uint64_t first = 0, second = 0;

    if (strcmp(kind, "io") == 0) {
        g->kind = GRANT_IO;
        if (count != 4 || !word_number(line->words[2], 0xffff, &first) ||
            !word_number(line->words[3], 0x10000, &second))
            return false;
    } else if (strcmp(kind, "isa-irq") == 0 || strcmp(kind, "irq") == 0) {
        g->kind = kind[1] == 's' ? GRANT_ISA_IRQ : GRANT_IRQ;
        if (count != 3 || !word_number(line->words[2], 255, &first))
            return false;
    } else if (strcmp(kind, "pci") == 0) {
        g->kind = GRANT_PCI;
        return count == 3 && parse_pci(line->words[2], g);
    } else if (strcmp(kind, "file") == 0) {
        g->kind = GRANT_FILE;
        return count == 3 && word_copy(g->file, line->words[2], TEXT_MAX);
    } else {
        return false;
    }
    g->first = (uint32_t)first;
    g->count = (uint32_t)second;
    return true;
}

static int grant(struct parser *p, struct line *line)
{
    struct grant *g = &p->server->grants[p->server->grant_count];
    uint32_t count = line->count;

    if (p->server->grant_count == GRANTS_MAX)
        return fail(p, "too many grants", line->words[1]);
    *g = (struct grant){.line = p->m->line};
    if (count > 3 && strcmp(line->words[count - 2], "as") == 0) {
        if (!word_copy(g->name, line->words[count - 1], NAME_MAX))
            return fail(p, "bad name", line->words[count - 1]);
        count -= 2;
    }
    if (!parse_grant(line, count, g) || (!g->name[0] && g->kind != GRANT_PCI))
        return fail(p, "bad grant", line->words[1]);
    p->server->grant_count++;
    return 0;
}

/* node NAME NUMBER MODE [static] */
static int node(struct parser *p, struct line *line)
{
    struct node *n = &p->server->nodes[p->server->node_count];
    uint64_t number, mode;

    if (p->server->node_count == NODES_MAX || line->count < 4 || line->count > 5 ||
        (line->count == 5 && strcmp(line->words[4], "static") != 0) ||
        !word_copy(n->name, line->words[1], NAME_MAX) || !word_number(line->words[2], UINT32_MAX, &number) ||
        !word_number(line->words[3], 07777, &mode))
        return fail(p, "bad node", line->words[1]);
    n->number = (uint32_t)number;
    n->mode = (uint32_t)mode;
    n->is_static = line->count == 5;
    n->line = p->m->line;
    p->server->node_count++;
    return 0;
}

static int program(struct parser *p, struct line *line)
{
    return line_rest(line, 1, p->server->program, TEXT_MAX) ? 0 : fail(p, "bad program", line->words[1]);
}

static int priority(struct parser *p, struct line *line)
{
    const char *word = line->words[1];
    uint64_t value;

    if (strcmp(word, "driver") == 0)
        value = PRIORITY_DRIVER;
    else if (strcmp(word, "server") == 0)
        value = PRIORITY_SERVER;
    else if (!word_number(word, PRIORITY_INIT - 1, &value))
        return fail(p, "bad priority", word);
    p->server->priority = (uint32_t)value;
    return 0;
}

/* memory SIZE | memory any */
static int memory(struct parser *p, struct line *line)
{
    if (strcmp(line->words[1], "any") == 0)
        p->server->memory = UINT64_MAX;
    else if (!word_size(line->words[1], &p->server->memory))
        return fail(p, "bad size", line->words[1]);
    return 0;
}

static int kernel_memory(struct parser *p, struct line *line)
{
    return word_size(line->words[1], &p->server->kernel_memory) ? 0 : fail(p, "bad size", line->words[1]);
}

static int stack(struct parser *p, struct line *line)
{
    return word_size(line->words[1], &p->server->stack) ? 0 : fail(p, "bad size", line->words[1]);
}

/* restart never | restart FIRST MOST TRIES [WINDOW] */
static int restart(struct parser *p, struct line *line)
{
    struct server *s = p->server;
    uint64_t tries;

    if (line->count == 2 && strcmp(line->words[1], "never") == 0) {
        s->restart_tries = 0;
        return 0;
    }
    if (line->count < 4 || line->count > 5 || !word_time(line->words[1], &s->restart_first_ns) ||
        !word_time(line->words[2], &s->restart_most_ns) || !word_number(line->words[3], TRIES_MAX, &tries) ||
        (line->count == 5 && !word_time(line->words[4], &s->restart_window_ns)))
        return fail(p, "not FIRST MOST TRIES [WINDOW]", line->words[1]);
    s->restart_tries = (uint32_t)tries;
    return 0;
}

static int give_up(struct parser *p, struct line *line)
{
    static const char *const names[] = {
        [GIVE_UP_GO_ON] = "go-on", [GIVE_UP_REBOOT] = "reboot", [GIVE_UP_OFF] = "off"};

    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (line->count == 2 && strcmp(line->words[1], names[i]) == 0) {
            p->server->give_up = (enum give_up)i;
            return 0;
        }
    return fail(p, "neither go-on nor reboot nor off", line->words[1]);
}

/* ping never | ping PERIOD MISSES */
static int ping(struct parser *p, struct line *line)
{
    struct server *s = p->server;
    uint64_t misses = 0;

    s->ping_ns = 0;
    if (line->count == 2 && strcmp(line->words[1], "never") == 0)
        return 0;
    if (line->count != 3 || !word_time(line->words[1], &s->ping_ns) || s->ping_ns == 0 ||
        !word_number(line->words[2], 1000, &misses) || misses == 0)
        return fail(p, "not PERIOD MISSES", line->words[1]);
    s->ping_misses = (uint32_t)misses;
    return 0;
}

static int start_limit(struct parser *p, struct line *line)
{
    return word_time(line->words[1], &p->server->start_ns) && p->server->start_ns
               ? 0
               : fail(p, "bad time", line->words[1]);
}

/* ---- blocks ---- */

static int new_server(struct parser *p, const char *name)
{
    struct server *s = &p->m->servers[p->m->count];

    if (p->m->count == SERVERS_MAX)
        return fail(p, "too many servers", name);
    if (manifest_server(p->m, name))
        return fail(p, "defined twice", name);
    *s = (struct server){.priority = PRIORITY_SERVER,
                         .memory = 256 << 20,
                         .kernel_memory = 16 << 20,
                         .stack = 64 << 10,
                         .start_ns = 60 * NS_PER_S,
                         .ping_ns = 2 * NS_PER_S,
                         .ping_misses = 10,
                         .restart_first_ns = 100 * NS_PER_MS,
                         .restart_most_ns = 5 * NS_PER_S,
                         .restart_tries = 10,
                         .restart_window_ns = 60 * NS_PER_S,
                         .line = p->m->line};
    if (!word_copy(s->name, name, NAME_MAX))
        return fail(p, "bad name", name);
    p->m->count++;
    p->server = s;
    return 0;
}

static int begin_server(struct parser *p, struct line *line)
{
    return line->count == 2 ? new_server(p, line->words[1]) : fail(p, "server NAME", line->words[1]);
}

/* main PROGRAM [arguments] */
static int begin_main(struct parser *p, struct line *line)
{
    const char *slash = strrchr(line->words[1], '/');
    int error = new_server(p, slash ? slash + 1 : line->words[1]);

    if (error)
        return error;
    p->server->is_main = true;
    p->server->restart_tries = 0;
    p->server->ping_ns = 0;
    return program(p, line);
}

static int set_shell(struct parser *p, struct line *line)
{
    p->server = 0;
    return line_rest(line, 1, p->m->shell, TEXT_MAX) ? 0 : fail(p, "bad shell", line->words[1]);
}

static const struct statement {
    const char *word;
    int (*parse)(struct parser *, struct line *);
    bool inside;   /* only in a block */
    uint32_t most; /* words that it may have; 0: it looks itself */
} statements[] = {
    {"server", begin_server, false, 0},
    {"main", begin_main, false, 0},
    {"shell", set_shell, false, 0},
    {"program", program, true, 0},
    {"needs", needs, true, 0},
    {"holds", holds, true, 0},
    {"after", after, true, 0},
    {"grant", grant, true, 0},
    {"node", node, true, 0},
    {"priority", priority, true, 2},
    {"memory", memory, true, 2},
    {"kernel-memory", kernel_memory, true, 2},
    {"stack", stack, true, 2},
    {"restart", restart, true, 0},
    {"give-up", give_up, true, 2},
    {"start", start_limit, true, 2},
    {"ping", ping, true, 0},
};

static int parse_line(struct parser *p, struct line *line)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        const struct statement *s = &statements[i];

        if (strcmp(line->words[0], s->word) != 0)
            continue;
        if (line->count < 2)
            return fail(p, "nothing behind", s->word);
        if (s->inside && !p->server)
            return fail(p, "outside of a server", s->word);
        if (s->most && line->count > s->most)
            return fail(p, "too many words behind", s->word);
        return s->parse(p, line);
    }
    return fail(p, "unknown statement", line->words[0]);
}

int manifest_parse(const char *text, size_t length, struct manifest *m)
{
    struct parser p = {.m = m};
    struct line line;
    size_t at = 0;
    bool fits;
    int error = 0;

    memset(m, 0, sizeof *m);
    while (!error && line_next(text, length, &at, &line, &fits)) {
        m->line++;
        if (!fits)
            error = fail(&p, "line too long", line.count ? line.words[0] : "");
        else if (line.count)
            error = parse_line(&p, &line);
    }
    return error ? error : manifest_check(m);
}

struct server *manifest_server(struct manifest *m, const char *name)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (strcmp(m->servers[i].name, name) == 0)
            return &m->servers[i];
    return 0;
}
