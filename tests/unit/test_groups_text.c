// SPDX-License-Identifier: GPL-2.0-only
/* What "zombies" shows to people: on one screen, and no byte that a terminal would act on. */
#include "crowd.h"
#include "lines.h"

#define SCREEN 50
#define WIDTH 100
#define DAY (24 * 3600 * NS_PER_S)

static struct stream_groups told;

static int begin(void **state)
{
	(void)state;
	memset(&g, 0, sizeof(g));
	begin_with(~0u);
	there_are(10);
	told = (struct stream_groups){ .groups = &g };
	return begin_lines(&text_sink);
}

static int end(void **state)
{
	groups_free(&g);
	end_lines(state);
	return finish(state);
}

static bool is_harmless(const char *text)
{
	for (; *text; text++) {
		const unsigned char *c = (const unsigned char *)text;

		if ((*c < 0x20 && *c != '\n') || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0) ||
		    (*c == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae))
			return false;
	}
	return true;
}

/* All that is shown of what there is now. */
static const char *shown(void)
{
	make();
	told.ts = w.now;
	s.out.len = 0;
	s.ops->groups(&s, &told);
	buf_byte(&s.out, 0);
	if (!s.color)
		assert_true(is_harmless(s.out.data));
	return s.out.data;
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void assert_silent(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("\"%s\" says \"%s\"", text, words);
}

static int lines_in(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static size_t longest(const char *text)
{
	size_t most = 0, now = 0;

	for (; *text; text++) {
		now = *text == '\n' ? 0 : now + ((*text & 0xc0) != 0x80);
		most = now > most ? now : most;
	}
	return most;
}

static void no_zombies_are_told_in_a_line(void **state)
{
	(void)state;
	assert_string_equal(shown(), "no zombies (of 2 processes)\n");
	assert_int_equal(s.sequence, 1);
	lies_dead(11, 10, "x");
	assert_string_equal(shown(), "no zombies (of 3 processes; just died: 1)\n");
}

static void one_group_is_told_in_full(void **state)
{
	struct event server = sight_of(10, INIT, 'S');

	(void)state;
	server.sight.args = (struct slice){ "server\0-p\0" "80", 13 };
	server.sight.argc = 3;
	see(server, "server");
	crowd(10, 11, 12, "worker");
	assert_string_equal(shown(),
"2 zombies under 1 parent (of 4 processes)\n"
"\n"
"     2 server(10) [S] server -p 80\n"
"       cause    never_waits, as far as the present shows: SIGCHLD is at its default there\n"
"       unknown  whether it waits late, too rarely, or never: only watching can tell\n"
"       were     worker 2; the oldest (11) began 1d03h ago\n"
"       do       - in server(10): wait for every child, by waitpid(-1, &status, WNOHANG) until it\n"
"                  gives 0 or less on each SIGCHLD; or, if nobody needs their statuses, ignore\n"
"                  SIGCHLD (SIG_IGN, SA_NOCLDWAIT) before they are started\n"
"                - now: restart server(10): that frees 2, as they pass to p1(1), which leaves none of\n"
"                  its own\n"
"       no help  - kill -CHLD 10: SIGCHLD is at its default there, which does nothing\n"
"                - an init (tini, --init): it gets them only when server(10) ends\n"
"                - kill -9 11: a zombie is dead already\n"
"\n"
"Only watching can tell when they died, what they were started as, who created them and how fast they\n"
"grow: proctrace zombies --watch\n");
}

/* Without the colours, it is what is shown without them. */
static void colour_comes_only_when_it_is_wanted(void **state)
{
	char plain[8192], coloured[8192];
	const char *at;
	size_t n = 0;

	(void)state;
	crowd(10, 11, 12, "worker");
	strcpy(plain, shown());
	s.color = true;
	at = shown();
	assert_non_null(strstr(at, "\033[1;31m     2\033[0m p10(10)"));
	for (; *at; at++) {
		if (*at == '\033')
			at = strchr(at, 'm');
		else
			coloured[n++] = *at;
	}
	coloured[n] = 0;
	assert_string_equal(plain, coloured);
}

static void how_long_ago_is_told_in_its_two_largest_units(void **state)
{
	static const struct { uint64_t ns; const char *words; } ages[] = {
		{ 0, " began 0s ago" }, { 59 * NS_PER_S + 1, " began 59s ago" },
		{ 60 * NS_PER_S, " began 1m00s ago" }, { 3599 * NS_PER_S, " began 59m59s ago" },
		{ 3600 * NS_PER_S, " began 1h00m ago" }, { DAY - NS_PER_S, " began 23h59m ago" },
		{ DAY, " began 1d00h ago" }, { 400 * DAY + 3600 * NS_PER_S, " began 400d01h ago" },
	};
	struct event ev = sight_of(11, 10, 'Z');
	size_t i;

	(void)state;
	see(ev, "x");
	pass(2 * NS_PER_S);
	see(ev, "x");
	make();
	for (i = 0; i < COUNT(ages); i++) {
		told.ts = ev.id.start + ages[i].ns;
		s.out.len = 0;
		s.ops->groups(&s, &told);
		buf_byte(&s.out, 0);
		assert_says(s.out.data, ages[i].words);
	}
}

static void each_cause_has_its_line(void **state)
{
	struct event cloned = sight_of(11, 10, 'Z');
	const char *text;

	(void)state;
	crowd(10, 12, 14, "plain");
	cloned.sight.exit_signal = 0;
	see(cloned, "cloned");
	pass(2 * NS_PER_S);
	see(cloned, "cloned");
	text = shown();
	assert_says(text, "\n       cause    never_waits (3), as far as the present shows: ");
	assert_says(text, "\n       and      clone_child (1): its exit signal is 0, not SIGCHLD: ");
	assert_says(text, "\n       were     plain 3, cloned 1; the oldest (11) ");
}

/* What is certain leaves nothing to watch for. */
static void a_certain_cause_is_told_as_such(void **state)
{
	struct event cloned = sight_of(11, 10, 'Z');
	const char *text;

	(void)state;
	cloned.sight.exit_signal = 0;
	see(cloned, "cloned");
	pass(2 * NS_PER_S);
	see(cloned, "cloned");
	text = shown();
	assert_says(text, "1 zombie under 1 parent (of 3 processes)\n");
	assert_says(text, "\n       cause    clone_child: ");
	assert_silent(text, "as far as the present shows");
	assert_silent(text, "       unknown");
}

static void programs_beyond_the_first_few_are_counted(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	uint32_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		crowd(10, 11 + i, 11 + i, names[i]);
	assert_says(shown(), "were     a 1, b 1, c 1, d 1, others 2; the oldest (11) ");
}

static void a_parent_that_is_not_known_is_told_so(void **state)
{
	struct event lost = sight_of(11, 10, 'Z');
	const char *text;
	int round;

	(void)state;
	lost.facts.have &= ~(HAVE_PARENT | HAVE_PARENT_BITS | HAVE_PARENT_SIGNALS);
	for (round = 0; round < 2; round++) {
		see(lost, "lost");
		pass(2 * NS_PER_S);
	}
	text = shown();
	assert_says(text, "\n     1 a parent that cannot be seen\n       cause    unknown");
	assert_says(text, "       do       - find the parent: it cannot be seen from here\n");
	crowd(70, 71, 72, "orphaned"); /* 70 is known by its children only */
	assert_says(shown(), "\n     2 ?(70)\n");
}

static void the_container_is_told_by_its_first_digits(void **state)
{
	char path[100] = "/docker/";
	struct event ev = sight_of(11, 10, 'Z');
	int round;

	(void)state;
	memset(path + 8, 'a', CONTAINER_ID);
	memcpy(path + 8, "0123456789abcdef", 16);
	ev.facts.cgroup_path = (struct slice){ path, 8 + CONTAINER_ID };
	for (round = 0; round < 2; round++) {
		see(ev, "x");
		pass(2 * NS_PER_S);
	}
	assert_says(shown(), "\n     1 p10(10) [S] in docker 0123456789ab:\n");
}

static void containers_stand_before_the_groups(void **state)
{
	struct finding growth[2] = { { .kind = FINDING_ZOMBIE_LEAK, .p = proc(10) },
				     { .kind = FINDING_ZOMBIE_LEAK, .p = proc(INIT) } };
	const char *text;
	uint32_t i;

	(void)state;
	lies_in("/kubepods/burstable/pod" POD "/crio-" ID_A, 12, 10);
	lies_in("/kubepods/burstable/pod" POD "/crio-" ID_A, 13, 10);
	lies_in("/kubepods/burstable/pod" POD "/crio-" ID_A, 14, INIT);
	text = shown();
	assert_says(text, "3 zombies under 2 parents, the worst first (of 5 processes)\n"
"\n"
"In containers:\n"
"     3 cri-o 0123456789ab, pod " POD ": under 2 parents, the oldest\n"
"       (12) began 1d03h ago\n"
"\n"
"     2 p10(10) [S] in cri-o 0123456789ab, pod " POD ":\n");
	for (i = 0; i < 2; i++)
		growth[i].u.leak = (struct leak){
			.count = 1, .nearest = LIMIT_KINDS, .minutes = 5, .created = { 3, 20 },
			.reaped = { 1, 4 },
		};
	told.growth = growth;
	told.since = w.now;
	assert_says(shown(), ": under 2 parents, the oldest\n"
"       (12) began 1d03h ago; in the last minute 6 became zombies and 2 were collected, in 5 minutes\n"
"       40 and 8\n");
	told.growth = NULL;
}

/* However many: a few of them, and how much lies in the others. */
static void containers_leave_room_for_the_groups(void **state)
{
	char path[100] = "/docker/" ID_A;
	const char *text;
	uint32_t i;

	(void)state;
	for (i = 0; i < 9; i++) {
		path[20] = (char)('0' + i);
		tell(sight_of(100 + i, INIT, 'S'));
		lies_in(path, 200 + i, 100 + i);
	}
	text = shown();
	assert_says(text, "\n     4 in 4 more\n");
	assert_in_range(lines_in(text), 9, SCREEN);
	told.limit = 6;
	assert_says(shown(), "\n     3 in 3 more\n");
}

/* A parent and n zombies of it: those with the most are told first. */
static void parent_with(uint32_t pid, uint32_t n)
{
	tell(sight_of(pid, INIT, 'S'));
	crowd(pid, pid + 1, pid + n, "x");
}

static void many_groups_fit_on_a_screen(void **state)
{
	size_t groups, zombies, all;
	const char *text, *rest;
	uint32_t i;

	(void)state;
	for (i = 0; i < 30; i++)
		parent_with(100 * (i + 1), 40 - i);
	text = shown();
	assert_says(text, "765 zombies under 30 parents, the worst first (of 797 processes)\n");
	assert_in_range(lines_in(text), 30, SCREEN);
	assert_in_range(longest(text), 1, WIDTH);
	assert_says(text, "\n    40 p100(100) [S]\n       cause    never_waits");
	assert_says(text, "\n    21 p2000(2000) [S] never_waits, "); /* a row of its own */
	assert_silent(text, "p2100(2100)");
	rest = strstr(text, " more parents");
	assert_non_null(rest);
	while (rest > text && rest[-1] != '\n')
		rest--;
	assert_int_equal(sscanf(rest, "%zu more parents with %zu zombies are left out (--limit %zu "
				      "shows all)", &groups, &zombies, &all), 3);
	assert_int_equal(groups, 10);
	assert_int_equal(zombies, 20 + 19 + 18 + 17 + 16 + 15 + 14 + 13 + 12 + 11);
	assert_int_equal(all, 30);
}

/* The page is as long and as wide as the terminal that it is for; the worst is told all the same. */
static void it_fits_the_terminal(void **state)
{
	static const struct { uint32_t width, height; } sizes[] = {
		{ 80, 24 }, { 80, 40 }, { 120, 40 }, { 100, 60 },
	};
	const char *text;
	uint32_t i;

	(void)state;
	for (i = 0; i < 30; i++)
		parent_with(100 * (i + 1), 40 - i);
	for (i = 0; i < COUNT(sizes); i++) {
		s.width = sizes[i].width;
		s.height = sizes[i].height;
		text = shown();
		assert_in_range(lines_in(text), sizes[i].height - 10, sizes[i].height - 1);
		assert_in_range(longest(text), sizes[i].width - 20, sizes[i].width);
		assert_says(text, "\n    40 p100(100) [S]\n       cause    never_waits");
		assert_says(text, "\n    39 p200(200) [S]");
		assert_says(text, " more parents with ");
	}
	told.since = w.now - 20 * 3600 * NS_PER_S; /* the first line is broken, too */
	s.width = 60;
	assert_in_range(longest(shown()), 1, 60);
}

static void a_row_tells_what_stands_in_full_otherwise(void **state)
{
	struct event cloned = sight_of(299, 200, 'Z');
	uint32_t i;

	(void)state;
	for (i = 0; i < 19; i++)
		parent_with(300 + 100 * i, 30);
	parent_with(200, 3);
	cloned.sight.exit_signal = 0;
	see(cloned, "other");
	pass(2 * NS_PER_S);
	see(cloned, "other");
	told.limit = 0;
	assert_says(shown(), "\n     4 p200(200) [S] never_waits and more, 1d03h, x and more; restart "
			     "it: that frees 4\n");
	s.color = true;
	assert_says(shown(), "\n\033[1;31m     4\033[0m p200(200) [S] never_waits and more, ");
}

/* Rows of strange names may be so long that not all that were meant to be shown fit. */
static void long_rows_do_not_burst_the_screen(void **state)
{
	static const char strange[] = "\x01\x02\x03\x04\x05\x06\x07 \x0e\x0f\x10\x11\x12\x13\x14";
	size_t groups = 0, rows = 0;
	const char *text, *at;
	uint32_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		see(sight_of(100 * (i + 1), INIT, 'S'), strange);
		crowd(100 * (i + 1), 100 * (i + 1) + 1, 100 * (i + 1) + 2, strange);
	}
	text = shown();
	assert_in_range(lines_in(text), 20, SCREEN);
	for (at = text; (at = strstr(at, "\n     2 ")); at++)
		rows++;
	at = strstr(text, " more parents");
	assert_non_null(at);
	while (at[-1] != '\n')
		at--;
	assert_int_equal(sscanf(at, "%zu more parents", &groups), 1);
	assert_int_equal(rows + groups, 20);
}

static void with_a_limit_all_of_them_are_in_full(void **state)
{
	const char *text;
	uint32_t i;

	(void)state;
	for (i = 0; i < 10; i++)
		parent_with(100 * (i + 1), 12 - i);
	told.limit = 8;
	text = shown();
	assert_true(lines_in(text) > 8 * 10);
	for (i = 0; i < 8; i++) {
		char begins[64];

		snprintf(begins, sizeof(begins), "\n%6u p%u(%u) [S]\n       cause    ", 12 - i,
			 100 * (i + 1), 100 * (i + 1));
		assert_says(text, begins);
	}
	assert_silent(text, "p900(900)");
	assert_says(text, "\n2 more parents with 7 zombies are left out (--limit 10 shows all)\n");
	told.limit = 100;
	text = shown();
	assert_says(text, "p1000(1000)");
	assert_silent(text, "left out");
}

static void leaders_of_living_threads_stand_apart(void **state)
{
	struct event ev;
	const char *text;
	uint32_t pid;

	(void)state;
	for (pid = 21; pid <= 24; pid++) {
		ev = sight_of(pid, 10, 'Z');
		ev.sight.dead = false;
		ev.sight.threads = 3;
		see(ev, "leader");
	}
	text = shown();
	assert_string_equal(text,
"no zombies (of 6 processes)\n"
"\n"
"No zombies, though in state Z: the main thread alone has ended, and others run, in 4: leader(21),\n"
"leader(22), leader(23), leader(24)\n");
	for (; pid <= 27; pid++) {
		ev = sight_of(pid, 10, 'Z');
		ev.sight.dead = false;
		ev.sight.threads = 3;
		see(ev, "leader");
	}
	text = shown();
	assert_says(text, "in 7: leader(21),\n");
	assert_says(text, "leader(25) and more\n");
	assert_silent(text, "leader(26)");
}

static void what_proc_does_not_show_is_said(void **state)
{
	(void)state;
	crowd(10, 11, 11, "x");
	assert_silent(shown(), "Read from /proc");
	told.from_proc = true;
	assert_says(shown(), "\nRead from /proc: whether others' processes wait, ");
}

static void a_command_line_is_shown_from_its_beginning(void **state)
{
	struct event server = sight_of(10, INIT, 'S');
	char args[200], want[200];
	const char *text;

	(void)state;
	memset(args, 'y', sizeof(args));
	memcpy(args, "a b\0\xc3\xa9", 6);
	server.sight.args = (struct slice){ args, 60 };
	see(server, "server");
	crowd(10, 11, 11, "x");
	/* as it is shown: é takes one column, the escaped space two; 60 in all */
	snprintf(want, sizeof(want), "\n     1 server(10) [S] a\\ b \xc3\xa9%.54s\n", args + 6);
	assert_says(shown(), want);
	server.sight.args.len = 61;
	see(server, "server");
	text = shown();
	snprintf(want, sizeof(want), "a\\ b \xc3\xa9%.54s…\n", args + 6);
	assert_says(text, want);
}

static void hostile_names_stay_harmless(void **state)
{
	struct event ev, server = sight_of(10, INIT, 'S');
	uint64_t seed = 3;
	char bytes[128];
	int round;
	size_t i;

	(void)state;
	for (round = 0; round < 200; round++) {
		uint32_t pid = 100 + (uint32_t)round;

		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)dice(&seed);
		memcpy(bytes, "\x1b[2J\n\xc2\x9b\xe2\x80\xae", round % 3 ? 0 : 10);
		server.sight.args = (struct slice){ bytes, sizeof(bytes) };
		bytes[COMM_LEN] = 0;
		see(server, bytes);
		crowd(10, pid, pid, bytes);
		ev = sight_of(1000 + pid, 10, 'Z');
		ev.sight.dead = false;
		ev.sight.threads = 3;
		see(ev, bytes);
		assert_in_range(longest(shown()), 1, WIDTH); /* and every byte is looked at */
	}
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(no_zombies_are_told_in_a_line),
		story(one_group_is_told_in_full),
		story(colour_comes_only_when_it_is_wanted),
		story(how_long_ago_is_told_in_its_two_largest_units),
		story(each_cause_has_its_line),
		story(a_certain_cause_is_told_as_such),
		story(programs_beyond_the_first_few_are_counted),
		story(a_parent_that_is_not_known_is_told_so),
		story(the_container_is_told_by_its_first_digits),
		story(containers_stand_before_the_groups),
		story(containers_leave_room_for_the_groups),
		story(many_groups_fit_on_a_screen),
		story(it_fits_the_terminal),
		story(a_row_tells_what_stands_in_full_otherwise),
		story(long_rows_do_not_burst_the_screen),
		story(with_a_limit_all_of_them_are_in_full),
		story(leaders_of_living_threads_stand_apart),
		story(what_proc_does_not_show_is_said),
		story(a_command_line_is_shown_from_its_beginning),
		story(hostile_names_stay_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
