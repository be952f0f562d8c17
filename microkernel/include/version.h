/* Version and build, as the banner and KINFO_BUILD show them. The build passes OUROS_REVISION. */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#ifndef OUROS_REVISION
#define OUROS_REVISION "unknown"
#endif
#ifdef OUROS_DEBUG
#define OUROS_KIND "debug"
#else
#define OUROS_KIND "release"
#endif
#define OUROS_VERSION "0.1"
#define OUROS_BUILD   "Ouros " OUROS_VERSION " (" OUROS_REVISION ", " OUROS_KIND ", x86-64)"

#endif
