/* Small frame for tests of POSIX functions. They are plain POSIX programs: they build and pass on Linux too.
 * A case is a function that returns NULL, or why it failed; POSIX_TESTS runs a list of them. */
#ifndef POSIX_TEST_H
#define POSIX_TEST_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_reason[256];

#define EXPECT(condition)                                                                                 \
    do {                                                                                                  \
        errno = 0;                                                                                        \
        if (!(condition)) {                                                                               \
            snprintf(test_reason, sizeof test_reason, "line %d: %s (errno %d, %s)", __LINE__, #condition, \
                     errno, strerror(errno));                                                             \
            return test_reason;                                                                           \
        }                                                                                                 \
    } while (0)

/* The call fails with exactly this errno. */
#define EXPECT_ERRNO(call, number)                                                                         \
    do {                                                                                                   \
        errno = 0;                                                                                         \
        long test_result = (long)(call);                                                                   \
        if (test_result != -1 || errno != (number)) {                                                      \
            snprintf(test_reason, sizeof test_reason, "line %d: %s gave %ld, errno %d (%s), not " #number, \
                     __LINE__, #call, test_result, errno, strerror(errno));                                \
            return test_reason;                                                                            \
        }                                                                                                  \
    } while (0)

struct test_case {
    const char *name;
    const char *(*run)(void);
};

static int run_tests(const struct test_case *cases, size_t count)
{
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        const char *why = cases[i].run();
        if (why)
            printf("not ok %s: %s\n", cases[i].name, why);
        else
            printf("ok %s\n", cases[i].name);
        fflush(stdout); /* so that a child forked by the next case inherits an empty buffer */
        failed += why != NULL;
    }
    return failed ? 1 : 0;
}

#define RUN(list) run_tests(list, sizeof(list) / sizeof *(list))

/* The directory that the cases work in: fresh, on a file system that can be written. */
static inline const char *enter_work_directory(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "/tmp/%s", name);
    mkdir(path, 0755);
    return chdir(path) ? "cannot enter the work directory" : NULL;
}

#endif
