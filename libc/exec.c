/* The exec family. proc replaces the space and installs the descriptors; on success nothing here goes on. */
#include "libc.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <proto/proc.h>

/* An errno value. */
static int image_exec(const char *path, char *const argv[], char *const envp[])
{
    struct fd_entry table[FD_MAX];
    fd_snapshot(table);
    for (int fd = 0; fd < FD_MAX; fd++) {
        if (table[fd].flags & FD_LOCAL_CLOEXEC)
            table[fd].handle = HANDLE_NONE;
    }
    struct image image = {.for_child = false};
    struct proc_image request = {0};
    int error = image_build(&image, &request, path, argv, envp, table);
    if (error)
        return error;
    struct ipc_none reply;
    struct ipc_transfer transfer = {.in = image.buffer, .in_len = image.length};
    error = proc_exec_with(PROC_SESSION, &request, &reply, &transfer);
    image_free(&image);
    return error_number(error);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
    return fail(image_exec(path, argv, envp));
}

/* The same, by the name that is traced: whatever the form, each attempt is seen. */
int traced_execve(const char *path, char *const argv[], char *const envp[]) __asm__("execve");

int execv(const char *path, char *const argv[])
{
    return traced_execve(path, argv, environ);
}

struct exec_argument {
    char *const *argv, *const *envp;
};

/* A file without a format that proc knows is a script for the shell, says POSIX of the searching forms. */
static int exec_script(const char *path, char *const argv[], char *const envp[])
{
    size_t count = 0;
    while (argv[count])
        count++;
    char **longer = malloc((count + 3) * sizeof *longer);
    if (!longer)
        return ENOMEM;
    longer[0] = "sh";
    longer[1] = (char *)path;
    for (size_t i = 1; i < count; i++)
        longer[i + 1] = argv[i];
    longer[count ? count + 1 : 2] = NULL;
    traced_execve("/bin/sh", longer, envp);
    int error = errno;
    free(longer);
    return error;
}

static int exec_try(const char *path, void *argument)
{
    struct exec_argument *exec = argument;
    traced_execve(path, exec->argv, exec->envp);
    int error = errno;
    return error == ENOEXEC ? exec_script(path, exec->argv, exec->envp) : error;
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
    return fail(search_path(file, exec_try, &(struct exec_argument){argv, envp}));
}

int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
    (void)argv, (void)envp;
    return fd_handle(fd) == HANDLE_NONE ? -1 : fail(ENOSYS);
}

/* The forms with a list: the arguments up to the NULL, then, for execle, the environment. */
enum list_form { LIST_PLAIN, LIST_ENVIRONMENT, LIST_SEARCH };

static int exec_list(enum list_form form, const char *path, const char *first, va_list list)
{
    va_list again;
    va_copy(again, list);
    size_t count = 1;
    if (first) {
        while (va_arg(again, char *))
            count++;
    }
    va_end(again);
    char **argv = malloc((count + 1) * sizeof *argv);
    if (!argv)
        return fail(ENOMEM);
    argv[0] = (char *)first;
    for (size_t i = 1; first && i <= count; i++)
        argv[i] = va_arg(list, char *);
    char **envp = form == LIST_ENVIRONMENT ? va_arg(list, char **) : environ;
    int result = form == LIST_SEARCH ? execvpe(path, argv, envp) : traced_execve(path, argv, envp);
    free(argv);
    return result;
}

int execl(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    int result = exec_list(LIST_PLAIN, path, first, list);
    va_end(list);
    return result;
}

int execle(const char *path, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    int result = exec_list(LIST_ENVIRONMENT, path, first, list);
    va_end(list);
    return result;
}

int execlp(const char *file, const char *first, ...)
{
    va_list list;
    va_start(list, first);
    int result = exec_list(LIST_SEARCH, file, first, list);
    va_end(list);
    return result;
}
