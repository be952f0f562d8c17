/* What a developer may ask the running kernel: one printer for each of its tables. Nothing here changes
 * anything. */
#include <arch/cpu.h>
#include <format.h>
#include <irqoff.h>
#include <messages.h>
#include <port.h>
#include <string.h>
#include <verbs.h>
#include <window.h>

#ifdef OUROS_DEBUG
#define COM2     0x2f8
#define LINE     5
#define READY    0x01
#define EMPTY    0x20
#define NO_UART  0xff
#define PATIENCE 1000000
#define LINE_MAX 64

static bool asked;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text_v(text, sizeof text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < n; i++) {
        for (uint32_t wait = 0; wait < PATIENCE && !(port_read(COM2 + LINE, 1) & EMPTY); wait++)
            ;
        port_write(COM2, 1, (uint8_t)text[i]);
    }
}

#define EACH(node, head)              \
    struct list *node = (head)->next; \
    node != (head);                   \
    node = node->next

static const char *const kinds[OBJ_KINDS] = {"none", "task", "thread", "port",   "session",  "reply",
                                             "irq",  "io",   "device", "memory", "hardware", "task-maker"};
static const char *const states[] = {"new",       "ready",    "running", "sending", "calling",
                                     "receiving", "faulting", "futex",   "stopped", "dead"};

/* By name or id. NULL: none. */
static struct task *task_named(const char *word)
{
    uint64_t id = 0;
    for (const char *c = word; *c >= '0' && *c <= '9'; c++)
        id = id * 10 + (uint64_t)(*c - '0');
    for (EACH(l, &task_list)) {
        struct task *task = container_of(l, struct task, all);
        if (task->id == id || text_equal(word, strlen(word), task->name))
            return task;
    }
    say("no task '%s'\n", word);
    return NULL;
}

/* ---- the tables ---- */

static void threads_print(const char *, const char *)
{
    for (EACH(l, &task_list)) {
        struct task *task = container_of(l, struct task, all);
        say("task %lu %.15s: %u threads, %u handles, %lu bytes%s\n", task->id, task->name, task->thread_count,
            task->handles.used, task->account ? task->account->used : 0,
            task->dead    ? ", dead"
            : task->dying ? ", dying"
                          : "");
        for (EACH(m, &task->threads)) {
            const struct thread *t = container_of(m, struct thread, in_task);
            say("  thread %u %s priority %u rip %lx flags %x\n", t->id, states[t->state], t->priority,
                t->frame.rip, t->flags);
        }
    }
}

static void waiting_print(const char *what, const struct list *head, size_t member)
{
    if (list_empty(head))
        return;
    say("   %s", what);
    for (const struct list *l = head->next; l != head; l = l->next) {
        const struct thread *t = (const struct thread *)((const char *)l - member);
        say(" %u", t->id);
        for (const struct list *p = t->peers.next; member == offsetof(struct thread, run) && p != &t->peers;
             p = p->next)
            say(" %u", container_of(p, const struct thread, peers)->id);
    }
    say("\n");
}

static void port_print(const struct port *port, const struct task *owner)
{
    say("port %lx of %.15s, lent to %.15s: %lu sessions, %lu messages, %lu queued, notices given up to "
        "%lu%s\n",
        (uint64_t)port, owner->name, port->borrower ? port->borrower->name : "nobody", port->session_count,
        port->messages, port->queued, port->given, port->dead ? ", dead" : "");
    waiting_print("receiving", &port->receivers, offsetof(struct thread, run));
    waiting_print("queued", &port->senders, offsetof(struct thread, run));
    waiting_print("received", &port->received, offsetof(struct thread, received));
}

/* Call a function for each handle of a task. */
static void handles_each(struct task *task, void (*function)(struct task *, const struct handle_entry *))
{
    for (uint32_t i = 0; i < task->handles.pages * HANDLES_PER_PAGE; i++) {
        const struct handle_entry *entry = &task->handles.page[i / HANDLES_PER_PAGE][i % HANDLES_PER_PAGE];
        if (entry->object)
            function(task, entry);
    }
}

static void owned_print(struct task *task, const struct handle_entry *entry)
{
    if (handle_kind(entry) == OBJ_PORT && entry->rights & RIGHT_MANAGE)
        port_print((const struct port *)entry->object, task);
}

static void ports_print(const char *, const char *)
{
    for (EACH(l, &task_list))
        handles_each(container_of(l, struct task, all), owned_print);
}

static void handle_print(struct task *, const struct handle_entry *entry)
{
    say("  %8x %s rights %8x at %lx\n", entry->id, kinds[handle_kind(entry)], entry->rights,
        (uint64_t)entry->object);
}

static void handles_print(const char *name, const char *)
{
    struct task *task = task_named(name);
    if (task)
        handles_each(task, handle_print);
}

