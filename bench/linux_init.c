/* Linux's first program when it runs the POSIX rows (bench/linux.py): loads the disk's drivers, makes the disk the root,
 * runs the rows with the words that it was given, and ends the machine with their status as a test without servers does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { DEBUG_EXIT = 0xf4, BARE_EXIT = 16, FAILED = 99 };

static void leave(int status)
{
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    if (ioperm(DEBUG_EXIT, 4, 1) == 0)
        outl((unsigned)(BARE_EXIT + status), DEBUG_EXIT);
    _exit(status); /* the kernel panics, and the launcher says so */
}

static void need(int ok, const char *what)
{
    if (ok)
        return;
    printf("linux_init: %s: %s\n", what, strerror(errno));
    leave(FAILED);
}

/* What is built in has no file. */
static void load(const char *module)
{
    int fd = open(module, O_RDONLY);
    if (fd < 0)
        return;
    need(syscall(SYS_finit_module, fd, "", 0) == 0, module);
    close(fd);
}

static void copy(const char *from, const char *to)
{
    struct stat about;
    int in = open(from, O_RDONLY);
    need(in >= 0 && fstat(in, &about) == 0, from);
    unlink(to); /* the disk has Ouros's */
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
    need(out >= 0 && sendfile(out, in, NULL, (size_t)about.st_size) == about.st_size, to);
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    int status = 0;
    (void)argc;
    load("/modules/virtio_ring.ko");
    load("/modules/virtio.ko");
    load("/modules/virtio_pci_modern_dev.ko");
    load("/modules/virtio_pci_legacy_dev.ko");
    load("/modules/virtio_pci.ko");
    load("/modules/virtio_blk.ko");
    need(mount("dev", "/dev", "devtmpfs", 0, NULL) == 0, "/dev");
    need(mount("/dev/vda", "/disk", "ext2", 0, NULL) == 0, "/dev/vda");
    copy("/posix", "/disk/bench/posix");
    copy("/true", "/disk/bin/true");
    need(mount("tmp", "/disk/tmp", "tmpfs", 0, NULL) == 0, "/tmp");
    need(chdir("/disk") == 0 && chroot(".") == 0, "chroot");
    argv[0] = "/bench/posix";
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(FAILED);
    }
    need(waitpid(pid, &status, 0) == pid, "wait");
    leave(WIFEXITED(status) ? WEXITSTATUS(status) : FAILED);
}
