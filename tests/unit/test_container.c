// SPDX-License-Identifier: GPL-2.0-only
/* What paths of control groups say, as the managers that there are make them. */
#include "event/container.h"
#include "sink/sink.h"
#include "unit.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "2c48913c-b29f-11e7-9350-020968147796"
#define UID_ "2c48913c_b29f_11e7_9350_020968147796"
#define HASH "00112233445566778899aabbccddeeff" /* a static pod's */

#define KUBE "/kubepods.slice/kubepods-burstable.slice/"
#define POD_SLICE "kubepods-burstable-pod" UID_ ".slice"
#define USER "/user.slice/user-1000.slice/user@1000.service/"

struct known {
	const char *path;
	enum runtime runtime;
	const char *id, *name, *pod, *unit; /* NULL: none */
};

static const struct known containers[] = {
	/* docker: cgroupfs, systemd, rootless; an inner systemd; a parent of the user's choice */
	{ "/docker/" A, RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/docker/" A "/", RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/system.slice/docker-" A ".scope", RUNTIME_DOCKER, A, NULL, NULL, "system.slice" },
	{ "/system.slice/docker.service/docker/" A, RUNTIME_DOCKER, A, NULL, NULL, "docker.service" },
	{ USER "user.slice/docker-" A ".scope", RUNTIME_DOCKER, A, NULL, NULL, "user.slice" },
	{ USER "app.slice/docker.service/docker/" A, RUNTIME_DOCKER, A, NULL, NULL, "docker.service" },
	{ "/system.slice/docker-" A ".scope/system.slice/nginx.service", RUNTIME_DOCKER, A, NULL,
	  NULL, "nginx.service" },
	{ "/system.slice/docker-" A ".scope/init.scope", RUNTIME_DOCKER, A, NULL, NULL, "init.scope" },
	{ "/mine/" A, RUNTIME_UNKNOWN, A, NULL, NULL, NULL },
	{ "/" A, RUNTIME_UNKNOWN, A, NULL, NULL, NULL },
	{ "/actions_job/" A "/a/b", RUNTIME_UNKNOWN, A, NULL, NULL, NULL },
	/* one in another */
	{ "/docker/" A "/docker/" B, RUNTIME_DOCKER, B, NULL, NULL, NULL },
	{ "/docker/" A "/" B, RUNTIME_UNKNOWN, B, NULL, NULL, NULL },
	{ "/docker/" A "/docker", RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/kubepods/burstable/pod" UID "/" A "/docker/" B, RUNTIME_DOCKER, B, NULL, UID, NULL },
	{ "/docker/" A "/kubelet/kubepods/besteffort/pod" UID "/" B, RUNTIME_UNKNOWN, B, NULL, UID,
	  NULL },
	{ "/system.slice/docker-" A ".scope/kubelet.slice/kubelet-kubepods.slice/"
	  "kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_ ".slice/"
	  "cri-containerd-" B ".scope", RUNTIME_CONTAINERD, B, NULL, UID,
	  "kubelet-kubepods-burstable-pod" UID_ ".slice" },
	{ "/lxc.payload.c1/docker/" A, RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/docker/" A "/lxc.payload.c1", RUNTIME_LXC, NULL, "c1", NULL, NULL },
	/* Kubernetes: each class, both drivers, three runtimes */
	{ "/kubepods/burstable/pod" UID "/" A, RUNTIME_UNKNOWN, A, NULL, UID, NULL },
	{ "/kubepods/besteffort/pod" UID "/" A, RUNTIME_UNKNOWN, A, NULL, UID, NULL },
	{ "/kubepods/pod" UID "/" A, RUNTIME_UNKNOWN, A, NULL, UID, NULL },
	{ "/kubepods/pod" HASH "/" A, RUNTIME_UNKNOWN, A, NULL, HASH, NULL },
	{ "/kubepods/burstable/pod" UID "/crio-" A, RUNTIME_CRIO, A, NULL, UID, NULL },
	{ KUBE POD_SLICE "/docker-" A ".scope", RUNTIME_DOCKER, A, NULL, UID, POD_SLICE },
	{ KUBE POD_SLICE "/cri-containerd-" A ".scope", RUNTIME_CONTAINERD, A, NULL, UID, POD_SLICE },
	{ KUBE POD_SLICE "/crio-" A ".scope", RUNTIME_CRIO, A, NULL, UID, POD_SLICE },
	{ KUBE POD_SLICE "/crio-" A ".scope/container", RUNTIME_CRIO, A, NULL, UID, POD_SLICE },
	{ "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" A ".scope",
	  RUNTIME_CONTAINERD, A, NULL, UID, "kubepods-pod" UID_ ".slice" },
	{ KUBE "kubepods-burstable-pod" HASH ".slice/crio-" A ".scope", RUNTIME_CRIO, A, NULL, HASH,
	  "kubepods-burstable-pod" HASH ".slice" },
	{ KUBE "kubepods-burstable-pod" UID ".slice/docker-" A ".scope", RUNTIME_DOCKER, A, NULL, UID,
	  "kubepods-burstable-pod" UID ".slice" },
	{ "/" POD_SLICE ":cri-containerd:" A, RUNTIME_CONTAINERD, A, NULL, UID, NULL },
	{ "/system.slice/containerd.service/" POD_SLICE ":cri-containerd:" A, RUNTIME_CONTAINERD, A,
	  NULL, UID, "containerd.service" },
	{ "/k8s.io/" A, RUNTIME_CONTAINERD, A, NULL, NULL, NULL },
	/* nerdctl */
	{ "/default/" A, RUNTIME_CONTAINERD, A, NULL, NULL, NULL },
	{ "/system.slice/nerdctl-" A ".scope", RUNTIME_CONTAINERD, A, NULL, NULL, "system.slice" },
	/* podman: root's, a user's, in a pod, in a unit of its own */
	{ "/machine.slice/libpod-" A ".scope", RUNTIME_PODMAN, A, NULL, NULL, "machine.slice" },
	{ "/machine.slice/libpod-" A ".scope/container", RUNTIME_PODMAN, A, NULL, NULL,
	  "machine.slice" },
	{ USER "user.slice/libpod-" A ".scope/container", RUNTIME_PODMAN, A, NULL, NULL, "user.slice" },
	{ "/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope", RUNTIME_PODMAN, A, NULL,
	  NULL, "machine-libpod_pod_" B ".slice" },
	{ "/libpod_parent/libpod-" A, RUNTIME_PODMAN, A, NULL, NULL, NULL },
	{ "/libpod_parent/libpod_pod_" B "/libpod-" A, RUNTIME_PODMAN, A, NULL, NULL, NULL },
	{ USER "app.slice/redis.service/libpod-payload-" A, RUNTIME_PODMAN, A, NULL, NULL,
	  "redis.service" },
	/* Amazon's */
	{ "/ecs/" HASH "/" A, RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/ecs/" UID "/" A, RUNTIME_DOCKER, A, NULL, NULL, NULL },
	{ "/ecstasks.slice/ecstasks-" HASH ".slice/docker-" A ".scope", RUNTIME_DOCKER, A, NULL, NULL,
	  "ecstasks-" HASH ".slice" },
	/* those that have names */
	{ "/lxc.payload.c1", RUNTIME_LXC, NULL, "c1", NULL, NULL },
	{ "/lxc.payload.c1/system.slice/cron.service", RUNTIME_LXC, NULL, "c1", NULL, "cron.service" },
	{ "/lxc.payload/c1/init.scope", RUNTIME_LXC, NULL, "c1", NULL, "init.scope" },
	{ "/lxc/100/ns/init.scope", RUNTIME_LXC, NULL, "100", NULL, "init.scope" },
	{ "/machine.slice/machine-lxc\\x2d77\\x2dweb.scope", RUNTIME_LXC, NULL, "77-web", NULL,
	  "machine.slice" },
	{ "/machine.slice/systemd-nspawn@deb\\x2d12.service/payload/init.scope", RUNTIME_NSPAWN, NULL,
	  "deb-12", NULL, "init.scope" },
	{ "/machine.slice/systemd-nspawn@web.service", RUNTIME_NSPAWN, NULL, "web", NULL,
	  "systemd-nspawn@web.service" },
	{ "/machine.slice/machine-web.scope/payload", RUNTIME_NSPAWN, NULL, "web", NULL,
	  "machine.slice" },
	{ "/machine.slice/machine-web.scope/payload/supervisor", RUNTIME_NSPAWN, NULL, "web", NULL,
	  "machine.slice" },
	{ "/machine.slice/libpod-" A ".scope/supervisor", RUNTIME_PODMAN, A, NULL, NULL,
	  "machine.slice" },
	/* a runtime that nobody knows yet */
	{ "/system.slice/new-runtime-" A ".scope", RUNTIME_UNKNOWN, A, NULL, NULL, "system.slice" },
};

static const struct known others[] = {
	{ "", 0, NULL, NULL, NULL, NULL },
	{ "/", 0, NULL, NULL, NULL, NULL },
	{ "///", 0, NULL, NULL, NULL, NULL },
	{ "/init.scope", 0, NULL, NULL, NULL, "init.scope" },
	{ "/system.slice/cron.service", 0, NULL, NULL, NULL, "cron.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", 0, NULL, NULL, NULL, "session-3.scope" },
	{ USER "app.slice/app-org.gnome.Terminal.slice/vte-spawn-" UID ".scope", 0, NULL, NULL, NULL,
	  "vte-spawn-" UID ".scope" },
	{ USER "init.scope", 0, NULL, NULL, NULL, "init.scope" },
	{ "/system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS0.service", 0, NULL, NULL,
	  NULL, "serial-getty@ttyS0.service" },
	{ "/system.slice/system-serial\\x2dgetty.slice", 0, NULL, NULL, NULL,
	  "system-serial-getty.slice" },
	{ "/system.slice/_memory.service/sub", 0, NULL, NULL, NULL, "memory.service" },
	{ "/system.slice/foo@a:b.service", 0, NULL, NULL, NULL, "foo@a:b.service" },
	{ "/system.slice/mnt-nfs.mount", 0, NULL, NULL, NULL, "mnt-nfs.mount" },
	{ "/.service/.slice", 0, NULL, NULL, NULL, NULL },
	/* watchers, and what else stands beside a container */
	{ KUBE POD_SLICE, 0, NULL, NULL, UID, POD_SLICE },
	{ "/kubepods/burstable/pod" UID, 0, NULL, NULL, UID, NULL },
	{ KUBE POD_SLICE "/crio-conmon-" A ".scope", 0, NULL, NULL, UID, "crio-conmon-" A ".scope" },
	{ "/kubepods/burstable/pod" UID "/crio-conmon-" A, 0, NULL, NULL, UID, NULL },
	{ "/machine.slice/libpod-conmon-" A ".scope", 0, NULL, NULL, NULL, "libpod-conmon-" A ".scope" },
	{ "/libpod_parent/conmon", 0, NULL, NULL, NULL, NULL },
	{ "/machine.slice/machine-libpod_pod_" B ".slice", 0, NULL, NULL, NULL,
	  "machine-libpod_pod_" B ".slice" },
	{ "/libpod_parent/libpod_pod_" B, 0, NULL, NULL, NULL, NULL },
	{ "/system.slice/redis.service/runtime", 0, NULL, NULL, NULL, "redis.service" },
	{ "/system.slice/var-lib-docker-containers-" A "-shm.mount", 0, NULL, NULL, NULL,
	  "var-lib-docker-containers-" A "-shm.mount" },
	{ "/system.slice/build-" A ".service", 0, NULL, NULL, NULL, "build-" A ".service" },
	{ "/lxc.monitor.c1", 0, NULL, NULL, NULL, NULL },
	{ "/lxc.monitor/c1", 0, NULL, NULL, NULL, NULL },
	{ "/lxc", 0, NULL, NULL, NULL, NULL },
	{ "/lxc.payload.", 0, NULL, NULL, NULL, NULL },
	{ "/machine.slice/systemd-nspawn@web.service/supervisor", 0, NULL, NULL, NULL,
	  "systemd-nspawn@web.service" },
	{ "/machine.slice/machine-web.scope/supervisor", 0, NULL, NULL, NULL, "machine.slice" },
	{ "/machine.slice/systemd-nspawn@.service", 0, NULL, NULL, NULL, "systemd-nspawn@.service" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", 0, NULL, NULL, NULL,
	  "machine-qemu-1-vm.scope" },
	{ "/system.slice/machine-web.scope", 0, NULL, NULL, NULL, "machine-web.scope" },
	/* digits that are no id */
	{ "/docker/" A "0", 0, NULL, NULL, NULL, NULL },
	{ "/docker/x" A, 0, NULL, NULL, NULL, NULL },
	{ "/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", 0, NULL, NULL,
	  NULL, NULL },
	{ "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", 0, NULL, NULL,
	  NULL, NULL },
	{ "/docker/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef", 0, NULL, NULL,
	  NULL, NULL },
	/* names that are no pod's */
	{ "/burstable/pod" UID, 0, NULL, NULL, NULL, NULL },
	{ "/kubepods/burstable/pod" HASH "0", 0, NULL, NULL, NULL, NULL },
	{ "/kubepods/burstable/pod0123", 0, NULL, NULL, NULL, NULL },
	{ "/kubepods/burstable/podx", 0, NULL, NULL, NULL, NULL },
	{ "/kubepods/burstable/pod" UID "0", 0, NULL, NULL, NULL, NULL },
	{ "/kubepods/burstable/pod2c48913c.b29f-11e7-9350-020968147796", 0, NULL, NULL, NULL, NULL },
	{ "/user.slice/user-pod" UID_ ".slice", 0, NULL, NULL, NULL, "user-pod" UID_ ".slice" },
};

static void assert_text(const struct known *k, const char *what, const char *got, size_t n,
			const char *want)
{
	if (strlen(want ? want : "") != n || (n && memcmp(got, want, n)))
		fail_msg("%s: %s is '%.*s', not '%s'", k->path, what, (int)n, got, want ? want : "");
}

static void assert_slice(const struct known *k, const char *what, struct slice got, const char *want)
{
	char name[UNIT_NAME];

	if (!got.s != !want)
		fail_msg("%s: %s is there: %d", k->path, what, got.s != NULL);
	assert_text(k, what, name, unit_name(got, name), want);
}

static void assert_known(const struct known *k)
{
	size_t len = strlen(k->path);
	char *path = exact_copy(k->path, len);
	struct container c;

	if (container_read(&c, path, len) != (k->id || k->name))
		fail_msg("%s: a container: %d", k->path, !(k->id || k->name));
	assert_slice(k, "the id", c.id, k->id);
	assert_slice(k, "the name", c.name, k->name);
	assert_slice(k, "the unit", c.unit, k->unit);
	assert_text(k, "the pod", c.pod, strlen(c.pod), k->pod);
	if (c.runtime != k->runtime)
		fail_msg("%s: the runtime is %d, not %d", k->path, c.runtime, k->runtime);
	free(path);
}

static void containers_are_told_by_their_groups(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(containers); i++)
		assert_known(&containers[i]);
}

static void what_is_no_container_is_told_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(others); i++)
		assert_known(&others[i]);
}

