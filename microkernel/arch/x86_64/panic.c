/* The last words. A fault on the way ends the report, it does not begin another. */
#include <arch/cpu.h>
#include <format.h>
#include <log.h>
#include <report.h>
#include <string.h>

#define EXIT_PORT  0xf4 /* isa-debug-exit */
#define EXIT_VALUE 0x7f

static void __attribute__((noreturn)) stop(const char *what, const struct trap_frame *trap, uint64_t frame)
{
    static bool panicking;
    __asm__ volatile("cli");
    if (!panicking) {
        panicking = true;
        console_seize();
        console_write("\n\nouros: kernel panic: ", 23);
        console_write(what, strlen(what));
        console_write("\n", 1);
        report_panic(trap, frame);
    } else {
        console_write("\nanother fault while reporting\n", 31);
    }
    port_write(EXIT_PORT, 1, EXIT_VALUE);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

void panic(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    format_text_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    stop(text, NULL, (uint64_t)__builtin_frame_address(0));
}

void panic_trap(const struct trap_frame *frame, const char *what)
{
    stop(what, frame, frame->rbp);
}
