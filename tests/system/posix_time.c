/* Clocks, sleeping, dates; what the system says of itself. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

#include "posix_test.h"

static long long now_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static const char *clocks(void)
{
    long long last = now_ns(CLOCK_MONOTONIC);
    EXPECT(last > 0);
    for (int i = 0; i < 10000; i++) {
        long long now = now_ns(CLOCK_MONOTONIC);
        EXPECT(now >= last);
        last = now;
    }
    struct timeval day;
    EXPECT(gettimeofday(&day, NULL) == 0);
    long long difference = now_ns(CLOCK_REALTIME) - (day.tv_sec * 1000000000ll + day.tv_usec * 1000ll);
    EXPECT(difference >= -1000000 && difference < 2000000000ll);
    EXPECT(time(NULL) > 1600000000); /* the machine's clock was read */
    struct timespec time;
    EXPECT_ERRNO(clock_gettime((clockid_t)1234, &time), EINVAL);
    EXPECT(clock_getres(CLOCK_MONOTONIC, &time) == 0 && time.tv_sec == 0 && time.tv_nsec >= 1);
    return NULL;
}

static const char *sleeping(void)
{
    long long before = now_ns(CLOCK_MONOTONIC);
    EXPECT(nanosleep(&(struct timespec){0, 30000000}, NULL) == 0);
    long long took = now_ns(CLOCK_MONOTONIC) - before;
    EXPECT(took >= 30000000 && took < 5000000000ll);
    EXPECT_ERRNO(nanosleep(&(struct timespec){0, 1000000000}, NULL), EINVAL);
    EXPECT_ERRNO(nanosleep(&(struct timespec){-1, 0}, NULL), EINVAL);
    before = now_ns(CLOCK_MONOTONIC);
    EXPECT(usleep(10000) == 0);
    struct timespec until = {(before + 40000000) / 1000000000, (before + 40000000) % 1000000000};
    EXPECT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 40000000);
    return NULL;
}

static const char *calendar(void)
{
    struct tm day;
    char text[64];
    time_t date = 951827696; /* 2000-02-29 12:34:56 UTC */
    EXPECT(gmtime_r(&date, &day) && day.tm_year == 100 && day.tm_mon == 1 && day.tm_mday == 29 &&
           day.tm_wday == 2);
    EXPECT(strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &day) == 19);
    EXPECT(strcmp(text, "2000-02-29 12:34:56") == 0);
    setenv("TZ", "UTC0", 1);
    tzset();
    EXPECT(mktime(&day) == date);
    return NULL;
}

static const char *usage(void)
{
    struct rusage before, after;
    struct tms ticks;
    EXPECT(getrusage(RUSAGE_SELF, &before) == 0);
    long long end = now_ns(CLOCK_MONOTONIC) + 50000000;
    while (now_ns(CLOCK_MONOTONIC) < end)
        ;
    EXPECT(getrusage(RUSAGE_SELF, &after) == 0);
    EXPECT(timercmp(&after.ru_utime, &before.ru_utime, >=));
    EXPECT(times(&ticks) != (clock_t)-1);
    EXPECT(clock() != (clock_t)-1);
    EXPECT_ERRNO(getrusage(77, &after), EINVAL);
    return NULL;
}

static const char *names(void)
{
    struct utsname name;
    EXPECT(uname(&name) == 0);
    EXPECT(name.sysname[0] && name.release[0] && name.version[0] && strcmp(name.machine, "x86_64") == 0);
    EXPECT(sysconf(_SC_PAGESIZE) == 4096);
    EXPECT(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    EXPECT(sysconf(_SC_OPEN_MAX) >= 20);
    EXPECT_ERRNO(sysconf(-5), EINVAL);
    EXPECT(pathconf("/", _PC_NAME_MAX) == 255);
    return NULL;
}

static const char *randomness(void)
{
    unsigned char a[64] = {0}, b[64] = {0};
    EXPECT(getentropy(a, sizeof a) == 0 && getentropy(b, sizeof b) == 0);
    EXPECT(memcmp(a, b, sizeof a) != 0);
    int zero = 0;
    for (size_t i = 0; i < sizeof a; i++)
        zero += a[i] == 0;
    EXPECT(zero < 16);
    static unsigned char much[300];
    EXPECT_ERRNO(getentropy(much, sizeof much), EIO);
    return NULL;
}

static const char *polling(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0);
    struct pollfd list[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 0}};
    EXPECT(poll(list, 1, 0) == 0 && list[0].revents == 0);
    EXPECT(poll(list, 3, 0) == 1 && list[1].revents == POLLOUT && list[2].revents == 0);
    long long before = now_ns(CLOCK_MONOTONIC);
    EXPECT(poll(list, 1, 40) == 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 39000000);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(write(ends[1], "x", 1) != 1);
    }
    EXPECT(poll(list, 1, 10000) == 1 && list[0].revents == POLLIN);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    EXPECT(select(ends[0] + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &set));
    close(ends[0]);
    EXPECT(poll(list, 1, 0) == 1 && list[0].revents == POLLNVAL);
    close(ends[1]);
    return NULL;
}

int main(void)
{
    static const struct test_case cases[] = {
        {"clocks", clocks}, {"sleeping", sleeping}, {"calendar", calendar},     {"usage", usage},
        {"names", names},   {"polling", polling},   {"randomness", randomness},
    };
    return RUN(cases);
}
