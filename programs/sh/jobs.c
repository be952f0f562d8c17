#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"
#include "tool.h"

struct job {
    pid_t pid;
    int number; // [1] at the prompt; 0: not shown
    bool done;
    int status;
};

static struct job *jobs;
static size_t job_count, job_capacity;

enum { POLL_COUNT = 32 }; // from so many on, a new job makes us look for those that have ended

static int decode_status(int raw)
{
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

pid_t jobs_fork(void)
{
    fflush(stdout);
    pid_t pid = fork();
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
        if (sh.interactive) { // the loop around the program ends with it
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

static void jobs_poll(void)
{
    for (size_t i = 0; i < job_count; i++) {
        int raw;
        if (!jobs[i].done && waitpid(jobs[i].pid, &raw, WNOHANG) == jobs[i].pid) {
            jobs[i].done = true;
            jobs[i].status = decode_status(raw);
        }
    }
}

static void jobs_remove(size_t index)
{
    memmove(&jobs[index], &jobs[index + 1], (--job_count - index) * sizeof(*jobs));
}

static void jobs_add(pid_t pid, bool shown)
{
    if (job_count >= POLL_COUNT)
        jobs_poll();
    for (size_t i = job_count; i-- > 0;)
        if (jobs[i].done && jobs[i].number == 0)
            jobs_remove(i);
    if (job_count == job_capacity) {
        job_capacity = job_capacity ? job_capacity * 2 : 8;
        jobs = tool_realloc(jobs, job_capacity * sizeof(*jobs));
    }
    int number = shown;
    for (size_t i = 0; shown && i < job_count; i++)
        if (jobs[i].number >= number)
            number = jobs[i].number + 1;
    jobs[job_count++] = (struct job){.pid = pid, .number = number};
    if (shown && sh.interactive)
        fprintf(stderr, "[%d] %ld\n", number, (long)pid);
}

void jobs_adopt(pid_t pid)
{
    jobs_add(pid, false);
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
    for (size_t i = 0; i < count; i++)
        jobs_add(pids[i], i + 1 == count);
    if (count > 0)
        sh.background = pids[count - 1];
    if (pids != &single)
        free(pids);
    return sh.unwind ? sh.status : 0;
}

static int jobs_wait_index(size_t index)
{
    struct job job = jobs[index];
    while (!job.done) {
        int raw;
        pid_t result = waitpid(job.pid, &raw, 0);
        if (result < 0 && errno == EINTR)
            continue;
        job.done = true;
        job.status = result < 0 ? 127 : decode_status(raw);
    }
    jobs_remove(index);
    return job.status;
}

void jobs_wait_all(void)
{
    while (job_count > 0)
        jobs_wait_index(0);
}

int jobs_wait_pid(pid_t pid)
{
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].pid == pid)
            return jobs_wait_index(i);
    return 127;
}

static void job_show(FILE *stream, const struct job *job)
{
    fprintf(stream, "[%d] %ld ", job->number, (long)job->pid);
    if (!job->done)
        fputs("running\n", stream);
    else if (job->status == 0)
        fputs("done\n", stream);
    else
        fprintf(stream, "done, status %d\n", job->status);
}

void jobs_report(void)
{
    jobs_poll();
    for (size_t i = 0; i < job_count;) {
        if (!jobs[i].done) {
            i++;
            continue;
        }
        if (jobs[i].number > 0)
            job_show(stderr, &jobs[i]);
        jobs_remove(i);
    }
}

void jobs_print(void)
{
    jobs_poll();
    for (size_t i = 0; i < job_count; i++)
        if (jobs[i].number > 0)
            job_show(stdout, &jobs[i]);
}

void jobs_forget(void)
{
    job_count = 0;
}
