#include "uart.h"
#include <ipc/log.h>
#include <ipc/syscall.h>
#include <ipc/task.h>

enum {
    REG_DATA = 0,
    REG_INTERRUPTS = 1,
    REG_IDENTITY = 2, /* read; the FIFO control on write */
    REG_MODEM = 4,
    REG_STATE = 5,
    INTERRUPT_RECEIVED = 1,
    INTERRUPT_SENT = 2,
    IDENTITY_FIFO = 0xc0,
    FIFO_ON_14 = 0xc1, /* interrupt at 14 bytes, or when no more come for a while */
    MODEM_DTR = 1,
    MODEM_RTS = 2,
    MODEM_OUT2 = 8, /* lets the interrupt out of the chip on a PC */
    STATE_RECEIVED = 1,
    STATE_HOLDING_EMPTY = 0x20,
    STATE_ALL_SENT = 0x40,
    FIFO_SIZE = 16,
    BURST = 256, /* bytes received in one go before others have their turn */
};

static handle_t io, irq;
static uint32_t enabled;  /* what REG_INTERRUPTS holds */
static uint32_t fifo = 1; /* bytes that fit when the holding register is empty */

static uint8_t get(uint32_t reg)
{
    uint64_t value = 0;

    sys_io_access(io, reg, ACCESS_READ(1), 0, &value);
    return (uint8_t)value;
}

static void put(uint32_t reg, uint8_t value)
{
    sys_io_access(io, reg, ACCESS_WRITE(1), value, 0);
}

int uart_start(handle_t port, uint64_t bits)
{
    int error;

    io = ipc_handle("io.serial");
    irq = ipc_handle("irq.serial");
    if (!io)
        return E_NODEV;
    /* At level 1, each byte costs an interrupt, and an emulator hands over no more than the level at a time. */
    put(REG_IDENTITY, FIFO_ON_14);
    if ((get(REG_IDENTITY) & IDENTITY_FIFO) == IDENTITY_FIFO)
        fifo = FIFO_SIZE;
    put(REG_INTERRUPTS, 0);
    put(REG_MODEM, MODEM_DTR | MODEM_RTS | MODEM_OUT2);
    if (!irq)
        return 0;
    error = sys_irq_ctl(irq, IRQ_BIND, port, bits);
    if (error)
        ipc_warning("serial interrupt: %s", ipc_error_text(error));
    return 0;
}

static uint64_t receive(struct line *l)
{
    uint64_t signals = 0;

    for (int n = 0; n < BURST && line_wants_input(l) && (get(REG_STATE) & STATE_RECEIVED); n++) {
        uint32_t signal = line_input(l, get(REG_DATA));

        if (signal)
            signals |= 1ul << (signal - 1);
    }
    return signals;
}

static void send(struct line *l)
{
    uint8_t byte;

    while (line_has_output(l) && (get(REG_STATE) & STATE_HOLDING_EMPTY)) {
        uint32_t n = 0;

        while (n < fifo && line_next_output(l, &byte)) {
            put(REG_DATA, byte);
            n++;
        }
        if (n == 0)
            break; /* stopped */
    }
}

/* Interrupts for what we wait for: input only while there is room, so that the rest waits in the chip and in
 * the sender. */
static void enable(const struct line *l)
{
    uint32_t want = (line_wants_input(l) ? INTERRUPT_RECEIVED : 0u) |
                    (line_has_output(l) && !l->stopped ? INTERRUPT_SENT : 0u);

    if (want != enabled)
        put(REG_INTERRUPTS, (uint8_t)want);
    enabled = want;
}

/* The interrupt is an edge: it comes again only after the chip had no reason left for one. */
uint64_t uart_pump(struct line *l)
{
    uint64_t signals = 0;

    for (int n = 0; n < 8; n++) {
        signals |= receive(l);
        send(l);
        enable(l);
        if (get(REG_IDENTITY) & 1)
            return signals; /* nothing pending */
    }
    put(REG_INTERRUPTS, 0); /* others wait: make the edge anew */
    put(REG_INTERRUPTS, (uint8_t)enabled);
    return signals;
}

void uart_acknowledge(void)
{
    if (irq)
        sys_irq_ctl(irq, IRQ_ACK, 0, 0);
}

bool uart_is_idle(void)
{
    return get(REG_STATE) & STATE_ALL_SENT;
}
