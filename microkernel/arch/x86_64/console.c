/* A 16550 UART (National Semiconductor PC16550D), polled. */
#include <arch/cpu.h>
#include <log.h>
#include <string.h>

#define COM1        0x3f8
#define COM2        0x2f8
#define DIVISOR     1 /* 115200 baud */
#define PATIENCE    100000
#define UART_DATA   0
#define UART_IRQ    1
#define UART_FIFO   2
#define UART_LINE   3
#define UART_MODEM  4
#define UART_STATE  5
#define STATE_EMPTY 0x20
#define PORTS       8

static uint16_t base = COM1; /* 0: no console */
static bool taken;

void console_init(void)
{
    if (!base)
        return;
    port_write8(base + UART_IRQ, 0);
    port_write8(base + UART_LINE, 0x80); /* divisor latch */
    port_write8(base + UART_DATA, DIVISOR);
    port_write8(base + UART_IRQ, 0);
    port_write8(base + UART_LINE, 3); /* 8N1 */
    port_write8(base + UART_FIFO, 1); /* on; what has come in is kept */
    port_write8(base + UART_MODEM, 3);
}

bool console_select(const char *name, size_t length)
{
    static const struct {
        const char *name;
        uint16_t base;
    } known[] = {{"com1", COM1}, {"com2", COM2}, {"none", 0}};
    uint32_t i = 0;
    while (i < 3 && !text_equal(name, length, known[i].name))
        i++;
    if (i < 3 && known[i].base != base) {
        base = known[i].base;
        console_init();
    }
    return i < 3;
}

static void put(char c)
{
    for (uint32_t i = 0; i < PATIENCE && !(port_read8(base + UART_STATE) & STATE_EMPTY); i++)
        ;
    port_write8(base + UART_DATA, (uint8_t)c);
}

void console_write(const char *text, size_t length)
{
    if (!base || taken)
        return;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            put('\r');
        put(text[i]);
    }
}

void console_ports_taken(uint32_t first, uint32_t count)
{
    if (base && first < (uint32_t)base + PORTS && base < first + count)
        taken = true;
}

void console_seize(void)
{
    if (!base)
        base = COM1;
    taken = false;
    console_init();
}
