/* Clocks: the time stamp counter, the one-shot timer of the local APIC, the clock chip. */
#pragma once

#include <hooks.h>
#include <ouros/time.h>

extern struct time_page *const time_page;

/* Measure the counters, publish the time page. The local APIC is enabled. */
void time_init(void);
/* The timer has fired: true if the deadline armed last has passed; otherwise it goes on towards it. */
bool timer_due(void);
