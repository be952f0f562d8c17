// sources: servers/proc/process.c
/* The table of processes: kinship, waiting, groups, sessions, pids. */
#include "check.h"

#include "../../servers/proc/process.h"

#include <ouros/error.h>
#include <stdlib.h>
#include <string.h>

static struct process *root;

static void fresh(void)
{
    memset(process_table, 0, sizeof process_table);
    root = process_create(NULL);
    root->started_by_init = true;
    root->state = PROCESS_RUNNING;
}

static struct process *child_of(struct process *parent)
{
    struct process *p = process_create(parent);
    if (p)
        p->state = PROCESS_RUNNING;
    return p;
}

static void end(struct process *p, uint32_t status)
{
    p->wait_status = status;
    process_end(p);
}

static void waiting(void)
{
    struct process *got;
    uint32_t status = 0;
    fresh();
    CHECK(process_wait(root, -1, 0, &got, &status) == E_CHILD);
    struct process *a = child_of(root), *b = child_of(root);
    CHECK(process_wait(root, -1, 0, &got, &status) == 0 && !got);
    CHECK(process_wait(root, a->pid + 1000, 0, &got, &status) == E_CHILD);
    end(a, WAIT_STATUS_EXIT(7));
    CHECK(a->state == PROCESS_ZOMBIE);
    CHECK(process_wait(root, b->pid, 0, &got, &status) == 0 && !got);
    CHECK(process_wait(root, -1, 0, &got, &status) == 0 && got == a && status == 7 << 8);
    process_reap(a);
    CHECK(a->state == PROCESS_FREE);
    b->state = PROCESS_STOPPED;
    b->report_stop = true;
    b->wait_status = WAIT_STATUS_STOPPED(SIGNAL_TSTP);
    CHECK(process_wait(root, -1, 0, &got, &status) == 0 && !got);
    CHECK(process_wait(root, -1, WAIT_UNTRACED, &got, &status) == 0 && got == b && (status & 0xff) == 0x7f);
    CHECK(process_wait(root, -1, WAIT_UNTRACED, &got, &status) == 0 && !got); /* told once */
}

static void orphans(void)
{
    fresh();
    struct process *a = child_of(root), *b = child_of(a), *c = child_of(a);
    end(b, 0);
    CHECK(b->state == PROCESS_ZOMBIE);
    end(a, 0);
    CHECK(b->state == PROCESS_FREE); /* nobody will wait for it */
    CHECK(!c->parent && c->state == PROCESS_RUNNING);
    end(c, 0);
    CHECK(c->state == PROCESS_FREE);
    CHECK(a->state == PROCESS_ZOMBIE);
}

static void references(void)
{
    fresh();
    struct process *a = child_of(root);
    process_get(a);
    end(a, 0);
    process_reap(a);
    CHECK(a->state == PROCESS_ZOMBIE && !process_find(a->pid));
    process_put(a);
    CHECK(a->state == PROCESS_FREE);
}

static void groups(void)
{
    fresh();
    struct process *a = child_of(root), *b = child_of(root);
    CHECK(a->pgid == root->pgid && a->sid == root->sid);
    CHECK(process_setpgid(root, a->pid, 0) == 0 && a->pgid == a->pid);
    CHECK(process_setpgid(root, b->pid, a->pid) == 0 && b->pgid == a->pid);
    CHECK(process_setpgid(root, b->pid, 30000) == E_PERM);
    CHECK(process_setpgid(a, b->pid, 0) == E_SRCH);
    CHECK(process_setpgid(root, -1, 0) == E_INVAL);
    CHECK(process_setsid(a) == E_PERM); /* leads a group */
    CHECK(process_setsid(b) == 0 && b->sid == b->pid && b->pgid == b->pid);
    CHECK(process_setpgid(root, b->pid, 0) == E_PERM); /* another session */
}

/* A pid stays taken while a group or session bears it, also when its process is gone. */
static void pids(void)
{
    fresh();
    struct process *leader = child_of(root), *member = child_of(root);
    int32_t pid = leader->pid;
    process_setpgid(root, pid, 0);
    process_setpgid(root, member->pid, pid);
    end(leader, 0);
    process_reap(leader);
    bool again = false;
    for (int i = 0; i < PID_MAX + 100; i++) {
        struct process *p = child_of(root);
        again |= p->pid == pid;
        end(p, 0);
        process_reap(p);
    }
    CHECK(!again);
}

static void full(void)
{
    fresh();
    int n = 0;
    while (child_of(root))
        n++;
    CHECK(n == PROCESS_MAX - 1);
}

/* Random births, ends and waits; the lists stay whole and everything is freed in the end. */
static void storm(void)
{
    srand(2);
    fresh();
    for (int round = 0; round < 200000; round++) {
        struct process *p = &process_table[rand() % 64];
        struct process *got = NULL;
        uint32_t status;
        if (p->state == PROCESS_RUNNING && rand() % 2)
            child_of(p);
        else if (p->state == PROCESS_RUNNING && p != root && rand() % 2)
            end(p, 0);
        else if (p->state == PROCESS_RUNNING && process_wait(p, -1, 0, &got, &status) == 0 && got)
            process_reap(got);
    }
    for (struct process *p = process_next(-1); p; p = process_next((int32_t)p->slot)) {
        if (p != root && p->state == PROCESS_RUNNING)
            end(p, 0);
    }
    struct process *got;
    uint32_t status;
    while (process_wait(root, -1, 0, &got, &status) == 0 && got)
        process_reap(got);
    CHECK(process_next((int32_t)root->slot) == NULL);
}

int main(void)
{
    RUN(waiting);
    RUN(orphans);
    RUN(references);
    RUN(groups);
    RUN(pids);
    RUN(full);
    RUN(storm);
    CHECK_END();
}
