/* Version and build, as the banner and KINFO_BUILD show them. The build writes ouros_version.h. */
#pragma once

#include <ouros_version.h>

#ifdef OUROS_DEBUG
#define OUROS_KIND "debug"
#else
#define OUROS_KIND "release"
#endif
#define OUROS_BUILD "Ouros " OUROS_VERSION " (" OUROS_REVISION ", " OUROS_KIND ", x86-64)"
