#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"
#include "interrupt.h"
#include "show.h"
#include "tool.h"

struct job {
    pid_t pid;
    int number; // [1] at the prompt; all processes of a pipeline have the same; 0: none
    char *text; // of the last process of a job: the command; NULL: not shown
    bool done;
    int raw;    // then: as waitpid gave it
    int status; // and as $? knows it
};

static struct job *jobs;
static size_t job_count, job_capacity;

enum { FORK_DELAY = 50000, FORK_RETRIES = 8 }; // microseconds, doubled each time
enum { POLL_COUNT = 32 }; // from so many on, a new job makes us look for those that have ended

static int decode_status(int raw)
{
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

pid_t jobs_fork(void)
{
    fflush(stdout);
    pid_t pid = fork();
    for (unsigned delay = FORK_DELAY; pid < 0 && errno == EAGAIN && delay < FORK_DELAY << FORK_RETRIES;
         delay *= 2) {
        usleep(delay); // too many processes: some may be about to end
        pid = fork();
    }
    if (pid < 0)
        sh_abort("fork: %s", strerror(errno));
    if (pid == 0)
        sh_enter_subshell();
    return pid;
}

pid_t jobs_fork_background(void)
{
    pid_t pid = jobs_fork();
    if (pid != 0)
        return pid;
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    int fd = open("/dev/null", O_RDONLY);
    if (fd > STDIN_FILENO) {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
    return 0;
}

static void report_death(int signal_number, int status)
{
    if (signal_number == SIGINT) {
        if (sh.interactive && sh.unwind != UNWIND_ABORT) { // the loop around the program ends with it
            fputc('\n', stderr);
            sh.unwind = UNWIND_ABORT;
            sh.status = status;
        }
    } else if (signal_number != SIGPIPE) {
        const char *name = strsignal(signal_number);
        fprintf(stderr, "%s\n", name ? name : "killed by a signal");
    }
}

int jobs_wait_one(pid_t pid)
{
    int raw;
    pid_t result;
    do
        result = waitpid(pid, &raw, 0);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return 127;
    int status = decode_status(raw);
    if (WIFSIGNALED(raw))
        report_death(WTERMSIG(raw), status);
    return status;
}

static void job_end(struct job *job, int raw)
{
    job->done = true;
    job->raw = raw;
    job->status = decode_status(raw);
}

static void jobs_poll(void)
{
    for (size_t i = 0; i < job_count; i++) {
        int raw;
        if (!jobs[i].done && waitpid(jobs[i].pid, &raw, WNOHANG) == jobs[i].pid)
            job_end(&jobs[i], raw);
    }
}

static void jobs_remove(size_t index)
{
    free(jobs[index].text);
    memmove(&jobs[index], &jobs[index + 1], (--job_count - index) * sizeof(*jobs));
}

static int jobs_next_number(void)
{
    int number = 1;
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].number >= number)
            number = jobs[i].number + 1;
    return number;
}

static void jobs_add(pid_t pid, int number, char *text)
{
    if (job_count >= POLL_COUNT)
        jobs_poll();
    for (size_t i = job_count; i-- > 0;)
        if (jobs[i].done && !jobs[i].text)
            jobs_remove(i);
    if (job_count == job_capacity) {
        job_capacity = job_capacity ? job_capacity * 2 : 8;
        jobs = tool_realloc(jobs, job_capacity * sizeof(*jobs));
    }
    jobs[job_count++] = (struct job){.pid = pid, .number = number, .text = text};
    if (text && sh.interactive)
        fprintf(stderr, "[%d] %ld\n", number, (long)pid);
}

void jobs_adopt(pid_t pid)
{
    jobs_add(pid, 0, NULL);
}

int jobs_background(const struct node *node)
{
    pid_t single, *pids = &single;
    size_t count = 1;
    if (node->kind == NODE_PIPELINE && !node->negated) {
        pids = tool_alloc(exec_pipeline_length(node) * sizeof(*pids));
        count = exec_start_pipeline(node, pids, jobs_fork_background);
    } else {
        single = jobs_fork_background();
        if (single == 0)
            exec_and_exit(node);
        count = single > 0;
    }
    struct buffer text = {0};
    show_node(&text, node);
    int number = jobs_next_number();
    for (size_t i = 0; i < count; i++)
        jobs_add(pids[i], number, i + 1 == count ? buffer_take(&text) : NULL);
    buffer_free(&text);
    if (count > 0)
        sh.background = pids[count - 1];
    if (pids != &single)
        free(pids);
    return sh.unwind ? sh.status : 0;
}

/// Waits for any child, so that ^C is noticed: whatever ends is remembered. False: ^C, or no child at all.
static bool jobs_wait_any(void)
{
    pid_t watcher = interrupt_watch();
    int raw;
    pid_t pid = waitpid(-1, &raw, 0);
    if (pid < 0)
        return errno == EINTR;
    if (pid == watcher)
        return !interrupt_ended(raw);
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].pid == pid && !jobs[i].done)
            job_end(&jobs[i], raw);
    return true;
}

static int jobs_wait_index(size_t index)
{
    while (!jobs[index].done)
        if (!jobs_wait_any()) {
            if (sh.unwind)
                return sh.status;
            break;
        }
    int status = jobs[index].done ? jobs[index].status : 127;
    jobs_remove(index);
    return status;
}

void jobs_wait_all(void)
{
    while (job_count > 0 && !sh.unwind)
        jobs_wait_index(0);
}

int jobs_wait_pid(pid_t pid)
{
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].pid == pid)
            return jobs_wait_index(i);
    return 127;
}

int jobs_wait_number(int number)
{
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].number == number && jobs[i].text)
            return jobs_wait_index(i);
    return 127;
}

int jobs_number(const char *text)
{
    long long number = 0;
    if (text[0] != '%')
        return 0;
    if (text[1] == '\0' || strcmp(text, "%%") == 0 || strcmp(text, "%+") == 0)
        number = jobs_next_number() - 1;
    else if (!tool_number(text + 1, &number) || number < 0 || number > INT_MAX)
        return 0;
    return (int)number;
}

bool jobs_pids(int number, struct strings *pids)
{
    char text[24];
    size_t before = pids->count;
    for (size_t i = 0; number > 0 && i < job_count; i++) {
        if (jobs[i].number != number || jobs[i].done)
            continue;
        snprintf(text, sizeof(text), "%ld", (long)jobs[i].pid);
        strings_add(pids, tool_strdup(text));
    }
    return pids->count > before;
}

static void job_show(FILE *stream, const struct job *job)
{
    char state[40] = "Running";
    if (job->done && WIFSIGNALED(job->raw))
        snprintf(state, sizeof(state), "%s", strsignal(WTERMSIG(job->raw)));
    else if (job->done && job->status != 0)
        snprintf(state, sizeof(state), "Exit %d", job->status);
    else if (job->done)
        snprintf(state, sizeof(state), "Done");
    fprintf(stream, "[%d] %-11s %s%s\n", job->number, state, job->text, job->done ? "" : " &");
}

void jobs_report(void)
{
    jobs_poll();
    for (size_t i = 0; i < job_count;) {
        if (!jobs[i].done) {
            i++;
            continue;
        }
        if (jobs[i].text)
            job_show(stderr, &jobs[i]);
        jobs_remove(i);
    }
}

void jobs_print(void)
{
    jobs_poll();
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].text)
            job_show(stdout, &jobs[i]);
}

void jobs_forget(void)
{
    job_count = 0;
    interrupt_forget();
}
