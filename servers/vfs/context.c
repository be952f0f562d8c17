/* The context of a process: where its paths begin and whose permissions it has. */
#include "vfs.h"

void context_init(struct context *ctx, const struct place *root)
{
    *ctx = (struct context){.umask = 022};
    ctx->root = place_get(*root);
    ctx->cwd = place_get(*root);
}

void context_copy(struct context *to, const struct context *from)
{
    *to = *from;
    place_get(to->root);
    place_get(to->cwd);
}

void context_fini(struct context *ctx)
{
    place_put(&ctx->root);
    place_put(&ctx->cwd);
}

static int context_set(const struct context *ctx, struct place *slot, const struct place *dir)
{
    if ((dir->ino->mode & MODE_TYPE) != MODE_DIR)
        return E_NOTDIR;
    int err = inode_permission(dir->ino, &ctx->cred, MAY_EXEC);
    if (err)
        return err;
    struct place old = *slot;
    *slot = place_get(*dir);
    place_put(&old);
    return 0;
}

int context_chdir(struct context *ctx, const struct place *dir)
{
    return context_set(ctx, &ctx->cwd, dir);
}

int context_chroot(struct context *ctx, const struct place *dir)
{
    return ctx->cred.uid ? E_PERM : context_set(ctx, &ctx->root, dir);
}
