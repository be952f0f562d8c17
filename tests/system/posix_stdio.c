/* The C library on top: streams, formatting, environment, jumps, sorting, numbers, shell commands. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include "posix_test.h"

static const char *formatting(void)
{
    char text[128];
    snprintf(text, sizeof text, "%d %5s|%-5s|%05d %x %#o %c", -1, "ab", "cd", 42, 255u, 8u, 'z');
    EXPECT(strcmp(text, "-1    ab|cd   |00042 ff 010 z") == 0);
    snprintf(text, sizeof text, "%zu %lld %jd %td %hhd", (size_t)-1, (long long)INT64_MIN, (intmax_t)7,
             (ptrdiff_t)-3, 300);
    EXPECT(strcmp(text, "18446744073709551615 -9223372036854775808 7 -3 44") == 0);
    snprintf(text, sizeof text, "%.3f %g %e %a", 3.14159, 1e-7, 12345.678, 1.0);
    EXPECT(strcmp(text, "3.142 1e-07 1.234568e+04 0x1p+0") == 0);
    volatile size_t room = 4;
    EXPECT(snprintf(text, room, "%s", "longer") == 6 && strcmp(text, "lon") == 0);
    snprintf(text, sizeof text, "%2$s %1$s", "a", "b");
    EXPECT(strcmp(text, "b a") == 0);
    return NULL;
}

static const char *scanning(void)
{
    int a, b;
    double d;
    char word[16];
    EXPECT(sscanf("12 0x1f 2.5 word", "%d %x %lf %15s", &a, (unsigned *)&b, &d, word) == 4);
    EXPECT(a == 12 && b == 31 && d == 2.5 && strcmp(word, "word") == 0);
    EXPECT(strtol("-99zz", NULL, 10) == -99 && strtoul("ff", NULL, 16) == 255);
    errno = 0;
    EXPECT(strtol("99999999999999999999", NULL, 10) == INT64_MAX);
    EXPECT(strtod("1e308", NULL) == 1e308 && atof("0.1") == 0.1);
    return NULL;
}

static const char *streams(void)
{
    char line[64];
    FILE *stream = fopen("stream", "w+");
    EXPECT(stream != NULL);
    for (int i = 0; i < 2000; i++)
        EXPECT(fprintf(stream, "line %d\n", i) > 0);
    EXPECT(fseek(stream, 0, SEEK_SET) == 0);
    for (int i = 0; i < 2000; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "line %d\n", i);
        EXPECT(fgets(line, sizeof line, stream) && strcmp(line, wanted) == 0);
    }
    EXPECT(fgets(line, sizeof line, stream) == NULL && feof(stream) && !ferror(stream));
    EXPECT(fseek(stream, -5, SEEK_END) == 0 && fgetc(stream) == '1' && ungetc('x', stream) == 'x' &&
           fgetc(stream) == 'x');
    EXPECT(fclose(stream) == 0);
    stream = fopen("stream", "a");
    EXPECT(fputs("end", stream) >= 0 && fclose(stream) == 0);
    stream = fopen("stream", "r");
    EXPECT(fseek(stream, -3, SEEK_END) == 0 && fread(line, 1, 10, stream) == 3 &&
           memcmp(line, "end", 3) == 0);
    EXPECT(fputc('x', stream) == EOF && ferror(stream));
    EXPECT(fclose(stream) == 0 && remove("stream") == 0);
    EXPECT(fopen("stream", "r") == NULL && errno == ENOENT);
    return NULL;
}

static const char *get_lines(void)
{
    char *line = NULL;
    size_t room = 0;
    FILE *stream = fopen("lines", "w+");
    fputs("first\n\nlast", stream);
    rewind(stream);
    EXPECT(getline(&line, &room, stream) == 6 && strcmp(line, "first\n") == 0);
    EXPECT(getline(&line, &room, stream) == 1 && strcmp(line, "\n") == 0);
    EXPECT(getline(&line, &room, stream) == 4 && strcmp(line, "last") == 0);
    EXPECT(getline(&line, &room, stream) == -1);
    free(line);
    fclose(stream);
    return NULL;
}

static const char *memory_streams(void)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    EXPECT(stream != NULL && fprintf(stream, "%s %d", "in memory", 5) == 11 && fclose(stream) == 0);
    EXPECT(size == 11 && strcmp(text, "in memory 5") == 0);
    free(text);
    return NULL;
}

static const char *temporary_files(void)
{
    char name[] = "temp-XXXXXX";
    int fd = mkstemp(name);
    EXPECT(fd >= 0 && strcmp(name, "temp-XXXXXX") != 0 && close(fd) == 0 && unlink(name) == 0);
    FILE *stream = tmpfile();
    EXPECT(stream != NULL && fputs("x", stream) >= 0 && fclose(stream) == 0);
    return NULL;
}

static const char *environment(void)
{
    EXPECT(setenv("POSIX_TEST", "one", 1) == 0 && strcmp(getenv("POSIX_TEST"), "one") == 0);
    EXPECT(setenv("POSIX_TEST", "two", 0) == 0 && strcmp(getenv("POSIX_TEST"), "one") == 0);
    EXPECT(unsetenv("POSIX_TEST") == 0 && getenv("POSIX_TEST") == NULL);
    return NULL;
}

static jmp_buf place;
static sigjmp_buf signal_place;

static void leap(int value)
{
    longjmp(place, value);
}

static const char *jumps(void)
{
    volatile int kept = 5, times = 0;
    int value = setjmp(place);
    if (value == 0)
        leap(3);
    if (value == 3 && times++ == 0)
        leap(0); /* arrives as 1 */
    EXPECT(value == 1 && kept == 5);
    value = sigsetjmp(signal_place, 1);
    if (value == 0)
        siglongjmp(signal_place, 9);
    EXPECT(value == 9);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static const char *sorting(void)
{
    int list[1000];
    for (int i = 0; i < 1000; i++)
        list[i] = (i * 7919) % 1009;
    qsort(list, 1000, sizeof *list, compare);
    for (int i = 1; i < 1000; i++)
        EXPECT(list[i - 1] <= list[i]);
    int wanted = list[500];
    EXPECT(*(int *)bsearch(&wanted, list, 1000, sizeof *list, compare) == wanted);
    return NULL;
}

