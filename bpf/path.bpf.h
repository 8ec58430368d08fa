/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths, as the process sees them: from the dentry up to its root, across mounts, as prepend_path()
 * in fs/d_path.c goes. The names are stored leaf first, each with its NUL; user space turns them
 * round. (bpf_d_path() is not allowed in tracepoint programs.)
 */
#ifndef PROCTRACE_PATH_BPF_H
#define PROCTRACE_PATH_BPF_H

#define NAME_ROOM 256 /* NAME_MAX and its NUL */

/*
 * Room that is filled from the front. "at" lives in map memory and is read anew at each step, so
 * that the verifier sees one unknown number there and not a new range for every turn of a loop.
 */
struct room {
	volatile u32 at;
	u32 pad;
};

/* Appends at most RECORD_PATH_MAX bytes to data; *cut is set when the path did not fit. */
static __always_inline void read_path(struct room *room, u8 *data, u32 size, struct path *path,
				      struct path *root, bool *cut)
{
	struct vfsmount *vfs = path->mnt;
	struct dentry *dentry = path->dentry;
	u32 first = room->at;
	int i;

	for (i = 0; i < RECORD_PATH_NAMES; i++) {
		struct dentry *mount_root;
		u32 at = room->at;
		long len;

		if (dentry == root->dentry && vfs == root->mnt)
			return;
		mount_root = BPF_CORE_READ(vfs, mnt_root);
		if (dentry == mount_root) {
			struct mount *mount =
				(void *)vfs - bpf_core_field_offset(struct mount, mnt);
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				return;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			vfs = (void *)above + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		if (at > size - NAME_ROOM || at - first > RECORD_PATH_MAX - NAME_ROOM)
			break;
		len = bpf_probe_read_kernel_str(data + at, NAME_ROOM,
						BPF_CORE_READ(dentry, d_name.name));
		if (len <= 0)
			break;
		room->at = at + len;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	*cut = true;
}

#endif
