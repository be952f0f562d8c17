/* Sessions by name, for servers and for programs. */
#ifndef IPC_OPEN_H
#define IPC_OPEN_H

#include <ouros/types.h>

/* A session with the server of this name, kept from then on: in a server one that was given at start, or
 * init's answer; in a program what opening /dev/NAME gives. Else HANDLE_NONE. Thread-safe. */
handle_t ipc_open(const char *name);

#endif
