// SPDX-License-Identifier: GPL-2.0-only
/* How soon the next audit comes, by what the last one took. */
#include "base/clock.h"
#include "cli/recovery.h"
#include "unit.h"

/* Whatever it takes with so many processes, it is less than half a percent of a processor. */
static void audits_at_rest_are_a_small_share(void **state)
{
	uint64_t cost;

	(void)state;
	for (cost = 1000; cost < 100 * NS_PER_S; cost *= 3)
		assert_true(cost * 200 < cost + recovery_rest(cost, false));
}

/* Three looks at what was lost are to be done within two seconds. */
static void audits_after_losses_come_soon(void **state)
{
	uint64_t cost;

	(void)state;
	for (cost = 1000; cost < NS_PER_S / 6; cost += 1000000)
		assert_true(3 * cost + 3 * recovery_rest(cost, true) <= 2 * NS_PER_S);
}

/* And are no more than a tenth, where that is soon enough; never more than half. */
static void audits_after_losses_leave_time_for_the_rest(void **state)
{
	uint64_t cost;

	(void)state;
	for (cost = 1000; cost < 10 * NS_PER_S; cost *= 3) {
		uint64_t rest = recovery_rest(cost, true);

		assert_true(rest >= cost);
		assert_true(rest >= 10 * cost || rest >= NS_PER_S / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(audits_at_rest_are_a_small_share),
		cmocka_unit_test(audits_after_losses_come_soon),
		cmocka_unit_test(audits_after_losses_leave_time_for_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
