#include "vfs_fake.h"
#include "servers/vfs/server/paths.c"
#include "servers/vfs/server/nodes.c"
