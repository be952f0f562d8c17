#include "vfs_fake.h"
#include "servers/vfs/server/io.c"
#include "servers/vfs/server/poll.c"
