/* Digital search trees: each node has a key of its own, and lies on the way from the root that its key's bits
 * say, from the lowest on. So no way is longer than a key has bits, whatever keys a user chooses. Nodes are
 * part of the objects that they are for: nothing is allocated. */
#pragma once

#include <ouros/types.h>

typedef unsigned __int128 tree_key_t;

struct tree_node {
    tree_key_t key;
    struct tree_node *below[2]; /* those whose next bit is 0, 1 */
};

/* Where the node with a key is linked, or, if that is NULL, where it would have to be. Good until the tree
 * changes. */
static inline struct tree_node **tree_find(struct tree_node **root, tree_key_t key)
{
    struct tree_node **at = root;
    for (tree_key_t bits = key; *at && (*at)->key != key; bits >>= 1)
        at = &(*at)->below[bits & 1];
    return at;
}

/* Link a node where tree_find has found nothing for its key. */
static inline void tree_add(struct tree_node **at, struct tree_node *node, tree_key_t key)
{
    *node = (struct tree_node){.key = key};
    *at = node;
}

/* A node that is in no tree takes the place of *at: one with the same key, or from below it. */
static inline void tree_replace(struct tree_node **at, struct tree_node *node)
{
    __builtin_memcpy(node->below, (*at)->below, sizeof node->below);
    *at = node;
}

/* Take the node at *at out. Any one below it may take its place, for their keys begin alike: the last of a way.
 */
static inline void tree_remove(struct tree_node **at)
{
    struct tree_node **last = at;
    while ((*last)->below[0] || (*last)->below[1])
        last = &(*last)->below[!(*last)->below[0]];
    struct tree_node *node = *last;
    *last = NULL;
    if (last != at)
        tree_replace(at, node);
}
