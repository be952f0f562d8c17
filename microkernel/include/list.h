/* Intrusive doubly linked lists. A node that is on no list points at itself. */
#pragma once

#include <ouros/types.h>

struct list {
    struct list *next, *prev;
};

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Insert `node` before `where`: with the head as `where`, at the tail. */
static inline void list_add_before(struct list *where, struct list *node)
{
    node->prev = where->prev;
    node->next = where;
    where->prev->next = node;
    where->prev = node;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
    list_add_before(head, node);
}

static inline void list_add_head(struct list *head, struct list *node)
{
    list_add_before(head->next, node);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}
