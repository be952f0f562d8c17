/* Virtio 1.1 over PCI: the structures and registers used here (OASIS, Virtual I/O Device (VIRTIO)
 * Version 1.1, sections 2.6, 4.1 and 5.2). */
#ifndef BLK_VIRTIO_H
#define BLK_VIRTIO_H

#include <stdint.h>

/* 4.1.4: vendor capabilities in configuration space. */
enum { VIRTIO_CAP_COMMON = 1, VIRTIO_CAP_NOTIFY = 2, VIRTIO_CAP_ISR = 3, VIRTIO_CAP_DEVICE = 4 };
#define PCI_CAP_POINTER 0x34
#define PCI_CAP_VENDOR  0x09

/* 4.1.4.3: the common configuration. */
struct virtio_common {
    uint32_t device_feature_select, device_feature;
    uint32_t driver_feature_select, driver_feature;
    uint16_t msix_config, num_queues;
    uint8_t device_status, config_generation;
    uint16_t queue_select, queue_size, queue_msix_vector, queue_enable, queue_notify_off;
    uint64_t queue_desc, queue_driver, queue_device;
};
enum virtio_status {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128,
};
#define VIRTIO_F_VERSION_1 (1ul << 32)
#define VIRTIO_BLK_F_RO    (1ul << 5)
#define VIRTIO_BLK_F_FLUSH (1ul << 9)
#define VIRTIO_NO_VECTOR   0xffff

/* 2.6: the split virtqueue. */
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};
enum { VIRTQ_DESC_NEXT = 1, VIRTQ_DESC_WRITE = 2 };
#define VIRTQ_SIZE 64
struct virtq_avail {
    uint16_t flags, idx, ring[VIRTQ_SIZE];
};
struct virtq_used_elem {
    uint32_t id, len;
};
struct virtq_used {
    uint16_t flags, idx;
    struct virtq_used_elem ring[VIRTQ_SIZE];
};

/* 5.2.6: a request's head; data and a status byte follow in descriptors of their own. */
struct virtio_blk_head {
    uint32_t type, reserved;
    uint64_t sector;
};
enum { VIRTIO_BLK_T_IN = 0, VIRTIO_BLK_T_OUT = 1, VIRTIO_BLK_T_FLUSH = 4 };
enum { VIRTIO_BLK_S_OK = 0, VIRTIO_BLK_S_IOERR = 1, VIRTIO_BLK_S_UNSUPP = 2 };

#endif
