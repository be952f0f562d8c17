/* Functions of POSIX that newlib lacks or keeps under another name. */
#include "libc.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

ssize_t getdelim(char **line, size_t *room, int delimiter, FILE *stream)
{
    return __getdelim(line, room, delimiter, stream);
}

ssize_t getline(char **line, size_t *room, FILE *stream)
{
    return __getdelim(line, room, '\n', stream);
}

/* Days since 1970 of a date of the Gregorian calendar; months count from March, so the odd day is the last.
 */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

time_t timegm(struct tm *date)
{
    int64_t month = date->tm_mon % 12, year = (int64_t)date->tm_year + 1900 + date->tm_mon / 12;
    if (month < 0) {
        month += 12;
        year--;
    }
    int64_t days = days_of(year, (int)month + 1, 1) + date->tm_mday - 1;
    time_t result = ((days * 24 + date->tm_hour) * 60 + date->tm_min) * 60 + date->tm_sec;
    gmtime_r(&result, date);
    return result;
}

/* The last step of realpath: what the directory `path` is called. Restores the current directory. */
static char *directory_name(const char *path, char *buffer)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        return NULL;
    char *name = chdir(path) ? NULL : getcwd(buffer, PATH_MAX);
    int number = errno;
    if (fchdir(here))
        name = NULL;
    close(here);
    errno = number;
    return name;
}

/* Follow the last component's links until it is something else; then its directory is named by getcwd. */
char *realpath(const char *path, char *resolved)
{
    char name[PATH_MAX], link[PATH_MAX], *result = resolved ? resolved : malloc(PATH_MAX);
    struct stat status;
    if (!result || stat(path, &status))
        goto failed;
    strlcpy(name, path, sizeof name);
    if (S_ISDIR(status.st_mode)) {
        if (!directory_name(name, result))
            goto failed;
        return result;
    }
    for (int turns = 0; turns < SYMLOOP_MAX; turns++) {
        char *slash = strrchr(name, '/');
        const char *last = slash ? slash + 1 : name;
        ssize_t length = readlink(name, link, sizeof link - 1);
        if (length < 0) {
            char base[NAME_MAX + 1];
            strlcpy(base, last, sizeof base);
            if (slash)
                slash[slash == name] = '\0';
            if (!directory_name(slash ? name : ".", result))
                goto failed;
            size_t used = strlen(result);
            if (used + strlen(base) + 2 > PATH_MAX) {
                errno = ENAMETOOLONG;
                goto failed;
            }
            snprintf(result + used, PATH_MAX - used, "%s%s", used > 1 ? "/" : "", base);
            return result;
        }
        link[length] = '\0';
        size_t prefix = link[0] == '/' || !slash ? 0 : (size_t)(last - name);
        if (prefix + (size_t)length >= sizeof name) {
            errno = ENAMETOOLONG;
            goto failed;
        }
        memcpy(name + prefix, link, (size_t)length + 1);
    }
    errno = ELOOP;
failed:
    if (!resolved)
        free(result);
    return NULL;
}

int eaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

int euidaccess(const char *path, int mode)
{
    return eaccess(path, mode);
}

char *get_current_dir_name(void)
{
    return getcwd(NULL, 0);
}

int futimes(int fd, const struct timeval *times)
{
    struct timespec converted[2];
    for (int i = 0; times && i < 2; i++)
        converted[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
    return futimens(fd, times ? converted : NULL);
}

int lutimes(const char *path, const struct timeval *times)
{
    struct timespec converted[2];
    for (int i = 0; times && i < 2; i++)
        converted[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
    return utimensat(AT_FDCWD, path, times ? converted : NULL, AT_SYMLINK_NOFOLLOW);
}

int pthread_getconcurrency(void)
{
    return 0;
}
