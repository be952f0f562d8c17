#include "manifest.h"
#include <ipc/format.h>
#include <ipc/string.h>
#include <ipc/time.h>
#include <ouros/error.h>
#include <ouros/handle.h>
#include <ouros/syscall.h>

enum { WORDS_MAX = 24, LINE_MAX = 512 };

/* One line, cut into words. */
struct line {
    char text[LINE_MAX];
    char *words[WORDS_MAX];
    uint32_t count;
};

struct parser {
    struct manifest *m;
    struct server *server; /* the block that the line belongs to, or null */
};

static int fail(struct parser *p, const char *why, const char *word)
{
    ipc_format(p->m->error, sizeof p->m->error, "%s: %s", why, word);
    return E_INVAL;
}

/* ---- words ---- */

static bool copy_name(char *to, const char *word, size_t size)
{
    return *word && ipc_strcpy(to, word, size) < size;
}

/* Words from `first` on, joined by single blanks. */
static bool copy_rest(const struct line *line, uint32_t first, char *to, size_t size)
{
    size_t length = 0;

    to[0] = 0;
    for (uint32_t i = first; i < line->count; i++) {
        length += ipc_format(to + length, size - length, i > first ? " %s" : "%s", line->words[i]);
        if (length >= size)
            return false;
    }
    return length > 0;
}

/* Digits of `base` up to the end or `stop`; returns where it ended, or null if there was no number. */
static const char *parse_digits(const char *word, uint32_t base, uint64_t *value)
{
    const char *p = word;

    for (*value = 0;; p++) {
        uint32_t digit = *p >= '0' && *p <= '9'   ? (uint32_t)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (uint32_t)(*p - 'a' + 10)
                                                  : 99;
        if (digit >= base)
            break;
        if (*value > (UINT64_MAX >> 8))
            return 0;
        *value = *value * base + digit;
    }
    return p == word ? 0 : p;
}

/* A number: decimal, 0x hexadecimal or 0 octal. */
static bool parse_number(const char *word, uint64_t most, uint64_t *value)
{
    const char *end;

    if (word[0] == '0' && word[1] == 'x')
        end = parse_digits(word + 2, 16, value);
    else
        end = parse_digits(word, word[0] == '0' && word[1] ? 8 : 10, value);
    return end && *end == 0 && *value <= most;
}

/* A size with K or M, or a time with ms or s. */
static bool parse_unit(const char *word, const char *const units[], const uint64_t factors[], uint64_t *value)
{
    const char *end = parse_digits(word, 10, value);

    for (int i = 0; end && units[i]; i++)
        if (strcmp(end, units[i]) == 0 && *value < 1ul << 32) {
            *value *= factors[i];
            return true;
        }
    return false;
}

static bool parse_size(const char *word, uint64_t *bytes)
{
    static const char *const units[] = {"K", "M", 0};
    static const uint64_t factors[] = {1 << 10, 1 << 20};

    return parse_unit(word, units, factors, bytes);
}

static bool parse_time(const char *word, uint64_t *ns)
{
    static const char *const units[] = {"ms", "s", 0};
    static const uint64_t factors[] = {NS_PER_MS, NS_PER_S};

    return parse_unit(word, units, factors, ns);
}

/* Cut a word at the first `separator`; returns what is behind it, or null. */
static char *cut(char *word, char separator)
{
    char *at = strchr(word, separator);

    if (!at)
        return 0;
    *at = 0;
    return at + 1;
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

        next = cut(word, '+');
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
    char *name = cut(word, '='), *rights = cut(word, ':');

    if (p->server->need_count == NEEDS_MAX)
        return fail(p, "too many needs", word);
    need->rights = RIGHT_USE | RIGHT_READ | RIGHT_WRITE;
    if (!copy_name(need->server, word, NAME_MAX) || !copy_name(need->name, name ? name : word, NAME_MAX))
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
        char *name = cut(line->words[i], '=');

        if (p->server->hold_count == HOLDS_MAX || !copy_name(h->what, line->words[i], NAME_MAX) ||
            !copy_name(h->name, name ? name : line->words[i], NAME_MAX))
            return fail(p, "too many to hold, or a bad name", line->words[i]);
        p->server->hold_count++;
    }
    return 0;
}

