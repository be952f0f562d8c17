/* Limits of the system; newlib's <limits.h> includes this file. */
#ifndef _SYS_SYSLIMITS_H_
#define _SYS_SYSLIMITS_H_

#define ARG_MAX        131072
#define CHILD_MAX      1024
#define LINK_MAX       32000
#define MAX_CANON      255
#define MAX_INPUT      255
#define NAME_MAX       255
#define NGROUPS_MAX    32
#define OPEN_MAX       256
#define PATH_MAX       4096
#define PIPE_BUF       4096
#define IOV_MAX        1024
#define SSIZE_MAX      __LONG_MAX__
#define HOST_NAME_MAX  64
#define LOGIN_NAME_MAX 32
#define TTY_NAME_MAX   32
#define SYMLINK_MAX    4095
#define SYMLOOP_MAX    16

#define PTHREAD_STACK_MIN             16384
#define PTHREAD_KEYS_MAX              128
#define PTHREAD_THREADS_MAX           1024
#define PTHREAD_DESTRUCTOR_ITERATIONS 4
#define SEM_NSEMS_MAX                 1024

#define BC_BASE_MAX        99
#define BC_DIM_MAX         2048
#define BC_SCALE_MAX       99
#define BC_STRING_MAX      1000
#define COLL_WEIGHTS_MAX   2
#define EXPR_NEST_MAX      32
#define LINE_MAX           2048
#define RE_DUP_MAX         255
#define CHARCLASS_NAME_MAX 14

#define _POSIX_ARG_MAX   4096
#define _POSIX_CHILD_MAX 25
#define _POSIX_LINK_MAX  8
#define _POSIX_NAME_MAX  14
#define _POSIX_OPEN_MAX  20
#define _POSIX_PATH_MAX  256
#define _POSIX_PIPE_BUF  512
#define _POSIX_SSIZE_MAX 32767

#endif
