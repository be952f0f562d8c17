// sources:
/* Digital search trees against an array: random keys, keys that differ in one bit alone, keys that begin alike. */
#include <stdio.h>
#include <stdlib.h>
#include <tree.h>

#define NODES 300
#define STEPS 100000

static struct tree_node nodes[NODES], *root;
static bool linked[NODES];
static int faults;

#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition) && !faults++)                              \
            printf("# tree_test.c:%d: %s\n", __LINE__, #condition); \
    } while (0)

static uint64_t rnd(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Each node lies on the way that its key says, none is there twice: how many. depth: the longest way. */
static uint32_t count(const struct tree_node *at, tree_key_t way, uint32_t bits, uint32_t *depth)
{
    if (!at)
        return 0;
    CHECK(bits == 0 || !((at->key ^ way) << (128 - bits)));
    *depth = bits > *depth ? bits : *depth;
    return 1 + count(at->below[0], way, bits + 1, depth) +
           count(at->below[1], way | (tree_key_t)1 << (bits & 127), bits + 1, depth);
}

enum keys { RANDOM, ONE_BIT, ALIKE, NUMBERS };

static tree_key_t key_of(enum keys how, uint32_t i)
{
    switch (how) {
    case RANDOM:
        return (tree_key_t)(i + 1) * 0x9e3779b97f4a7c15u << 64 | (uint64_t)(i + 7) * 0x2545f4914f6cdd1du;
    case ONE_BIT: return (tree_key_t)1 << (i % 128) | (tree_key_t)(i / 128) << 3;
    case ALIKE: return (tree_key_t)i << 119;
    default: return i;
    }
}

static void run(const char *name, enum keys how)
{
    uint32_t used = 0, depth = 0;
    root = NULL;
    faults = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        linked[i] = false;
        nodes[i].key = key_of(how, i);
    }
    for (uint32_t step = 0; step < STEPS && !faults; step++) {
        uint32_t i = (uint32_t)(rnd() % NODES);
        tree_key_t key = key_of(how, i);
        struct tree_node **at = tree_find(&root, key);
        if (linked[i]) {
            CHECK(*at == &nodes[i]);
            if (rnd() % 8 == 0) { /* another one in its place, and back */
                struct tree_node other = {.key = key};
                tree_replace(at, &other);
                CHECK(*tree_find(&root, key) == &other);
                tree_replace(tree_find(&root, key), &nodes[i]);
                continue;
            }
            tree_remove(at);
            linked[i] = false;
            used--;
        } else if (!*at) { /* else another node has the same key */
            tree_add(at, &nodes[i], key);
            linked[i] = true;
            used++;
        } else {
            CHECK((*at)->key == key);
        }
        if (step % 64 == 0)
            CHECK(count(root, 0, 0, &depth) == used && depth <= 128);
    }
    for (uint32_t i = 0; i < NODES; i++)
        if (linked[i])
            tree_remove(tree_find(&root, nodes[i].key));
    CHECK(!root);
    printf(faults ? "not ok %s\n" : "ok %s\n", name);
}

int main(void)
{
    int all = 0;
    run("random", RANDOM), all += faults;
    run("one-bit", ONE_BIT), all += faults;
    run("alike-at-first", ALIKE), all += faults;
    run("numbers", NUMBERS), all += faults;
    return all != 0;
}
