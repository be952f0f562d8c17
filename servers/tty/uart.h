/* A 16550 UART (National Semiconductor PC16550D) behind an io object and an interrupt. */
#ifndef TTY_UART_H
#define TTY_UART_H

#include "line.h"

/* Take over the port "io.serial" and its interrupt "irq.serial", raised as `bits` on `port`. What waits in
 * the receiver is kept. E_NODEV without the port; without the interrupt uart_pump must be called from time to
 * time. */
int uart_start(handle_t port, uint64_t bits);

/* Move bytes both ways while there are any and they fit. Returns the signals that were typed: bit n-1 for
 * signal n. */
uint64_t uart_pump(struct line *l);

/* To be called when the interrupt's bits came, before uart_pump. */
void uart_acknowledge(void);

/* Whether the last byte has left the wire. */
bool uart_is_idle(void);

#endif
