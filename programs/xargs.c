// xargs [-0] [-n words] [command [argument...]]: runs the command with the words of stdin behind its
// arguments, as often as needed. Quotes and backslashes protect blanks; -0: words end with NUL, nothing is
// special.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "tool.h"

enum { BYTES_MAX = 32768 }; // of the words of one run, well below what exec takes

static bool nul_separated;

struct word {
    char *text;
    size_t length, capacity;
};

static void word_add(struct word *word, int c)
{
    if (word->length + 1 >= word->capacity) {
        word->capacity = word->capacity ? word->capacity * 2 : 64;
        word->text = tool_realloc(word->text, word->capacity);
    }
    word->text[word->length++] = (char)c;
    word->text[word->length] = '\0';
}

/// The next word in new memory, NULL at the end.
static char *read_word(void)
{
    struct word word = {0};
    bool any = false;
    int c, quote = 0;
    while ((c = getchar_unlocked()) != EOF) {
        if (nul_separated) {
            any = true;
            if (c == '\0')
                break;
            word_add(&word, c);
        } else if (quote) {
            if (c == quote)
                quote = 0;
            else
                word_add(&word, c);
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (any)
                break;
        } else {
            any = true;
            if (c == '\'' || c == '"')
                quote = c;
            else if (c == '\\' && (c = getchar_unlocked()) == EOF)
                break;
            else
                word_add(&word, c);
        }
    }
    if (quote) {
        tool_warnx("unterminated quote");
        exit(1);
    }
    if (any && !word.text)
        return tool_strdup("");
    return word.text;
}

/// Gives the status: 0, or that of xargs for a command that failed (123) or could not be run (126, 127).
static int run(char **words)
{
    int raw = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(words[0], words);
        int reason = errno;
        tool_warn(words[0]);
        _exit(reason == ENOENT ? 127 : 126);
    }
    pid_t ended = pid;
    while (pid > 0 && (ended = waitpid(pid, &raw, 0)) < 0 && errno == EINTR)
        ;
    if (ended < 0) {
        tool_warn(words[0]);
        return 1;
    }
    int status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 255;
    if (status == 126 || status == 127)
        return status;
    return status ? 123 : 0;
}

int main(int argc, char **argv)
{
    static const char synopsis[] = "[-0] [-n words] [command [argument...]]";
    static char *echo[] = {"echo", NULL};
    struct options options = OPTIONS(argv);
    long long most = 1000;
    int letter, status = 0;
    tool_start(argv);
    while ((letter = options_next(&options, "0n:", synopsis)) != 0) {
        nul_separated |= letter == '0';
        if (letter == 'n' && (!tool_number(options.argument, &most) || most < 1 || most > 10000))
            tool_usage(synopsis);
    }
    char **fixed = *options.rest ? options.rest : echo;
    size_t fixed_count = 0;
    char **words = tool_alloc(((size_t)argc + (size_t)most + 2) * sizeof(*words));
    for (; fixed[fixed_count]; fixed_count++)
        words[fixed_count] = fixed[fixed_count];
    char *word = read_word();
    bool first = true;
    while ((word || first) && status != 126 && status != 127) {
        size_t count = 0, bytes = 0;
        for (; word && count < (size_t)most && bytes + strlen(word) < BYTES_MAX; word = read_word()) {
            bytes += strlen(word) + 1;
            words[fixed_count + count++] = word;
        }
        if (word && count == 0) { // a word longer than a run may be: alone
            words[fixed_count + count++] = word;
            word = read_word();
        }
        words[fixed_count + count] = NULL;
        int one = run(words);
        status = one ? one : status;
        for (size_t i = 0; i < count; i++)
            free(words[fixed_count + i]);
        first = false;
    }
    free(word);
    free(words);
    return status;
}
