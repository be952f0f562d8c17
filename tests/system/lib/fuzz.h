/* Calls made at random from the protocols' own lists: wrong numbers, lengths, words, handles, buffers. Needs
 * of its user the sessions to try them on. The same seed gives the same calls. */
#ifndef FUZZ_H
#define FUZZ_H

#include <ipc/protocol.h>
#include <stddef.h>

enum { FUZZ_TARGETS = 16, FUZZ_OPS = 64 };

struct fuzz_target {
    const char *name;
    handle_t session;
    uint32_t rights;                          /* of the session */
    const struct ipc_protocol *const *speaks; /* what its server speaks, ended by null */
    bool (*allow)(uint32_t label, const uint64_t words[IPC_WORDS]); /* null: everything */
};

struct fuzz {
    uint64_t seed;
    const struct ipc_protocol *const *protocols; /* all there are, ended by null */
    struct fuzz_target targets[FUZZ_TARGETS];
    uint32_t target_count;
    uint64_t window, window_size; /* addresses that may be spoilt */
    uint8_t (*called)[FUZZ_OPS];  /* by the place in `protocols` and in its list: answered at least once */
    char *lent;                   /* FUZZ_LENT bytes, for buffers */
    const char *wrong;            /* what an answer broke, or null */
    uint32_t wrong_label;
    const char *wrong_target;
    uint64_t answered, refused; /* calls with and without an answer */
};
#define FUZZ_LENT 65536u

uint64_t fuzz_random(struct fuzz *f, uint64_t below);

/* One call. False: an answer was not as it has to be (wrong, wrong_label say why). Handles received are
 * closed. after_fork: called when a process finds itself the child of a fork that was called. */
bool fuzz_once(struct fuzz *f, void (*after_fork)(void));

/* An operation that no server that speaks it has answered yet, or null. */
const char *fuzz_never_called(const struct fuzz *f);

#endif
