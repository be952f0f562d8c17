/* A 16550 UART (National Semiconductor PC16550D), polled. */
#include <arch/cpu.h>
#include <log.h>
#include <string.h>

#define COM1     0x3f8
#define COM2     0x2f8
#define PATIENCE 100000
#define PORTS    8

enum uart { UART_DATA, UART_IRQ, UART_FIFO, UART_LINE, UART_MODEM, UART_STATE };
#define STATE_EMPTY 0x20

static uint16_t base = COM1; /* 0: no console */
static bool taken;

void console_init(void)
{
    static const uint8_t words[][2] = {
        {UART_IRQ, 0},   {UART_LINE, 0x80}, /* divisor latch */
        {UART_DATA, 1},  {UART_IRQ, 0},     /* 115200 baud */
        {UART_LINE, 3},  {UART_FIFO, 1},    /* 8N1; what has come in is kept */
        {UART_MODEM, 3},
    };
    for (uint32_t i = 0; base && i < sizeof(words) / sizeof(words[0]); i++)
        port_write(base + words[i][0], 1, words[i][1]);
}

bool console_select(const char *name, size_t length)
{
    static const uint16_t ports[] = {COM1, COM2, 0};
    int i = text_choice(name, length, "com1\0com2\0none\0");
    if (i >= 0 && ports[i] != base) {
        base = ports[i];
        console_init();
    }
    return i >= 0;
}

static void put(char c)
{
    for (uint32_t i = 0; i < PATIENCE && !(port_read(base + UART_STATE, 1) & STATE_EMPTY); i++)
        ;
    port_write(base + UART_DATA, 1, (uint8_t)c);
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
