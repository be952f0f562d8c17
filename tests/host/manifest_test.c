// sources: init/manifest.c init/manifest_words.c init/manifest_check.c libipc/format.c libipc/strcpy.c
/* The manifest's parser: the system's own manifest, each kind of mistake, and scribbled text. */
#include "check.h"
#include "init/manifest.h"
#include <glob.h>
#include <ouros/error.h>
#include <ouros/handle.h>
#include <ouros/syscall.h>

static struct manifest m;

static int parse(const char *text)
{
    size_t length = strlen(text);
    char *tight = malloc(length + 1);
    int error;

    memcpy(tight, text, length); /* without its NUL: the address sanitizer guards the byte behind */
    error = manifest_parse(tight, length, &m);
    free(tight);
    return error;
}

static char own[16384];

/* As the build puts it together. */
static size_t read_own(void)
{
    glob_t files;
    size_t length = 0;

    if (glob("servers/*/manifest", 0, 0, &files) || glob("init/manifest", GLOB_APPEND, 0, &files))
        return 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");

        length += file ? fread(own + length, 1, sizeof own - 1 - length, file) : 0;
        if (file)
            fclose(file);
    }
    globfree(&files);
    own[length] = 0;
    return length;
}

static void own_manifest(void)
{
    CHECK(read_own() > 100);
    CHECK(parse(own) == 0);
    CHECK(manifest_server(&m, "tty") && manifest_server(&m, "proc") && strcmp(m.shell, "/bin/sh") == 0);
}

static void statements(void)
{
    struct server *s;

    CHECK(
        parse("server a\n program bin/a x  y\t# z\n needs b:use+admin=bee c init:admin=i\n holds hardware "
              "bundle=u\n"
              " after b\n"
              " grant io 0x3f8 8 as io.serial\n grant isa-irq 4 as irq.serial\n grant pci 1af4:1042,8086:ff\n"
              " grant file r.img as ram\n node tty 3 0620\n priority driver\n memory 3M\n kernel-memory 2M\n "
              "stack 8K\n"
              " restart 100ms 5s 7 9s\n give-up reboot\n ping 3s 4\n start 7s\nserver b\n program b\n "
              "restart never\n"
              " priority 48\nserver c\n program c\n priority driver\nshell "
              "/bin/sh -i\n") == 0);
    s = manifest_server(&m, "a");
    CHECK(m.count == 3 && s && strcmp(s->program, "bin/a x y") == 0);
    CHECK(s->need_count == 3 && s->needs[0].rights == (RIGHT_USE | RIGHT_ADMIN) &&
          !strcmp(s->needs[0].name, "bee"));
    CHECK(s->needs[1].rights == (RIGHT_USE | RIGHT_READ | RIGHT_WRITE) && !strcmp(s->needs[1].name, "c"));
    CHECK(s->hold_count == 2 && !strcmp(s->holds[1].what, "bundle") && !strcmp(s->holds[1].name, "u"));
    CHECK(s->grant_count == 4 && s->grants[0].first == 0x3f8 && s->grants[0].count == 8);
    CHECK(s->grants[1].kind == GRANT_ISA_IRQ && s->grants[1].first == 4);
    CHECK(s->grants[2].id_count == 2 && s->grants[2].ids[1].vendor == 0x8086 &&
          s->grants[2].ids[1].device == 0xff);
    CHECK(!strcmp(s->grants[3].file, "r.img") && !strcmp(s->grants[3].name, "ram"));
    CHECK(s->node_count == 1 && s->nodes[0].number == 3 && s->nodes[0].mode == 0620);
    CHECK(s->priority == PRIORITY_DRIVER && s->memory == 3 << 20 && s->kernel_memory == 2 << 20 &&
          s->stack == 8 << 10);
    CHECK(s->restart_first_ns == 100000000 && s->restart_most_ns == 5000000000 && s->restart_tries == 7);
    CHECK(s->restart_window_ns == 9000000000 && s->give_up == GIVE_UP_REBOOT);
    CHECK(s->ping_ns == 3000000000 && s->ping_misses == 4 && s->start_ns == 7000000000);
    CHECK(manifest_server(&m, "b")->restart_tries == 0);
    CHECK(strcmp(m.shell, "/bin/sh -i") == 0);
}

static void main_program(void)
{
    CHECK(parse("main bin/ktest one two\n holds task-maker\n") == 0);
    CHECK(m.count == 1 && m.servers[0].is_main && !strcmp(m.servers[0].name, "ktest"));
    CHECK(!strcmp(m.servers[0].program, "bin/ktest one two") && m.servers[0].hold_count == 1);
}

