/* Device numbers: 32 bits of major, 32 of minor. */
#ifndef _SYS_SYSMACROS_H
#define _SYS_SYSMACROS_H

#define makedev(major, minor) (((unsigned long)(major) << 32) | (unsigned int)(minor))
#define major(device)         ((unsigned int)((unsigned long)(device) >> 32))
#define minor(device)         ((unsigned int)(device))

#endif
