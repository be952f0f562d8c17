// Every protocol there is, made by the build from the folder libipc/include/proto: what a new server speaks
// has names here without a word from anybody.
#include <protocols.h>
