#include "vfs_fake.h"
#include "servers/vfs/server/session.c"
#include "servers/vfs/server/process.c"
#include "servers/vfs/server/park.c"
