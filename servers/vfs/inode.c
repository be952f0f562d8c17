/* Inodes: references, attributes, permissions. */
#include "vfs.h"

struct inode *inode_get(struct inode *ino)
{
    ino->refs++;
    return ino;
}

void inode_put(struct inode *ino)
{
    if (ino && --ino->refs == 0)
        ino->ops->evict(ino);
}

void inode_attr(const struct inode *ino, struct attr *out)
{
    *out = (struct attr){
        .ino = ino->ino,
        .size = ino->size,
        .blocks = ino->blocks,
        .atime = ino->atime,
        .mtime = ino->mtime,
        .ctime = ino->ctime,
        .dev = ino->dev,
        .mode = ino->mode,
        .nlink = ino->nlink,
        .uid = ino->uid,
        .gid = ino->gid,
        .rdev = ino->rdev,
        .block_size = ino->block_size,
    };
}

bool cred_in_group(const struct cred *cred, uint32_t gid)
{
    if (cred->gid == gid)
        return true;
    for (uint32_t i = 0; i < cred->ngroups; i++)
        if (cred->groups[i] == gid)
            return true;
    return false;
}

int inode_permission(const struct inode *ino, const struct cred *cred, uint32_t want)
{
    if (cred->uid == 0) {
        bool any_x = (ino->mode & MODE_TYPE) == MODE_DIR || (ino->mode & 0111);
        return (want & MAY_EXEC) && !any_x ? E_ACCES : 0;
    }
    uint32_t granted = ino->mode & 7;
    if (cred->uid == ino->uid)
        granted = ino->mode >> 6 & 7;
    else if (cred_in_group(cred, ino->gid))
        granted = ino->mode >> 3 & 7;
    return (want & ~granted) ? E_ACCES : 0;
}

int inode_may_remove(const struct inode *dir, const struct inode *ino, const struct cred *cred)
{
    int err = inode_permission(dir, cred, MAY_WRITE | MAY_EXEC);
    if (err)
        return err;
    bool owner = cred->uid == 0 || cred->uid == ino->uid || cred->uid == dir->uid;
    return (dir->mode & MODE_STICKY) && !owner ? E_PERM : 0;
}
