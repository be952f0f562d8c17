// sources: libipc/keep.c
/* The kept region: a death at any instruction leaves a state and the results that belong to it. */
#include "check.h"
#include "libipc/keep.h"
#include <ouros/error.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATE = 1001, COMMITS = 12 };

struct made {
    struct keep keep;
    struct keep_image now;
    uint8_t state[STATE];
};

static struct made *make(void *region)
{
    struct made *m = calloc(1, sizeof *m);

    m->keep = (struct keep){.region = region, .now = &m->now, .state = m->state, .size = STATE};
    return m;
}

static uint32_t answer(struct made *m, uint64_t badge, uint32_t seq, uint64_t word)
{
    uint32_t i = keep_result_new(&m->keep);

    m->now.results[i] = (struct keep_result){.badge = badge, .thread = 7, .seq = seq, .words = {word}};
    return i;
}

static void next_instance_finds_state(void)
{
    void *region = calloc(1, keep_bytes(STATE));
    struct made *a = make(region), *b = make(region), *c = make(region);

    memset(a->state, 3, STATE);
    keep_create(&a->keep);
    CHECK(keep_load(&a->keep) == 0 && a->state[STATE - 1] == 3);
    a->state[STATE - 1] = 4;
    CHECK(keep_client_set(&a->keep, 99, 16) == 0);
    keep_commit(&a->keep);
    a->state[0] = 5; /* never published */
    CHECK(keep_load(&b->keep) == 0);
    CHECK(b->state[0] == 3 && b->state[STATE - 1] == 4);
    CHECK(b->now.clients[0].badge == 99 && b->now.clients[0].offset == 16);
    b->state[1] = 9;
    keep_undo(&b->keep);
    CHECK(b->state[1] == 3);
    c->keep.size--;
    CHECK(keep_load(&c->keep) == E_INVAL);
    free(a), free(b), free(c), free(region);
}

static void result_waits_for_its_caller(void)
{
    void *region = calloc(1, keep_bytes(STATE));
    struct made *a = make(region), *b = make(region);
    uint32_t i;

    keep_create(&a->keep);
    CHECK(keep_load(&a->keep) == 0);
    keep_result_free(&a->keep, answer(a, 1, 10, 110)); /* its caller has it: never committed */
    answer(a, 1, 11, 111);
    keep_commit(&a->keep);
    CHECK(keep_load(&b->keep) == 0 && b->keep.unclaimed == 1);
    for (uint32_t n = 0; n < 10 * KEEP_RESULTS; n++) /* what others are given does not push it out */
        keep_result_free(&b->keep, answer(b, 2, n, n));
    CHECK(keep_result_find(&b->keep, 1, 7, 10) == KEEP_RESULTS);
    CHECK(keep_result_find(&b->keep, 1, 8, 11) == KEEP_RESULTS);
    CHECK(keep_result_find(&b->keep, 2, 7, 11) == KEEP_RESULTS);
    i = keep_result_find(&b->keep, 1, 7, 11);
    CHECK(i < KEEP_RESULTS && b->now.results[i].words[0] == 111 && b->keep.unclaimed == 0);
    keep_result_free(&b->keep, i);
    CHECK(keep_result_find(&b->keep, 1, 7, 11) == KEEP_RESULTS);
    free(a), free(b), free(region);
}

/* Each instance dies with one result given to nobody: the table never overflows, and nothing is lost before.
 */
static void unclaimed_results_are_bounded(void)
{
    void *region = calloc(1, keep_bytes(STATE));
    struct made *m = make(region);
    uint64_t seed = 5;

    keep_create(&m->keep);
    for (uint32_t n = 0; n < 1000; n++) {
        CHECK(keep_load(&m->keep) == 0);
        m->keep.given = 0;
        CHECK(m->keep.unclaimed == (n < KEEP_RESULTS ? n : KEEP_RESULTS));
        CHECK(n >= KEEP_RESULTS || !n ||
              keep_result_find(&m->keep, 1, 7, (uint32_t)(check_random(&seed) % n)) < KEEP_RESULTS);
        m->keep.given = 0;
        answer(m, 1, n, n);
        keep_commit(&m->keep);
    }
    free(m), free(region);
}

static void clients_are_bounded(void)
{
    void *region = calloc(1, keep_bytes(STATE));
    struct made *m = make(region);

    keep_create(&m->keep);
    CHECK(keep_load(&m->keep) == 0);
    for (uint64_t b = 1; b <= KEEP_CLIENTS; b++)
        CHECK(keep_client_set(&m->keep, b, b) == 0);
    CHECK(keep_client_set(&m->keep, 1, 5) == 0);
    CHECK(keep_client_set(&m->keep, KEEP_CLIENTS + 1, 0) == E_FULL);
    keep_client_forget(&m->keep, 3);
    CHECK(keep_client_set(&m->keep, KEEP_CLIENTS + 1, 0) == 0);
    free(m), free(region);
}

/* The process that is stepped: each commit makes all bytes of the state, a result and the notice one more. */
static void commit_often(void *region)
{
    struct made *m = make(region);

    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    keep_load(&m->keep);
    for (uint32_t n = 1; n <= COMMITS; n++) {
        uint32_t i = answer(m, 1, n, n);

        memset(m->state, (int)n, STATE);
        m->now.notice = n;
        keep_commit(&m->keep);
        keep_result_free(&m->keep, i);
    }
    _exit(0);
}

/* What an instance would find if the other died right here. Returns the number of the commit, or -1. */
static int look(const void *region, void *copy, struct made *m)
{
    uint32_t i;

    memcpy(copy, region, keep_bytes(STATE));
    m->keep.given = 0;
    if (keep_load(&m->keep))
        return -1;
    for (i = 1; i < STATE; i++)
        if (m->state[i] != m->state[0])
            return -1;
    if (m->now.notice != m->state[0])
        return -1;
    if (m->state[0] == 0)
        return 0;
    i = keep_result_find(&m->keep, 1, 7, m->state[0]);
    return i < KEEP_RESULTS && m->now.results[i].words[0] == m->state[0] ? m->state[0] : -1;
}

static void death_at_each_instruction(void)
{
    void *region = mmap(0, keep_bytes(STATE), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    void *copy = malloc(keep_bytes(STATE));
    struct made *m = make(copy);
    int status, at = 0, steps = 0;
    pid_t child;

    CHECK(region != MAP_FAILED);
    m->keep.region = region;
    keep_create(&m->keep);
    m->keep.region = copy;
    child = fork();
    if (child == 0)
        commit_often(region);
    waitpid(child, &status, 0);
    CHECK(WIFSTOPPED(status));
    for (;;) {
        int found;

        ptrace(PTRACE_SINGLESTEP, child, 0, 0);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status))
            break;
        steps++;
        found = look(region, copy, m);
        if (found != at && found != at + 1)
            kill(child, SIGKILL);
        CHECK(found == at || found == at + 1);
        at = found;
    }
    CHECK(WIFEXITED(status) && at == COMMITS && steps > 1000);
    printf("# %d instructions\n", steps);
    free(m), free(copy);
    munmap(region, keep_bytes(STATE));
}

int main(void)
{
    RUN(next_instance_finds_state);
    RUN(result_waits_for_its_caller);
    RUN(unclaimed_results_are_bounded);
    RUN(clients_are_bounded);
    RUN(death_at_each_instruction);
    CHECK_END();
}
