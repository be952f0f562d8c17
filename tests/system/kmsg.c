/* /dev/kmsg: what is written is in the log, and reading gives whole lines up to the end. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char text[65536];

static size_t read_all(int fd)
{
    size_t length = 0;
    ssize_t n;
    while (length < sizeof text - 1 && (n = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = 0;
    return length;
}

int main(void)
{
    static const char mark[] = "a mark of the test 8471\n";
    int fd = open("/dev/kmsg", O_RDWR);
    int bad = fd < 0 || write(fd, mark, sizeof mark - 1) != sizeof mark - 1;
    size_t length = bad ? 0 : read_all(fd);
    bad |= length == 0 || text[length - 1] != '\n' || !strstr(text, "a mark of the test 8471\n");
    bad |= read(fd, text, sizeof text) != 0; /* the end stays the end */
    puts(bad ? "not ok log-read-back: the mark is not there" : "ok log-read-back");
    return bad;
}