/* Below a container is in it, whatever the names; above it, nothing changes what it is. */
static void a_container_is_found_at_any_depth(void **state)
{
	char path[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(containers); i++) {
		struct known k = containers[i];

		if (!k.id)
			continue;
		snprintf(path, sizeof(path), "%s/a/\xff\n/b c", k.path);
		k.path = path;
		assert_known(&k);
		snprintf(path, sizeof(path), "/x/y%s", containers[i].path);
		assert_known(&k);
	}
}

static void a_path_may_end_anywhere(void **state)
{
	struct container c;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(containers); i++)
		for (len = 0; len < strlen(containers[i].path); len++) {
			char *path = exact_copy(containers[i].path, len);

			container_read(&c, path, len);
			free(path);
		}
}

static void assert_unit(const char *in, const char *want)
{
	char name[UNIT_NAME], *exact = exact_copy(in, strlen(in));
	size_t n = unit_name((struct slice){ exact, (uint32_t)strlen(in) }, name);

	free(exact);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(name, want, n);
}

static void a_unit_s_name_is_given_back(void **state)
{
	char is_long[300], name[UNIT_NAME];

	(void)state;
	assert_unit("a\\x2db.service", "a-b.service");
	assert_unit("\\x5cx2d", "\\x2d"); /* once */
	assert_unit("\\xff\\x0a", "\xff\n");
	assert_unit("a\\x00b", "a\\x00b");
	assert_unit("a\\x2", "a\\x2");
	assert_unit("a\\x", "a\\x");
	assert_unit("a\\xg0\\x2D", "a\\xg0\\x2D");
	assert_unit("\\", "\\");
	assert_unit("", "");
	memset(is_long, 'x', sizeof(is_long));
	assert_int_equal(unit_name((struct slice){ is_long, sizeof(is_long) }, name), UNIT_NAME);
}

