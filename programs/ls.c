// ls [-1RadilF] [path...]: what is in directories. -l: long, -i: inode numbers, -d: directories themselves,
// -a: with names that begin with a dot, -R: and everything below. On a terminal names stand in columns.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mode_text.h"
#include "names.h"
#include "options.h"
#include "tool.h"

static struct {
    bool all, directories, inodes, one, recursive, marks, full;
} show;

static int exit_status;
static bool something_printed;

enum { LINE_WIDTH = 80, HALF_YEAR = 182 * 24 * 3600 };

/// A name and what lstat says about it.
struct entry {
    const char *name; // as printed
    struct stat status;
    char *target; // of a symbolic link, with -l
};

struct widths {
    int links, uid, gid, size, inode;
};

static void ls_fail(const char *path)
{
    tool_warn(path);
    exit_status = 1;
}

static char *read_target(const char *path)
{
    char target[4096];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return tool_strdup("?");
    target[length] = '\0';
    return tool_strdup(target);
}

static bool entry_read(struct entry *entry, const char *path, const char *name)
{
    *entry = (struct entry){.name = name};
    if (lstat(path, &entry->status) != 0) {
        ls_fail(path);
        return false;
    }
    if (show.full && S_ISLNK(entry->status.st_mode))
        entry->target = read_target(path);
    return true;
}

static int digits(unsigned long long number)
{
    int count = 1;
    while (number >= 10) {
        number /= 10;
        count++;
    }
    return count;
}

static void widen(int *width, unsigned long long number)
{
    int needed = digits(number);
    if (needed > *width)
        *width = needed;
}

static const char *entry_mark(const struct entry *entry)
{
    mode_t mode = entry->status.st_mode;
    if (!show.marks)
        return "";
    return S_ISDIR(mode) ? "/" : S_ISLNK(mode) ? "@" : S_ISFIFO(mode) ? "|" : mode & 0111 ? "*" : "";
}

static void print_name(const struct entry *entry)
{
    for (const char *c = entry->name; *c; c++) // no control characters to a terminal
        putchar((unsigned char)*c < ' ' || *c == 127 ? '?' : *c);
    fputs(entry_mark(entry), stdout);
}

static void print_long(const struct entry *entry, const struct widths *widths)
{
    const struct stat *status = &entry->status;
    char mode[MODE_TEXT_SIZE], date[32] = "?", size[48];
    mode_text(status->st_mode, mode);
    time_t now = time(NULL), changed = status->st_mtime;
    struct tm *fields = localtime(&changed);
    if (fields)
        strftime(date, sizeof(date),
                 changed > now - HALF_YEAR && changed <= now + 60 ? "%b %e %H:%M" : "%b %e  %Y", fields);
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        snprintf(size, sizeof(size), "%lu,%3lu", (unsigned long)status->st_rdev >> 8 & 0xfff,
                 (unsigned long)status->st_rdev & 0xff);
    else
        snprintf(size, sizeof(size), "%lld", (long long)status->st_size);
    printf("%s %*lu %-*lu %-*lu %*s %s ", mode, widths->links, (unsigned long)status->st_nlink, widths->uid,
           (unsigned long)status->st_uid, widths->gid, (unsigned long)status->st_gid, widths->size, size,
           date);
    print_name(entry);
    if (entry->target)
        printf(" -> %s", entry->target);
    putchar('\n');
}

static void print_columns(const struct entry *entries, size_t count)
{
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(entries[i].name) + (*entry_mark(&entries[i]) != '\0');
        longest = length > longest ? length : longest;
    }
    size_t columns = longest + 2 < LINE_WIDTH ? LINE_WIDTH / (longest + 2) : 1;
    size_t rows = (count + columns - 1) / columns;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < count; i += rows) {
            print_name(&entries[i]);
            size_t used = strlen(entries[i].name) + (*entry_mark(&entries[i]) != '\0');
            if (i + rows < count)
                printf("%*s", (int)(longest + 2 - used), "");
        }
        putchar('\n');
    }
}

static void print_entries(struct entry *entries, size_t count)
{
    struct widths widths = {1, 1, 1, 1, 1};
    for (size_t i = 0; i < count; i++) {
        const struct stat *status = &entries[i].status;
        widen(&widths.links, status->st_nlink);
        widen(&widths.uid, status->st_uid);
        widen(&widths.gid, status->st_gid);
        widen(&widths.size, status->st_size > 0 ? (unsigned long long)status->st_size : 0);
        widen(&widths.inode, status->st_ino);
        if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
            widths.size = widths.size < 7 ? 7 : widths.size;
    }
    if (!show.full && !show.one && !show.inodes) {
        print_columns(entries, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            if (show.inodes)
                printf("%*llu ", widths.inode, (unsigned long long)entries[i].status.st_ino);
            if (show.full) {
                print_long(&entries[i], &widths);
            } else {
                print_name(&entries[i]);
                putchar('\n');
            }
        }
    }
    something_printed |= count > 0;
    for (size_t i = 0; i < count; i++)
        free(entries[i].target);
}

static void ls_directory(const char *path, bool headed)
{
    struct names names = {0};
    if (show.all) {
        names_add(&names, ".");
        names_add(&names, "..");
    }
    if (!names_read(&names, path)) {
        ls_fail(path);
        names_free(&names);
        return;
    }
    if (headed)
        printf("%s%s:\n", something_printed ? "\n" : "", path);
    something_printed |= headed;
    struct entry *entries = tool_alloc((names.count + 1) * sizeof(*entries));
    struct names below = {0};
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (name[0] == '.' && !show.all)
            continue;
        char *full = tool_join(path, name);
        if (entry_read(&entries[count], full, name)) {
            if (show.recursive && S_ISDIR(entries[count].status.st_mode) && !tool_is_dots(name))
                names_add(&below, full);
            count++;
        }
        free(full);
    }
    print_entries(entries, count);
    free(entries);
    names_free(&names);
    for (size_t i = 0; i < below.count; i++)
        ls_directory(below.items[i], true);
    names_free(&below);
}

/// Without -l a link to a directory is listed as that directory.
static bool is_listed(const char *path, const struct entry *entry)
{
    struct stat status;
    if (show.directories)
        return false;
    if (S_ISLNK(entry->status.st_mode) && !show.full)
        return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    return S_ISDIR(entry->status.st_mode);
}

int main(int argc, char **argv)
{
    struct options options = OPTIONS(argv);
    int letter;
    tool_start(argv);
    show.one = !isatty(STDOUT_FILENO);
    while ((letter = options_next(&options, "1RadilF", "[-1RadilF] [path...]")) != 0) {
        show.one |= letter == '1';
        show.recursive |= letter == 'R';
        show.all |= letter == 'a';
        show.directories |= letter == 'd';
        show.inodes |= letter == 'i';
        show.full |= letter == 'l';
        show.marks |= letter == 'F';
    }
    char *here[] = {".", NULL};
    char **paths = *options.rest ? options.rest : here;
    struct names directories = {0};
    struct entry *files = tool_alloc((size_t)(argc + 1) * sizeof(*files));
    size_t file_count = 0, path_count = 0;
    for (; *paths; paths++, path_count++) {
        struct entry entry;
        if (!entry_read(&entry, *paths, *paths))
            continue;
        if (is_listed(*paths, &entry)) {
            names_add(&directories, *paths);
            free(entry.target);
        } else {
            files[file_count++] = entry;
        }
    }
    print_entries(files, file_count);
    free(files);
    for (size_t i = 0; i < directories.count; i++)
        ls_directory(directories.items[i], path_count > 1 || show.recursive);
    names_free(&directories);
    return tool_finish(exit_status);
}
