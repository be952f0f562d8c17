/* A device object: physical pages outside RAM that its holder may have mapped (hw_create, HW_DEVICE). */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include <object.h>

struct device {
    struct object object;
    paddr_t start, end; /* whole pages, end exclusive; checked when the object was made */
};

#endif
