// help: what there is to type.
#include <stdio.h>

#include "tool.h"

static const char text[] =
    "files        ls [-laRdi1F] cat cp [-rpf] mv rm [-rf] mkdir [-p] rmdir ln [-s] touch chmod stat readlink "
    "find\n"
    "text         grep [-EFivncqrl] head tail wc sort uniq cut tr cmp hexdump tee echo printf seq\n"
    "sums         md5sum cksum\n"
    "system       ps kill mount df dmesg uname date time sleep sync svc ipctrace trace poweroff\n"
    "memory       free, vmstat [SECONDS], vmmap PID, pte PID ADDRESS, pmem\n"
    "other        dd env printenv which xargs basename dirname pwd test yes true false clear help\n"
    "\n"
    "in the shell\n"
    "  a | b   a && b   a || b   ! a   a; b   a &   (a)   { a; }\n"
    "  < file   > file   >> file   2> file   2>&1   << END\n"
    "  name=value   $name   ${name:-word}   $(command)   $((1 + 2))   'text'   \"text $name\"   * ? [a-z]\n"
    "  if a; then b; else c; fi   while a; do b; done   for x in a b; do c; done   case x in a) b;; esac\n"
    "  f() { a; }   cd exit export unset set shift read wait jobs exec eval . trap umask type command "
    "history\n"
    "\n"
    "keys         arrows: history and cursor, Tab: completion, ^C: another line, ^D: end, ^L: clear,\n"
    "             ^A ^E: start, end, ^W ^U ^K: erase word, to start, to end, ^Y: bring it back\n"
    "\n"
    "/tmp can be written to; more in /usr/share/doc. poweroff switches the machine off.\n";

int main(int argc, char **argv)
{
    (void)argc;
    tool_start(argv);
    fputs(text, stdout);
    return tool_finish(0);
}
