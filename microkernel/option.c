#include <log.h>
#include <string.h>

uint64_t option_memory_limit = UINT64_MAX;

/* 512M, 2G, 65536K. Less than 32 MiB is a mistake. */
static bool set_memory(const char *value, size_t length)
{
    uint64_t bytes = 0;
    size_t i = 0;
    for (; i < length && value[i] >= '0' && value[i] <= '9' && bytes < 1ul << 40; i++)
        bytes = bytes * 10 + (uint64_t)(value[i] - '0');
    if (i == 0 || i + 1 < length)
        return false;
    char unit = i < length ? value[i] : 'B';
    uint32_t shift = unit == 'G' ? 30 : unit == 'M' ? 20 : unit == 'K' ? 10 : 0;
    if ((shift == 0 && unit != 'B') || bytes > UINT64_MAX >> shift || bytes << shift < 32ul << 20)
        return false;
    option_memory_limit = bytes << shift;
    return true;
}

static bool set_log(const char *value, size_t length)
{
    static const char *const name[] = {"error", "warn", "info", "debug"};
    for (uint32_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
        if (text_equal(value, length, name[i])) {
            log_console_level = (enum log_level)i;
            return true;
        }
    return false;
}

/* A word for somebody else: the pager reads init= from the command line. */
static bool accept(const char *, size_t length)
{
    return length > 0;
}

static const struct {
    const char *name;
    bool (*set)(const char *value, size_t length); /* false: not such a value */
} table[] = {
    {"console", console_select}, /* com1, com2, none */
    {"log", set_log},            /* error, warn, info, debug: what the console shows */
    {"init", accept},            /* program that the pager starts */
    {"mem", set_memory},         /* bytes of RAM, with K, M or G */
};

static void parse_word(const char *word, size_t length)
{
    size_t name = 0;
    while (name < length && word[name] != '=')
        name++;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!text_equal(word, name, table[i].name))
            continue;
        if (name == length || !table[i].set(word + name + 1, length - name - 1))
            log_print(LOG_WARN, "option: bad value in '%.*s'", (int)length, word);
        return;
    }
    log_print(LOG_WARN, "option: unknown word '%.*s'", (int)length, word);
}

void options_parse(const char *cmdline)
{
    for (;;) {
        while (*cmdline == ' ' || *cmdline == '\t')
            cmdline++;
        size_t length = 0;
        while (cmdline[length] && cmdline[length] != ' ' && cmdline[length] != '\t')
            length++;
        if (length == 0 || text_equal(cmdline, length, "--"))
            return;
        parse_word(cmdline, length);
        cmdline += length;
    }
}