static void mistakes(void)
{
    static const char *const wrong[] = {
        "serve a\n",
        "server\n",
        "program bin/a\n",
        "server a\n",
        "server a b\n",
        "server a\n program a\nserver a\n program a\n",
        "server a\n program a\n needs b\n",
        "server a\n program a\n after b\n",
        "server a\n program a\n needs a:root\n",
        "server a\n program a\n needs a:\n",
        "server a\n program a\n needs :use\n",
        "server a\n program a\n grant io 0x3f8 as x\n",
        "server a\n program a\n grant io 0x3f8 8\n",
        "server a\n program a\n grant io 0x10000 8 as x\n",
        "server a\n program a\n grant io zz 8 as x\n",
        "server a\n program a\n grant pci 1af4\n",
        "server a\n program a\n grant pci 1af4:1af45\n",
        "server a\n program a\n grant pci 1:1,2:2,3:3,4:4,5:5\n",
        "server a\n program a\n grant floppy 1 as x\n",
        "server a\n program a\n grant\n",
        "server a\n program a\n node x 1\n",
        "server a\n program a\n node x 1 0999\n",
        "server a\n program a\n priority 64\n",
        "server a\n program a\n priority urgent\n",
        "server a\n program a\n memory 5\n",
        "server a\n program a\n memory any more\n",
        "server a\n program a\n kernel-memory any\n",
        "server a\n program a\n memory 99999999999M\n",
        "server a\n program a\n restart 5s\n",
        "server a\n program a\n restart 1 2 3\n",
        "server a_name_that_is_longer_than_23\n program a\n",
        "server a\n program a\nshell /bin/sh\n needs a\n",
        "server a\n program a\n restart 1s 2s 1000001\n",
        "server a\n program a\n restart 1s 2s 3 4\n",
        "server a\n program a\n give-up never\n",
        "server a\n program a\n ping 2s\n",
        "server a\n program a\n ping 2s 0\n",
        "server a\n program a\n ping 0s 3\n",
        "server a\n program a\n start soon\n",
        "server a\n program a\n node x 1 0600 fixed\n",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (parse(wrong[i]) != E_INVAL)
            printf("accepted: %s", wrong[i]);
        CHECK(parse(wrong[i]) == E_INVAL && m.error[0]);
    }
    CHECK(parse("server a\n program a\n\n# x\n bogus\n") == E_INVAL && m.line == 5);
}

/* Wrong only as a whole: the line is that of a statement to change, and the sentence names who is meant. */
static void checks(void)
{
    static const struct {
        const char *text, *sentence;
        uint32_t line;
    } wrong[] = {
        {"server a\n needs b\n\nserver b\n program b\n", "a has no `program`", 1},
        {"server a\n program a\n needs b c\nserver b\n program b\n", "a needs c, which no block describes",
         3},
        {"server a\n program a\n after b\n", "a comes after b, which no block describes", 3},
        {"server a\n program a\n holds all\n", "a cannot hold all: no authority is called so", 3},
        {"server a\n program a\n needs a\n", "servers start after each other in a circle: a, a", 1},
        {"server x\n program x\n needs c\nserver a\n program a\n needs b\nserver b\n program b\n after c\n"
         "server c\n program c\n needs a\n",
         "servers start after each other in a circle: c, a, b, c", 10},
        {"server vfs\n program v\nserver a\n program a\n needs vfs\n node x 0 0666\n",
         "servers call each other in a circle: vfs, a, vfs", 1},
        {"server a\n program a\n needs b\n priority driver\nserver b\n program b\n",
         "b must have at least the priority of a, which calls it", 5},
        {"server a\n program a\n needs b\n holds bundle=b\nserver b\n program b\n",
         "a is given two handles called b", 4},
        {"server a\n program a\n grant io 1 1 as init\n", "a is given two handles called init", 3},
        {"server a\n program a\n node x 0 0\nserver b\n program b\n node x 0 0\n", "/dev/x is a's already",
         6},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int error = parse(wrong[i].text);

        if (error != E_INVAL || strcmp(m.error, wrong[i].sentence) || m.line != wrong[i].line)
            printf("line %u: %s\n", m.line, error ? m.error : "accepted");
        CHECK(error == E_INVAL && !strcmp(m.error, wrong[i].sentence) && m.line == wrong[i].line);
    }
    CHECK(parse("server vfs\n program v\nserver a\n program a\n needs vfs\n node x 0 0666 static\n") == 0);
}

static void scribbled(void)
{
    uint64_t seed = 4;
    size_t length = read_own();

    for (int round = 0; round < 20000; round++) {
        char *copy = malloc(length);

        memcpy(copy, own, length);
        for (int n = 0; n < 5; n++)
            copy[check_random(&seed) % length] = " \n#:=+,0sZ\0\x80"[check_random(&seed) % 12];
        manifest_parse(copy, check_random(&seed) % (length + 1), &m);
        free(copy);
    }
}

int main(void)
{
    RUN(own_manifest);
    RUN(statements);
    RUN(main_program);
    RUN(mistakes);
    RUN(checks);
    RUN(scribbled);
    CHECK_END();
}
