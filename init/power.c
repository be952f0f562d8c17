/* The end of the machine, and /dev/power.
 *
 * The emulator's launcher reads `ready` and `exit N` from the debug console (port 0xe9). Then: ACPI S5 at
 * QEMU's fixed port 0x604 (q35, and pc's PIIX4: PM1a_CNT, SLP_EN with SLP_TYP 0), else isa-debug-exit at
 * 0xf4. */
#include "service.h"
#include <ipc/format.h>
#include <ipc/log.h>
#include <ipc/string.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/thread.h>
#include <ipc/time.h>
#include <proto/tty.h>

enum { PORT_DEBUG = 0xe9, PORT_PM1A = 0x604, PORT_EXIT = 0xf4, PORT_RESET = 0xcf9 };
enum { SLP_EN = 0x2000, RESET_NOW = 6 };

static handle_t port_debug, port_pm1a, port_exit, port_reset;

/* Taken at the start: at the end nothing must fail for want of memory. */
int power_start(void)
{
    handle_t hw = authorities.hardware;
    int error = sys_hw_create(hw, HW_IO, PORT_DEBUG, 1, 0, &port_debug, 0);

    if (!error)
        error = sys_hw_create(hw, HW_IO, PORT_PM1A, 2, 0, &port_pm1a, 0);
    if (!error)
        error = sys_hw_create(hw, HW_IO, PORT_EXIT, 4, 0, &port_exit, 0);
    return error ? error : sys_hw_create(hw, HW_IO, PORT_RESET, 1, 0, &port_reset, 0);
}

static void tell_launcher(const char *line)
{
    for (; *line; line++)
        sys_io_access(port_debug, 0, ACCESS_WRITE(1), (uint8_t)*line, 0);
}

void power_input_welcome(void)
{
    tell_launcher("ready\n");
}

/* Let the console finish what was printed; without a tty, or with one that hangs, go on. */
static void drain(void)
{
    struct service *tty = service_named("tty");
    uint64_t session, badge;

    if (!tty || tty->state != SERVICE_UP ||
        sys_port_ctl(tty->port, PORT_MINT, 0, RIGHT_ADMIN | RIGHT_CALL, 0, &session, &badge))
        return;
    tty_drain((handle_t)session, &(struct tty_line){0}, 0, IPC_MS(3000));
}

void power_off(uint32_t status, bool again)
{
    char line[24];

    drain();
    ipc_format(line, sizeof line, "exit %u\n", (unsigned)(status & 0xff));
    tell_launcher(line);
    if (again)
        sys_io_access(port_reset, 0, ACCESS_WRITE(1), RESET_NOW, 0);
    sys_io_access(port_pm1a, 0, ACCESS_WRITE(2), SLP_EN, 0);
    sys_io_access(port_exit, 0, ACCESS_WRITE(4), status & 0xff, 0);
    ipc_error("this machine cannot be switched off");
    for (;;)
        ipc_sleep_until(DEADLINE_NEVER);
}

/* ---- from the loop ---- */

struct power_wish {
    uint32_t status;
    bool again;
};
static struct power_wish wish;
static bool asked;

static void off_thread(void *argument)
{
    const struct power_wish *w = argument;

    power_off(w->status, w->again);
}

void power_request(uint32_t status, bool again)
{
    if (asked)
        return;
    asked = true;
    wish = (struct power_wish){status, again};
    if (ipc_thread_start(off_thread, &wish, PRIORITY_SERVER, 0))
        power_off(status, again);
}

/* ---- /dev/power ---- */

/* "off [STATUS]" or "restart", with or without a newline. */
int power_command(char *text)
{
    uint32_t status = 0;
    char *p = text;

    if (strncmp(text, "restart", 7) == 0 && (text[7] == 0 || text[7] == '\n')) {
        power_request(0, true);
        return 0;
    }
    if (strncmp(text, "off", 3) != 0)
        return E_INVAL;
    for (p += 3; *p == ' '; p++)
        ;
    for (; *p >= '0' && *p <= '9' && status < 256; p++)
        status = status * 10 + (uint32_t)(*p - '0');
    if ((*p && *p != '\n') || status > 255)
        return E_INVAL;
    power_request(status, false);
    return 0;
}
