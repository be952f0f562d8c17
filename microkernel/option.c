#include <fastpath.h>
#include <log.h>
#include <string.h>

uint64_t option_memory_limit = UINT64_MAX;

/* 512M, 2G, 65536K. Less than 32 MiB is a mistake. */
static bool set_memory(const char *value, size_t length)
{
    uint64_t bytes = 0;
    size_t i = 0;
    for (; i < length && value[i] >= '0' && value[i] <= '9' && bytes < 1ul << 30; i++)
        bytes = bytes * 10 + (uint64_t)(value[i] - '0');
    int unit = i == length ? 0 : text_choice(value + i, length - i, "K\0M\0G\0") + 1;
    bool valid = i > 0 && (unit || i == length) && bytes << 10 * unit >= 32ul << 20;
    if (valid)
        option_memory_limit = bytes << 10 * unit;
    return valid;
}

static bool set_log(const char *value, size_t length)
{
    int level = text_choice(value, length, "error\0warn\0info\0debug\0");
    if (level >= 0)
        log_console_level = (enum log_level)level;
    return level >= 0;
}

static const struct {
    const char *name;
    bool (*set)(const char *value, size_t length); /* false: not such a value. NULL: not for us */
} table[] = {
    {"console", console_select}, /* com1, com2, none */
    {"log", set_log},            /* error, warn, info, debug: what the console shows */
    {"init", NULL},              /* program that the pager starts */
    {"mem", set_memory},         /* bytes of RAM, with K, M or G */
#ifdef OUROS_DEBUG
    {"fastpath", fastpath_set}, /* on, off */
#endif
};

static void parse_word(const char *word, size_t length)
{
    size_t name = 0;
    while (name < length && word[name] != '=')
        name++;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!text_equal(word, name, table[i].name))
            continue;
        if (length - name < 2 || (table[i].set && !table[i].set(word + name + 1, length - name - 1)))
            log_print(LOG_WARN, "option: bad value in '%.*s'", (int)length, word);
        return;
    }
    log_print(LOG_WARN, "option: unknown word '%.*s'", (int)length, word);
}

void options_parse(const char *cmdline)
{
    for (size_t length = 0;; cmdline += length) {
        while (*cmdline == ' ' || *cmdline == '\t')
            cmdline++;
        for (length = 0; cmdline[length] && cmdline[length] != ' ' && cmdline[length] != '\t';)
            length++;
        if (length == 0 || text_equal(cmdline, length, "--"))
            return;
        parse_word(cmdline, length);
    }
}
