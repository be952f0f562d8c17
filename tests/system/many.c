// config:
// config: memory=64
/* 200 processes at once, programs in sequence, and long pipelines. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 200

static int at_once(void)
{
    static pid_t pids[MANY];
    int go[2], ready[2], bad = 0, count = 0;
    if (pipe(go) || pipe(ready))
        return 1;
    for (int i = 0; i < MANY && !bad; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char byte = (char)i;
            close(go[1]);
            if (write(ready[1], &byte, 1) != 1)
                _exit(255);
            _exit(read(go[0], &byte, 1) == 0 ? i % 100 : 254); /* until the parent closes its end */
        }
        if (pids[i] < 0)
            perror("fork");
        bad |= pids[i] < 0;
        count += pids[i] > 0;
    }
    for (int i = 0; i < count; i++) {
        char byte;
        bad |= read(ready[0], &byte, 1) != 1;
    }
    close(go[1]);
    for (int i = 0; i < count; i++) {
        int status = 0;
        bad |=
            waitpid(pids[i], &status, 0) != pids[i] || !WIFEXITED(status) || WEXITSTATUS(status) != i % 100;
    }
    close(go[0]);
    close(ready[0]);
    close(ready[1]);
    if (bad)
        printf("# %d of %d processes\n", count, MANY);
    return bad;
}

static int sequence(void)
{
    for (int i = 0; i < 100; i++) {
        if (system(i % 2 ? "true" : "exit 3") != (i % 2 ? 0 : 3 << 8))
            return 1;
    }
    return 0;
}

static int pipeline(void)
{
    FILE *pipe = popen("seq 1 5000 | cat | grep 7 | cat | wc -l", "r");
    int count = 0, bad = !pipe || fscanf(pipe, "%d", &count) != 1;
    if (pipe)
        bad |= pclose(pipe) != 0;
    return bad || count != 1355;
}

int main(void)
{
    int bad = 0;
    static const struct {
        const char *name;
        int (*run)(void);
    } tests[] = {{"at-once", at_once}, {"sequence", sequence}, {"pipeline", pipeline}};
    for (unsigned i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        int failed = tests[i].run();
        if (failed)
            printf("not ok %s: something was lost\n", tests[i].name);
        else
            printf("ok %s\n", tests[i].name);
        fflush(stdout);
        bad |= failed;
    }
    return bad;
}
