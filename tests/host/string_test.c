// sources: libipc/strcpy.c
/* libipc's string functions, under names of their own, against the host's. */
#include "check.h"
#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define memchr  our_memchr
#define strlen  our_strlen
#define strnlen our_strnlen
#define strcmp  our_strcmp
#define strncmp our_strncmp
#define strchr  our_strchr
#define strrchr our_strrchr
#include "libipc/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void moves(void)
{
    unsigned char a[200], b[200];
    uint64_t seed = 5;

    for (int round = 0; round < 20000; round++) {
        size_t from = check_random(&seed) % 100, to = check_random(&seed) % 100,
               n = check_random(&seed) % 100;

        for (int i = 0; i < 200; i++)
            a[i] = b[i] = (unsigned char)check_random(&seed);
        our_memmove(a + to, a + from, n);
        memmove(b + to, b + from, n);
        CHECK(memcmp(a, b, 200) == 0);
        CHECK(sign(our_memcmp(a + from, a + to, n)) == sign(memcmp(a + from, a + to, n)));
        our_memset(a + to, (int)round, n);
        memset(b + to, round, n);
        CHECK(memcmp(a, b, 200) == 0);
        if (to + n <= 100) {
            our_memcpy(a + 100, a + to, n);
            memcpy(b + 100, b + to, n);
            CHECK(memcmp(a, b, 200) == 0);
        }
        CHECK(our_memchr(a, round & 255, 200) == memchr(a, round & 255, 200));
    }
}

static void strings(void)
{
    static const char *words[] = {"", "a", "ab", "abc", "abd", "\xff", "abcabc"};
    char cut[4];

    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            CHECK(sign(our_strcmp(words[i], words[j])) == sign(strcmp(words[i], words[j])));
            for (size_t n = 0; n < 8; n++)
                CHECK(sign(our_strncmp(words[i], words[j], n)) == sign(strncmp(words[i], words[j], n)));
        }
    CHECK(our_strlen("abc") == 3 && our_strnlen("abc", 2) == 2 && our_strnlen("abc", 9) == 3);
    CHECK(*our_strchr("abcb", 'b') == 'b' && our_strchr("abc", 'x') == 0 && *our_strchr("a", 0) == 0);
    CHECK(strcmp(our_strrchr("abcbd", 'b'), "bd") == 0);
    CHECK(ipc_strcpy(cut, "abcdef", sizeof cut) == 6 && strcmp(cut, "abc") == 0);
}

int main(void)
{
    RUN(moves);
    RUN(strings);
    CHECK_END();
}
