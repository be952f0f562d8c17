// stat [-L] [-c format] path...: everything a file's inode says. -L follows links. The format knows %n name,
// %s size, %a mode in octal, %A mode in letters, %i inode, %h links, %u and %g owner, %b blocks, %Y %X %Z
// times, %F type.
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "mode_text.h"
#include "options.h"
#include "tool.h"

static const char *type_name(mode_t mode)
{
    return S_ISREG(mode)    ? "regular file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISLNK(mode)  ? "symbolic link"
           : S_ISCHR(mode)  ? "character device"
           : S_ISBLK(mode)  ? "block device"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
                            : "unknown";
}

static void print_time(const char *title, struct timespec time)
{
    char text[40] = "?";
    struct tm *fields = gmtime(&time.tv_sec);
    if (fields)
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", fields);
    printf("%s: %s.%09ld\n", title, text, (long)time.tv_nsec);
}

static void print_all(const char *path, const struct stat *status)
{
    char mode[MODE_TEXT_SIZE];
    mode_text(status->st_mode, mode);
    printf("  File: %s\n", path);
    printf("  Type: %s  Mode: %04o (%s)\n", type_name(status->st_mode), (unsigned)status->st_mode & 07777,
           mode);
    printf("  Size: %lld  Blocks: %lld  Block size: %ld\n", (long long)status->st_size,
           (long long)status->st_blocks, (long)status->st_blksize);
    printf("Device: %lu  Inode: %llu  Links: %lu", (unsigned long)status->st_dev,
           (unsigned long long)status->st_ino, (unsigned long)status->st_nlink);
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        printf("  Number: %lu", (unsigned long)status->st_rdev);
    printf("\n   Uid: %lu  Gid: %lu\n", (unsigned long)status->st_uid, (unsigned long)status->st_gid);
    print_time("Access", status->st_atim);
    print_time("Modify", status->st_mtim);
    print_time("Change", status->st_ctim);
}

static void print_field(char letter, const char *path, const struct stat *status)
{
    char mode[MODE_TEXT_SIZE];
    switch (letter) {
    case 'n': fputs(path, stdout); break;
    case 's': printf("%lld", (long long)status->st_size); break;
    case 'a': printf("%o", (unsigned)status->st_mode & 07777); break;
    case 'A':
        mode_text(status->st_mode, mode);
        fputs(mode, stdout);
        break;
    case 'i': printf("%llu", (unsigned long long)status->st_ino); break;
    case 'h': printf("%lu", (unsigned long)status->st_nlink); break;
    case 'u': printf("%lu", (unsigned long)status->st_uid); break;
    case 'g': printf("%lu", (unsigned long)status->st_gid); break;
    case 'b': printf("%lld", (long long)status->st_blocks); break;
    case 'X': printf("%lld", (long long)status->st_atim.tv_sec); break;
    case 'Y': printf("%lld", (long long)status->st_mtim.tv_sec); break;
    case 'Z': printf("%lld", (long long)status->st_ctim.tv_sec); break;
    case 'F': fputs(type_name(status->st_mode), stdout); break;
    case '%': putchar('%'); break;
    default: printf("%%%c", letter);
    }
}

static void print_format(const char *format, const char *path, const struct stat *status)
{
    for (; *format; format++) {
        if (*format == '%' && format[1])
            print_field(*++format, path, status);
        else
            putchar(*format);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-L] [-c format] path...";
    (void)argc;
    struct options options = OPTIONS(argv);
    const char *format = NULL;
    bool follow = false;
    int letter, exit_status = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "Lc:", synopsis)) != 0) {
        follow |= letter == 'L';
        format = letter == 'c' ? options.argument : format;
    }
    if (!*options.rest)
        tool_usage(synopsis);
    for (char **path = options.rest; *path; path++) {
        struct stat status;
        if ((follow ? stat : lstat)(*path, &status) != 0) {
            tool_warn(*path);
            exit_status = 1;
        } else if (format) {
            print_format(format, *path, &status);
        } else {
            print_all(*path, &status);
        }
    }
    return tool_finish(exit_status);
}
