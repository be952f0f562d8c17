// Names for the numbers in a call, from the protocols' lists (every header in libipc/include/proto) and the
// list of errors.
#ifndef IPCTRACE_NAMES_H
#define IPCTRACE_NAMES_H

#include "calls.h"

enum { NAME_SIZE = 48 };

/// "vfs.open": the operation, by the protocol that has the server's name, or one whose numbers are its alone
/// (from 0x100 on). "fault" and "exception" are the kernel's. "#7": no list has it.
const char *name_operation(const struct call *call, char name[NAME_SIZE]);

/// "ok", "E_NOENT", a number, or what became of a call without an answer.
const char *name_result(const struct call *call, char name[NAME_SIZE]);

/// It ended otherwise than well. E_TOUCH does not count: it is how a page is asked for, and the call comes
/// again.
bool call_is_error(const struct call *call);

#endif
