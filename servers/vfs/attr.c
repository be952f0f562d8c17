/* Changing attributes of a place: who may, and what follows from it. */
#include "vfs.h"

int place_access(const struct cred *cred, const struct place *p, uint32_t want)
{
    uint32_t type = p->ino->mode & MODE_TYPE;
    int err = inode_permission(p->ino, cred, want);
    bool data = type == MODE_FILE || type == MODE_DIR || type == MODE_LINK;
    if (!err && (want & MAY_WRITE) && p->mnt->read_only && data)
        err = E_ROFS;
    return err;
}

static int setattr_check(const struct context *ctx, const struct inode *ino, uint32_t which,
                         const struct attr *to)
{
    const struct cred *cred = &ctx->cred;
    bool owner = cred->uid == 0 || cred->uid == ino->uid;
    if (cred->uid == 0)
        return 0;
    if ((which & SET_UID) && to->uid != ino->uid)
        return E_PERM;
    if ((which & SET_GID) && to->gid != ino->gid && !cred_in_group(cred, to->gid))
        return E_PERM;
    return owner ? 0 : E_PERM;
}

int place_setattr(const struct context *ctx, const struct place *p, uint32_t which, const struct attr *to)
{
    struct attr set = *to;
    int err = setattr_check(ctx, p->ino, which, to);
    if (err)
        return err;
    if (p->mnt->read_only || !p->ino->ops->setattr)
        return E_ROFS;
    if (which & SET_MODE) {
        set.mode &= 07777;
        if (ctx->cred.uid && !cred_in_group(&ctx->cred, p->ino->gid))
            set.mode &= ~(uint32_t)MODE_SGID;
    } else if (which & (SET_UID | SET_GID)) { /* a changed owner must not inherit the old one's rights */
        bool runs = (p->ino->mode & MODE_TYPE) == MODE_FILE && (p->ino->mode & 0111);
        if (runs && ctx->cred.uid) {
            set.mode = p->ino->mode & 07777 & ~(uint32_t)(MODE_SUID | MODE_SGID);
            which |= SET_MODE;
        }
    }
    return p->ino->ops->setattr(p->ino, which, &set);
}

int place_truncate(const struct context *ctx, const struct place *p, uint64_t size)
{
    uint32_t type = p->ino->mode & MODE_TYPE;
    if (type == MODE_DIR)
        return E_ISDIR;
    if (type != MODE_FILE)
        return E_INVAL;
    int err = place_access(&ctx->cred, p, MAY_WRITE);
    if (err)
        return err;
    return p->ino->ops->truncate ? p->ino->ops->truncate(p->ino, size) : E_ROFS;
}
