/* The wall clock: the MC146818 (or what a chipset has in its place) is read once, and taken to hold UTC. */
#include "service.h"
#include <ipc/log.h>
#include <ipc/syscall.h>
#include <ipc/task.h>
#include <ipc/time.h>

enum { PORT_CMOS = 0x70, INDEX = 0, DATA = 1, NMI_OFF = 0x80 };
enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };
enum { STATUS_A = 0x0a, STATUS_B = 0x0b, STATUS_D = 0x0d };
enum { A_UPDATING = 0x80, B_24_HOURS = 2, B_BINARY = 4, HOUR_PM = 0x80 };
#define TRIES 1000

static handle_t port;

static uint8_t cmos(uint32_t index)
{
    uint64_t value = 0;

    sys_io_access(port, INDEX, ACCESS_WRITE(1), index | NMI_OFF, 0);
    sys_io_access(port, DATA, ACCESS_READ(1), 0, &value);
    return (uint8_t)value;
}

/* The fields, read twice the same outside of an update. */
static void read_fields(uint8_t *now)
{
    static const uint8_t index[FIELDS] = {0, 2, 4, 7, 8, 9};
    bool same = false;

    for (uint32_t tries = 0; !same && tries < TRIES; tries++) {
        same = !(cmos(STATUS_A) & A_UPDATING);
        for (uint32_t i = 0; i < FIELDS; i++) {
            uint8_t value = cmos(index[i]);

            same = same && value == now[i];
            now[i] = value;
        }
    }
}

/* Seconds since 1970: days by the rule for years that begin in March. */
static uint64_t seconds_of(uint8_t *now, uint8_t mode)
{
    bool afternoon = !(mode & B_24_HOURS) && now[HOUR] & HOUR_PM;
    uint64_t year, month, days;

    now[HOUR] &= (uint8_t)~HOUR_PM;
    for (uint32_t i = 0; i < FIELDS && !(mode & B_BINARY); i++)
        now[i] = (uint8_t)((now[i] >> 4) * 10 + (now[i] & 15));
    if (!(mode & B_24_HOURS))
        now[HOUR] = (uint8_t)(now[HOUR] % 12 + (afternoon ? 12 : 0));
    year = 2000u + now[YEAR] - (now[MONTH] <= 2);
    month = (now[MONTH] + 9u) % 12;
    days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + now[DAY] - 719469;
    return ((days * 24 + now[HOUR]) * 60 + now[MINUTE]) * 60 + now[SECOND];
}

void clock_start(void)
{
    uint8_t now[FIELDS] = {0};
    uint64_t wall_ns = 0;
    int error = sys_hw_create(authorities.hardware, HW_IO, PORT_CMOS, 2, 0, &port, 0);

    if (!error) {
        read_fields(now);
        wall_ns = seconds_of(now, cmos(STATUS_B)) * 1000000000ul - ipc_now();
        sys_io_access(port, INDEX, ACCESS_WRITE(1), STATUS_D, 0); /* lets NMIs through again */
        sys_handle_close(port);
        error = sys_clock_set(authorities.hardware, wall_ns);
    }
    if (error)
        ipc_error("the clock is not set: %s", ipc_error_text(error));
}
