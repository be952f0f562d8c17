/* Nodes and mounts that other servers register. A server's session is shared by the node and by calls that
 * are under way, hence counted; a call to the server is made without the core lock and with a deadline. */
#include <ipc/log.h>
#include <ipc/time.h>
#include "../devfs.h"
#include "session.h"
#include "../tmpfs.h"

#define OPEN_PATIENCE IPC_MS(5000)

struct provider { /* a node's cookie */
    handle_t session;
    uint32_t refs;
};

static struct inode *dev_root;
static uint32_t next_dev = 100;

int nodes_start(struct inode *root)
{
    dev_root = root;
    return 0;
}

static void provider_drop(struct provider *p)
{
    if (!p || --p->refs)
        return;
    sys_handle_close(p->session);
    port_free(p);
}

static struct provider *provider_of(uint64_t cookie)
{
    return (struct provider *)(uintptr_t)cookie;
}

int elsewhere_give(struct ipc_request *r, uint64_t cookie)
{
    handle_t copy;
    int err = sys_handle_copy(provider_of(cookie)->session, RIGHT_ALL, 0, 0, &copy);
    return err ? err : ipc_give(r, copy);
}

/* Called under the core lock, which it gives up while the server is asked. */
int node_open(struct ipc_request *r, const struct opened *o, uint32_t flags, uint64_t pid)
{
    struct provider *p = provider_of(o->node->cookie);
    struct io_open_node ask = {.node = o->node->node, .flags = flags, .pid = pid};
    struct ipc_transfer t = {.deadline = OPEN_PATIENCE};

    if (o->node->is_static)
        return elsewhere_give(r, o->node->cookie);
    p->refs++;
    port_unlock();
    int err = io_open_node_with(p->session, &ask, NULL, &t);
    port_lock();
    provider_drop(p);
    if (!err && t.got_count != 1)
        err = E_NXIO;
    for (uint32_t i = 0; i < t.got_count; i++)
        if (err || ipc_give(r, t.got[i]))
            sys_handle_close(t.got[i]);
    return err;
}

/* A mount point that has been taken by the same server before keeps its place; the new session counts from
 * now on. */
static int mount_register(const char *path, size_t len, struct provider *p, uint64_t *old)
{
    static char text[64];
    struct tmpfs_limits limits = {.pages = 4, .inodes = 4};
    struct mount_spec spec = {.path = text, .foreign = true};
    struct place on;
    int err = len < sizeof text
                  ? name_find(system_context(), (struct path){.text = path, .len = len}, WALK_FOLLOW, &on)
                  : E_NAMETOOLONG;
    if (err)
        return err;
    if (on.mnt->foreign) {
        *old = on.mnt->cookie;
        on.mnt->cookie = (uintptr_t)p;
        place_put(&on);
        return 0;
    }
    memset(text, 0, sizeof text);
    memcpy(text, path, len);
    spec.cookie = (uintptr_t)p;
    spec.type = spec.source = len > 1 ? text + 1 : "foreign";
    err = tmpfs_create(next_dev, &limits, 0555, &spec.root);
    if (!err) {
        next_dev++;
        err = mount_add(&spec, &on, NULL);
        if (err)
            spec.root->ops->unmount(spec.root);
    }
    place_put(&on);
    return err;
}

static int read_name(struct ipc_request *r, const struct vfs_node *in, char *name)
{
    if (in->name_length != r->in_len || in->name_length == 0)
        return E_SIZE;
    return in->name_length > VFS_NAME_MAX ? E_NAMETOOLONG : ipc_read(r, 0, name, in->name_length);
}

int handle_node_register(struct ipc_request *r, const struct vfs_node *in, struct ipc_none *out)
{
    char name[VFS_NAME_MAX];
    uint64_t old = 0;
    int err = read_name(r, in, name);
    (void)out;
    if (!err && r->got_count != 1)
        err = E_INVAL;
    struct provider *p = err ? NULL : port_alloc(sizeof *p);
    if (!p)
        return err ? err : E_NOMEM;
    p->refs = 1;
    p->session = ipc_take(r, 0);
    core_enter();
    if (in->flags & VFS_NODE_MOUNT) {
        err = mount_register(name, in->name_length, p, &old);
    } else {
        struct devnode_spec spec = {
            .name = name,
            .len = in->name_length,
            .mode = in->mode,
            .cookie = (uintptr_t)p,
            .node = in->node,
            .is_static = in->flags & VFS_NODE_STATIC,
        };
        err = devfs_register(dev_root, &spec, &old);
    }
    provider_drop(err ? p : provider_of(old));
    core_leave();
    return err;
}

int handle_node_remove(struct ipc_request *r, const struct vfs_node *in, struct ipc_none *out)
{
    char name[VFS_NAME_MAX];
    uint64_t cookie = 0;
    int err = read_name(r, in, name);
    (void)out;
    if (err)
        return err;
    if (in->flags & VFS_NODE_MOUNT)
        return E_NOSYS;
    core_enter();
    err = devfs_remove(dev_root, name, in->name_length, &cookie);
    provider_drop(provider_of(cookie));
    core_leave();
    return err;
}
