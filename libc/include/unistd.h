/* newlib's, and what it leaves out. */
#ifndef _UNISTD_H_
#define _UNISTD_H_

#include <sys/unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#if __BSD_VISIBLE
int brk(void *end);
#endif

#ifdef __cplusplus
}
#endif

#endif