static int after(struct parser *p, struct line *line)
{
    for (uint32_t i = 1; i < line->count; i++) {
        if (p->server->after_count == NEEDS_MAX ||
            !copy_name(p->server->after[p->server->after_count], line->words[i], NAME_MAX))
            return fail(p, "too many names, or a bad one", line->words[i]);
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

        next = cut(word, ',');
        end = parse_digits(word, 16, &vendor);
        if (g->id_count == PCI_IDS_MAX || !end || *end != ':')
            return false;
        end = parse_digits(end + 1, 16, &device);
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
        if (count != 4 || !parse_number(line->words[2], 0xffff, &first) ||
            !parse_number(line->words[3], 0x10000, &second))
            return false;
    } else if (strcmp(kind, "isa-irq") == 0 || strcmp(kind, "irq") == 0) {
        g->kind = kind[1] == 's' ? GRANT_ISA_IRQ : GRANT_IRQ;
        if (count != 3 || !parse_number(line->words[2], 255, &first))
            return false;
    } else if (strcmp(kind, "pci") == 0) {
        g->kind = GRANT_PCI;
        return count == 3 && parse_pci(line->words[2], g);
    } else if (strcmp(kind, "file") == 0) {
        g->kind = GRANT_FILE;
        return count == 3 && copy_name(g->file, line->words[2], TEXT_MAX);
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
    *g = (struct grant){0};
    if (count > 3 && strcmp(line->words[count - 2], "as") == 0) {
        if (!copy_name(g->name, line->words[count - 1], NAME_MAX))
            return fail(p, "bad name", line->words[count - 1]);
        count -= 2;
    }
    if (!parse_grant(line, count, g) || (!g->name[0] && g->kind != GRANT_PCI))
        return fail(p, "bad grant", line->words[1]);
    p->server->grant_count++;
    return 0;
}

/* node NAME NUMBER MODE */
static int node(struct parser *p, struct line *line)
{
    struct node *n = &p->server->nodes[p->server->node_count];
    uint64_t number, mode;

    if (p->server->node_count == NODES_MAX || line->count != 4 ||
        !copy_name(n->name, line->words[1], NAME_MAX) || !parse_number(line->words[2], UINT32_MAX, &number) ||
        !parse_number(line->words[3], 07777, &mode))
        return fail(p, "bad node", line->words[1]);
    n->number = (uint32_t)number;
    n->mode = (uint32_t)mode;
    p->server->node_count++;
    return 0;
}

static int program(struct parser *p, struct line *line)
{
    return copy_rest(line, 1, p->server->program, TEXT_MAX) ? 0 : fail(p, "bad program", line->words[1]);
}

static int priority(struct parser *p, struct line *line)
{
    const char *word = line->words[1];
    uint64_t value;

    if (strcmp(word, "driver") == 0)
        value = PRIORITY_DRIVER;
    else if (strcmp(word, "server") == 0)
        value = PRIORITY_SERVER;
    else if (!parse_number(word, PRIORITY_INIT - 1, &value))
        return fail(p, "bad priority", word);
    p->server->priority = (uint32_t)value;
    return 0;
}

static int memory(struct parser *p, struct line *line)
{
    return parse_size(line->words[1], &p->server->kernel_memory) ? 0 : fail(p, "bad size", line->words[1]);
}

static int stack(struct parser *p, struct line *line)
{
    return parse_size(line->words[1], &p->server->stack) ? 0 : fail(p, "bad size", line->words[1]);
}

/* restart never | restart FIRST MOST TRIES */
static int restart(struct parser *p, struct line *line)
{
    struct server *s = p->server;
    uint64_t tries;

    if (line->count == 2 && strcmp(line->words[1], "never") == 0) {
        s->restart_tries = 0;
        return 0;
    }
    if (line->count != 4 || !parse_time(line->words[1], &s->restart_first_ns) ||
        !parse_time(line->words[2], &s->restart_most_ns) || !parse_number(line->words[3], 1000, &tries))
        return fail(p, "bad restart", line->words[1]);
    s->restart_tries = (uint32_t)tries;
    return 0;
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
                         .kernel_memory = 16 << 20,
                         .stack = 64 << 10,
                         .restart_first_ns = 100 * NS_PER_MS,
                         .restart_most_ns = 5 * NS_PER_S,
                         .restart_tries = 10};
    if (!copy_name(s->name, name, NAME_MAX))
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
    return program(p, line);
}

