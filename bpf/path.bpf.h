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

/*
 * What a step needs of a dentry: its fields from d_parent on, side by side. Of the name that it has
 * room for itself only as much as lies in the first line of its memory: most names are no longer.
 */
struct step {
	struct dentry *parent;
	u32 hash, len;
	const unsigned char *name;
	struct inode *inode;
	u64 short_name;
};

static __always_inline u32 short_name_offset(void)
{
	if (bpf_core_field_exists(struct dentry___shortname, d_shortname))
		return bpf_core_field_offset(struct dentry___shortname, d_shortname);
	return bpf_core_field_offset(struct dentry, d_iname);
}

/* Without a helper call where the kernel has the cast, else in one where the fields lie so. */
static __always_inline void read_step(struct step *step, struct dentry *dentry)
{
	u32 first = bpf_core_field_offset(struct dentry, d_parent);

	if (have_rdonly_cast) {
		dentry = bpf_rdonly_cast(dentry, bpf_core_type_id_kernel(struct dentry));
		step->parent = dentry->d_parent;
		step->len = dentry->d_name.len;
		barrier_var(dentry); /* or len and name in one load: see innermost_pid() */
		step->name = dentry->d_name.name;
		step->short_name =
			bpf_core_field_exists(struct dentry___shortname, d_shortname) ?
				((struct dentry___shortname *)dentry)->d_shortname.words[0] :
				*(u64 *)dentry->d_iname;
	} else if (bpf_core_field_offset(struct dentry, d_name.name) - first ==
			   __builtin_offsetof(struct step, name) &&
		   short_name_offset() - first == __builtin_offsetof(struct step, short_name)) {
		bpf_core_read(step, sizeof(*step), &dentry->d_parent);
	} else {
		step->parent = BPF_CORE_READ(dentry, d_parent);
		step->name = BPF_CORE_READ(dentry, d_name.name);
		step->len = NAME_ROOM;
	}
}

/*
 * The length of the name, its NUL included; not above 0: it can't be read. Under a rename a short one
 * may be half of each: then its first NUL is not where its length says, and it is read once more.
 */
static __always_inline long take_name(u8 *to, const struct step *step, struct dentry *dentry)
{
	if (step->len < sizeof(step->short_name) &&
	    step->name == (void *)dentry + short_name_offset() &&
	    first_nul(step->short_name) == 0x80ULL << step->len * 8) {
		*(u64 *)to = step->short_name;
		return step->len + 1;
	}
	return bpf_probe_read_kernel_str(to, NAME_ROOM, step->name);
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
		len = take_name(data + at, &step, dentry);
		if (len <= 0)
			break;
		room->at = at + len;
		dentry = step.parent;
	}
	return true;
}

#endif
