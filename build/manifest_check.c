/* manifest_check BUNDLE FILE…: whether the files of the manifest, one behind the other, describe a system
 * that can start from the bundle. Prints `FILE:LINE: sentence` and ends with 1 when not. It reads them with
 * init's own parser and the one ELF loader; init/manifest_check.c has the rules, here are those that need the
 * bundle. */
#include <inttypes.h>
#include <ipc/cpio.h>
#include <ipc/elf.h>
#include <ouros/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../init/manifest.h"

static struct manifest manifest;
static char *text, *bundle;
static size_t text_length, bundle_length;
static char **files;
static uint32_t *first_line; /* of each file, in the whole text, counted from 0 */

static char *append(char *to, size_t *length, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t got;

    do {
        to = realloc(to, *length + 65537);
        got = file && to ? fread(to + *length, 1, 65536, file) : 0;
        *length += got;
    } while (got);
    if (!file || !to || ferror(file)) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return to;
}

/* The archive begins at a page of its own behind the pager's image (build/bundle.py). */
static void skip_pager(void)
{
    size_t at = 0;

    while (bundle_length - at > 4096 && memcmp(bundle + at, "070701", 6) != 0)
        at += 4096;
    bundle += at;
    bundle_length -= at;
}

static uint32_t lines(void)
{
    uint32_t count = 0;

    for (size_t i = 0; i < text_length; i++)
        count += text[i] == '\n';
    return count;
}

static int complain(uint32_t line, const char *sentence)
{
    int i = 0;

    while (files[i + 1] && first_line[i + 1] < line)
        i++;
    fprintf(stderr, "%s:%" PRIu32 ": %s\n", files[i], line - first_line[i], sentence);
    return 1;
}

static int read_file(void *context, uint64_t offset, void *to, size_t length)
{
    memcpy(to, (const char *)((struct cpio_entry *)context)->data + offset, length);
    return 0;
}

static bool is_program(struct cpio_entry *entry)
{
    struct elf_source source = {read_file, entry, entry->length};
    struct elf_image image;

    return elf_parse(&source, &image) == 0;
}

static int check_program(const struct server *s)
{
    char path[TEXT_MAX], sentence[ERROR_MAX + TEXT_MAX];
    struct cpio_entry entry;
    const char *fault = NULL;

    snprintf(path, sizeof path, "%.*s", (int)strcspn(s->program, " "), s->program);
    if (cpio_find(bundle, bundle_length, path, &entry))
        fault = "is not in the bundle";
    else if (!is_program(&entry))
        fault = "is no static ELF64 program, or has a segment that is writable and executable";
    if (!fault)
        return 0;
    snprintf(sentence, sizeof sentence, "%s's program %s %s", s->name, path, fault);
    return complain(s->line, sentence);
}

static int check_files(const struct server *s)
{
    char sentence[ERROR_MAX + TEXT_MAX];
    struct cpio_entry entry;

    for (uint32_t i = 0; i < s->grant_count; i++) {
        const struct grant *g = &s->grants[i];

        if (g->kind != GRANT_FILE || !cpio_find(bundle, bundle_length, g->file, &entry))
            continue;
        snprintf(sentence, sizeof sentence, "%s is granted %s, which is not in the bundle", s->name, g->file);
        return complain(g->line, sentence);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: manifest_check BUNDLE FILE...\n");
        return 2;
    }
    bundle = append(NULL, &bundle_length, argv[1]);
    skip_pager();
    files = argv + 2;
    first_line = calloc((size_t)argc, sizeof *first_line);
    for (int i = 0; files[i] && first_line; i++) {
        first_line[i] = lines();
        text = append(text, &text_length, files[i]);
        if (text_length && text[text_length - 1] != '\n')
            return complain(lines() + 1, "the last line has no end");
    }
    if (manifest_parse(text, text_length, &manifest))
        return complain(manifest.line, manifest.error);
    for (uint32_t i = 0; i < manifest.count; i++)
        if (check_program(&manifest.servers[i]) || check_files(&manifest.servers[i]))
            return 1;
    return 0;
}
