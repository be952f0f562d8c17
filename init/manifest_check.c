/* Whether the parts of a manifest fit together. Pure: the build's checker (build/manifest_check.c), init and
 * the host test use it.
 *
 * C1  everything that is named is there. C2  nothing starts after itself. C3  synchronous calls run down: who
 * calls whom has no circle, and nobody serves at a lower priority than who calls it. vfs calls a server whose
 * node is opened, unless the node is static. init is called by all and calls nobody. C4  the handles of one
 * server have different names, and so have all nodes. */
#include "manifest.h"
#include <ipc/format.h>
#include <ipc/string.h>
#include <ouros/error.h>

/* The handles that every server has. */
static const char *const own_handles[] = {"task", "pager", "init"};
static const char *const authorities[] = {"task-maker", "hardware", "pager-admin", "pager-manager", "bundle"};

static int wrong(struct manifest *m, uint32_t line, const char *format, const char *a, const char *b)
{
    m->line = line;
    ipc_format(m->error, sizeof m->error, format, a, b);
    return E_INVAL;
}

static uint32_t index_of(struct manifest *m, const char *name)
{
    struct server *s = manifest_server(m, name);

    return s ? (uint32_t)(s - m->servers) : UINT32_MAX;
}

/* ---- C1 ---- */

static int check_names(struct manifest *m, const struct server *s)
{
    if (!s->program[0])
        return wrong(m, s->line, "%s has no `program`", s->name, "");
    for (uint32_t i = 0; i < s->need_count; i++)
        if (!manifest_server(m, s->needs[i].server) && strcmp(s->needs[i].server, "init"))
            return wrong(m, s->needs[i].line, "%s needs %s, which no block describes", s->name,
                         s->needs[i].server);
    for (uint32_t i = 0; i < s->after_count; i++)
        if (!manifest_server(m, s->after[i].server))
            return wrong(m, s->after[i].line, "%s comes after %s, which no block describes", s->name,
                         s->after[i].server);
    for (uint32_t i = 0; i < s->hold_count; i++) {
        bool known = false;

        for (size_t a = 0; a < sizeof authorities / sizeof *authorities; a++)
            known |= strcmp(s->holds[i].what, authorities[a]) == 0;
        if (!known)
            return wrong(m, s->holds[i].line, "%s cannot hold %s: no authority is called so", s->name,
                         s->holds[i].what);
    }
    return 0;
}

/* ---- C2, C3 ---- */

typedef bool (*relation)(struct manifest *m, uint32_t from, uint32_t to);

/* `from` is started after `to`. */
static bool waits_for(struct manifest *m, uint32_t from, uint32_t to)
{
    const struct server *s = &m->servers[from];

    for (uint32_t i = 0; i < s->need_count; i++)
        if (index_of(m, s->needs[i].server) == to)
            return true;
    for (uint32_t i = 0; i < s->after_count; i++)
        if (index_of(m, s->after[i].server) == to)
            return true;
    return false;
}

static bool is_called_by_vfs(const struct server *s)
{
    for (uint32_t i = 0; i < s->node_count; i++)
        if (!s->nodes[i].is_static)
            return true;
    return false;
}

static bool calls(struct manifest *m, uint32_t from, uint32_t to)
{
    const struct server *s = &m->servers[from];

    for (uint32_t i = 0; i < s->need_count; i++)
        if (index_of(m, s->needs[i].server) == to)
            return true;
    return from != to && strcmp(s->name, "vfs") == 0 && is_called_by_vfs(&m->servers[to]);
}

/* Depth first; way[] is where we come from. Each server is visited once: `done` has those without a circle.
 */
struct search {
    relation related;
    uint32_t way[SERVERS_MAX], length;
    bool done[SERVERS_MAX];
};

static bool find_circle(struct manifest *m, struct search *s, uint32_t at)
{
    for (uint32_t i = 0; i < s->length; i++)
        if (s->way[i] == at) {
            s->length -= i; /* the way into the circle is not part of it */
            memmove(s->way, s->way + i, s->length * sizeof *s->way);
            return true;
        }
    if (s->done[at])
        return false;
    s->way[s->length++] = at;
    for (uint32_t to = 0; to < m->count; to++)
        if (s->related(m, at, to) && find_circle(m, s, to))
            return true;
    s->length--;
    s->done[at] = true;
    return false;
}

static int check_circles(struct manifest *m, relation related, const char *what)
{
    struct search s = {.related = related};
    char text[ERROR_MAX / 2];
    size_t n = 0;

    for (uint32_t i = 0; i < m->count; i++) {
        if (!find_circle(m, &s, i))
            continue;
        for (uint32_t w = 0; w <= s.length && n < sizeof text; w++)
            n += ipc_format(text + n, sizeof text - n, w ? ", %s" : "%s",
                            m->servers[s.way[w % s.length]].name);
        return wrong(m, m->servers[s.way[0]].line, "%s in a circle: %s", what, text);
    }
    return 0;
}

static int check_priorities(struct manifest *m)
{
    for (uint32_t from = 0; from < m->count; from++)
        for (uint32_t to = 0; to < m->count; to++)
            if (calls(m, from, to) && m->servers[from].priority > m->servers[to].priority)
                return wrong(m, m->servers[to].line,
                             "%s must have at least the priority of %s, which calls it", m->servers[to].name,
                             m->servers[from].name);
    return 0;
}

/* ---- C4 ---- */

/* The n-th name under which a server finds a handle, or null behind the last. Functions of PCI have names of
 * their own with a dot in them. */
static const char *handle_name(const struct server *s, uint32_t n, uint32_t *line)
{
    enum { OWN = sizeof own_handles / sizeof *own_handles };

    *line = s->line;
    if (n < OWN)
        return own_handles[n];
    n -= OWN;
    if (n < s->need_count) {
        *line = s->needs[n].line;
        return s->needs[n].name;
    }
    n -= s->need_count;
    if (n < s->hold_count) {
        *line = s->holds[n].line;
        return s->holds[n].name;
    }
    n -= s->hold_count;
    if (n >= s->grant_count)
        return 0;
    *line = s->grants[n].line;
    return s->grants[n].name;
}

static int check_handles(struct manifest *m, const struct server *s)
{
    const char *a;
    uint32_t line, other;

    for (uint32_t i = 0; (a = handle_name(s, i, &line)); i++)
        for (uint32_t n = 0; n < i && *a; n++)
            if (strcmp(handle_name(s, n, &other), a) == 0)
                return wrong(m, line, "%s is given two handles called %s", s->name, a);
    return 0;
}

static int check_nodes(struct manifest *m, uint32_t of)
{
    const struct server *s = &m->servers[of];

    for (uint32_t i = 0; i < s->node_count; i++)
        for (uint32_t other = 0; other <= of; other++)
            for (uint32_t n = 0; n < (other == of ? i : m->servers[other].node_count); n++)
                if (strcmp(s->nodes[i].name, m->servers[other].nodes[n].name) == 0)
                    return wrong(m, s->nodes[i].line, "/dev/%s is %s's already", s->nodes[i].name,
                                 m->servers[other].name);
    return 0;
}

int manifest_check(struct manifest *m)
{
    int error = 0;

    for (uint32_t i = 0; !error && i < m->count; i++) {
        error = check_names(m, &m->servers[i]);
        if (!error)
            error = check_handles(m, &m->servers[i]);
        if (!error)
            error = check_nodes(m, i);
    }
    if (!error)
        error = check_circles(m, waits_for, "servers start after each other");
    if (!error)
        error = check_circles(m, calls, "servers call each other");
    return error ? error : check_priorities(m);
}
