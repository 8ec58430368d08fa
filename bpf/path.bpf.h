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

/* What a step needs of a dentry, in one read: its fields d_parent and d_name, side by side. */
struct step {
	struct dentry *parent;
	u64 hash_and_len;
	const unsigned char *name;
};

static __always_inline void read_step(struct step *step, struct dentry *dentry)
{
	if (bpf_core_field_offset(struct dentry, d_name.name) ==
	    bpf_core_field_offset(struct dentry, d_parent) + 16) {
		bpf_core_read(step, sizeof(*step), &dentry->d_parent);
		return;
	}
	step->parent = BPF_CORE_READ(dentry, d_parent);
	step->name = BPF_CORE_READ(dentry, d_name.name);
}

/* Appends at most RECORD_PATH_MAX bytes to data; true when the path did not fit. */
static __always_inline bool walk_path(struct room *room, u8 *data, u32 size, struct path *path,
				      struct path *root)
{
	struct vfsmount *vfs = path->mnt;
	struct dentry *dentry = path->dentry, *mount_root = BPF_CORE_READ(vfs, mnt_root);
	u32 first = room->at;
	int i;

	for (i = 0; i < RECORD_PATH_NAMES; i++) {
		struct step step = {};
		u32 at = room->at;
		long len;

		if (dentry == root->dentry && vfs == root->mnt)
			return false;
		if (dentry == mount_root) {
			struct mount *mount =
				(void *)vfs - bpf_core_field_offset(struct mount, mnt);
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				return false;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			vfs = (void *)above + bpf_core_field_offset(struct mount, mnt);
			mount_root = BPF_CORE_READ(vfs, mnt_root);
			continue;
		}
		if (at > size - NAME_ROOM || at - first > RECORD_PATH_MAX - NAME_ROOM)
			break;
		read_step(&step, dentry);
		len = bpf_probe_read_kernel_str(data + at, NAME_ROOM, step.name);
		if (len <= 0)
			break;
		room->at = at + len;
		dentry = step.parent;
	}
	return true;
}

#endif