static void walk_print(const char *name, const char *address)
{
    static const char digits[] = "0123456789abcdef";
    struct task *task = task_named(name);
    struct window w;
    vaddr_t va = 0;
    for (const char *d = address; *d; d++)
        for (uint32_t i = 0; i < 16; i++)
            if (*d == digits[i])
                va = va << 4 | i;
    if (!task || !vms_alive(&task->vms) || va >= USER_END)
        return;
    window_open(&w, &task->vms);
    for (uint32_t level = 0; level < PTEP_LEVELS; level++) {
        pte_t e = ptep_load(window_entry(&w, level, va));
        say("  level %u entry %3u: %016lx%s%s%s\n", level, ptep_va_index(va, level), e,
            pte_present(e) ? "" : " absent", e & PTE_W ? " W" : "", e & PTE_NX ? " NX" : "");
        if (!pte_table(e, level))
            break;
    }
    window_close(&w);
}

static void blocks_print(const char *, const char *)
{
    static const char *const names[BLOCK_KINDS] = {"reserved", "RAM", "tables", "kernel", "device"};
    for (uint32_t b = 0, first = 0, mapped = 0; b < block_count; b++) {
        mapped += blocks[b].kind == BLOCK_RAM && blocks[b].mappings;
        if (b + 1 < block_count && blocks[b + 1].kind == blocks[b].kind)
            continue;
        say("  blocks %u to %u: %s", first, b, names[blocks[b].kind]);
        say(blocks[b].kind == BLOCK_RAM ? ", %u of them mapped\n" : "\n", mapped);
        first = b + 1;
        mapped = 0;
    }
    say("  %lu of %lu slab pages and %lu of %lu tables are free\n", stats.slab_pages_free, stats.slab_pages,
        stats.tables_free, stats.tables);
}

static const char *name_of_task(uint32_t thread)
{
    for (EACH(l, &task_list)) {
        const struct task *task = container_of(l, struct task, all);
        for (EACH(m, &task->threads))
            if (container_of(m, const struct thread, in_task)->id == thread)
                return task->name;
    }
    return "?";
}

/* An answer has no number: its label is a status. */
static void operation_print(const struct message_record *m)
{
    const char *protocol, *to = name_of_task(m->to), *name;
    if (!(m->label >> 32))
        return;
    name = message_name((uint32_t)m->label, to, &protocol);
    say(" %.15s's %s.%s", to, name ? protocol : "?", name ? name : "?");
}

static void messages_print(const char *, const char *)
{
    for (uint64_t n = message_count > MESSAGES ? message_count - MESSAGES : 0; n < message_count; n++) {
        const struct message_record *m = &message_ring[n % MESSAGES];
        say("  thread %u to %u:", m->from, m->to);
        operation_print(m);
        say(" label %x, number %u, first word %lx, sender %s\n", (uint32_t)m->label,
            (uint32_t)(m->label >> 32), m->word, states[m->state]);
    }
}

static void irqoff_print(const char *, const char *)
{
    irqoff_tell(say);
}

/* ---- asking ---- */

static void help_print(const char *, const char *);

static const struct {
    const char *name;
    void (*print)(const char *first, const char *second);
} verbs[] = {
    {"threads", threads_print}, {"ports", ports_print},   {"handles", handles_print},   {"walk", walk_print},
    {"blocks", blocks_print},   {"irqoff", irqoff_print}, {"messages", messages_print}, {"help", help_print},
};

static void help_print(const char *, const char *)
{
    say("threads, ports, handles TASK, walk TASK ADDRESS, blocks, messages, irqoff\n");
}

/* One character, or 0: none comes any more. */
static char take(void)
{
    for (uint32_t wait = 0; wait < PATIENCE; wait++)
        if (port_read(COM2 + LINE, 1) & READY)
            return (char)port_read(COM2, 1);
    return 0;
}

static void answer(void)
{
    char line[LINE_MAX] = {0}, *word[3] = {line, "", ""}, c;
    uint32_t n = 0, words = 1;
    if (port_read(COM2 + LINE, 1) == NO_UART)
        return;
    while ((c = take()) && c != '\n')
        if (n < LINE_MAX - 1)
            line[n++] = c;
    for (uint32_t i = 0; i < n; i++)
        if (line[i] == ' ' && words < 3) {
            line[i] = 0;
            word[words++] = &line[i + 1];
        }
    for (uint32_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (text_equal(word[0], strlen(word[0]), verbs[i].name))
            verbs[i].print(word[1], word[2]);
    say(".\n"); /* the end */
}

void verbs_ask(bool in_user_mode)
{
    asked = true;
    if (in_user_mode)
        verbs_poll();
}

void verbs_poll(void)
{
    if (!asked)
        return;
    asked = false;
    answer();
}
#endif