static const char *copying(void)
{
    static unsigned char from[5000], to[5100];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)(i * 31 + i / 256);
    for (size_t length = 0; length < 300; length++) {
        memset(to, 0xee, sizeof to);
        EXPECT(memcpy(to + 3, from + length, length) == to + 3);
        EXPECT(memcmp(to + 3, from + length, length) == 0 && to[2] == 0xee && to[3 + length] == 0xee);
    }
    memcpy(to, from, sizeof from);
    memmove(to + 1, to, 4000);
    EXPECT(memcmp(to + 1, from, 4000) == 0);
    memcpy(to, from, sizeof from);
    memmove(to, to + 9, 4000);
    EXPECT(memcmp(to, from + 9, 4000) == 0);
    return NULL;
}

static const char *arithmetic(void)
{
    volatile double two = 2.0, half = 0.5;
    EXPECT(fabs(sqrt(two) - 1.41421356237309505) < 1e-15);
    EXPECT(fabs(sin(half) - 0.479425538604203) < 1e-14 && fabs(exp(1.0) - 2.718281828459045) < 1e-14);
    EXPECT(pow(two, 10) == 1024 && floor(-half) == -1 && fmod(5.5, 2) == 1.5);
    volatile __int128 big = (__int128)1 << 100;
    EXPECT((uint64_t)(big / 1000000007 % 1000) == (uint64_t)(((__int128)1 << 100) / 1000000007 % 1000));
    return NULL;
}

static const char *shell_commands(void)
{
    char line[32] = "";
    EXPECT(system(NULL) != 0);
    int status = system("exit 3");
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    FILE *stream = popen("echo from the shell", "r");
    EXPECT(stream != NULL && fgets(line, sizeof line, stream) && strcmp(line, "from the shell\n") == 0);
    EXPECT(pclose(stream) == 0);
    stream = popen("read a; test \"$a\" = given", "w");
    EXPECT(stream != NULL && fputs("given\n", stream) >= 0 && pclose(stream) == 0);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"formatting", formatting},
        {"scanning", scanning},
        {"streams", streams},
        {"get_lines", get_lines},
        {"memory_streams", memory_streams},
        {"temporary_files", temporary_files},
        {"environment", environment},
        {"jumps", jumps},
        {"sorting", sorting},
        {"copying", copying},
        {"arithmetic", arithmetic},
        {"shell_commands", shell_commands},
    };
    const char *why = enter_work_directory("posix_stdio");
    if (why) {
        printf("not ok enter: %s\n", why);
        return 1;
    }
    return RUN(cases);
}