static int set_shell(struct parser *p, struct line *line)
{
    p->server = 0;
    return copy_rest(line, 1, p->m->shell, TEXT_MAX) ? 0 : fail(p, "bad shell", line->words[1]);
}

static const struct statement {
    const char *word;
    int (*parse)(struct parser *, struct line *);
    bool inside; /* only in a block */
} statements[] = {
    {"server", begin_server, false}, {"main", begin_main, false}, {"shell", set_shell, false},
    {"program", program, true},      {"needs", needs, true},      {"holds", holds, true},
    {"after", after, true},          {"grant", grant, true},      {"node", node, true},
    {"priority", priority, true},    {"memory", memory, true},    {"stack", stack, true},
    {"restart", restart, true},
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
        return s->parse(p, line);
    }
    return fail(p, "unknown statement", line->words[0]);
}

/* Take one line off the text and cut it into words. False at the end. */
static bool next_line(const char *text, size_t length, size_t *at, struct line *line, bool *fits)
{
    size_t n = 0;
    bool comment = false, in_word = false;

    line->count = 0;
    *fits = true;
    if (*at >= length)
        return false;
    for (; *at < length && text[*at] != '\n'; ++*at) {
        char c = text[*at];
        bool blank = c == ' ' || c == '\t' || c == '\r' || c == 0;

        comment = comment || c == '#';
        if (comment || n + 2 > LINE_MAX || (!blank && !in_word && line->count == WORDS_MAX)) {
            *fits = *fits && comment;
            continue;
        }
        if (!blank && !in_word)
            line->words[line->count++] = &line->text[n];
        if (!blank || in_word)
            line->text[n++] = blank ? 0 : c;
        in_word = !blank;
    }
    line->text[n] = 0;
    ++*at;
    return true;
}

static int check_whole(struct parser *p)
{
    struct manifest *m = p->m;

    for (uint32_t i = 0; i < m->count; i++) {
        struct server *s = &m->servers[i];

        if (!s->program[0])
            return fail(p, "no program", s->name);
        for (uint32_t n = 0; n < s->need_count; n++)
            if (!manifest_server(m, s->needs[n].server) && strcmp(s->needs[n].server, "init"))
                return fail(p, "needs what is not there", s->needs[n].server);
        for (uint32_t n = 0; n < s->after_count; n++)
            if (!manifest_server(m, s->after[n]))
                return fail(p, "after what is not there", s->after[n]);
    }
    return 0;
}

int manifest_parse(const char *text, size_t length, struct manifest *m)
{
    struct parser p = {.m = m};
    struct line line;
    size_t at = 0;
    bool fits;
    int error = 0;

    memset(m, 0, sizeof *m);
    while (!error && next_line(text, length, &at, &line, &fits)) {
        m->line++;
        if (!fits)
            error = fail(&p, "line too long", line.count ? line.words[0] : "");
        else if (line.count)
            error = parse_line(&p, &line);
    }
    return error ? error : check_whole(&p);
}

struct server *manifest_server(struct manifest *m, const char *name)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (strcmp(m->servers[i].name, name) == 0)
            return &m->servers[i];
    return 0;
}