static void assert_words(const char *path, const char *want)
{
	struct buf b = { 0 };
	struct container c;

	assert_true(container_read(&c, path, strlen(path)));
	container_words(&b, &c);
	assert_buf(&b, want);
	buf_free(&b);
}

static void people_are_told_the_first_digits(void **state)
{
	(void)state;
	assert_words("/docker/" A, "docker 0123456789ab");
	assert_words("/kubepods/pod" UID "/" A, "container 0123456789ab");
	assert_words("/lxc.payload.w\\x2db\\x0a c", "lxc w-b\\n\\ c");
	assert_words("/machine.slice/systemd-nspawn@\x1b.service", "systemd-nspawn \\x1b");
}

static void every_runtime_has_a_name(void **state)
{
	int i;

	(void)state;
	assert_null(runtime_name(RUNTIME_UNKNOWN));
	for (i = RUNTIME_UNKNOWN + 1; i < RUNTIMES; i++)
		assert_non_null(runtime_name(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_are_told_by_their_groups),
		cmocka_unit_test(what_is_no_container_is_told_apart),
		cmocka_unit_test(a_container_is_found_at_any_depth),
		cmocka_unit_test(a_path_may_end_anywhere),
		cmocka_unit_test(a_unit_s_name_is_given_back),
		cmocka_unit_test(people_are_told_the_first_digits),
		cmocka_unit_test(every_runtime_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
