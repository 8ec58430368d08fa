// SPDX-License-Identifier: GPL-2.0-only
/*
 * The masking of secrets in arguments: any bytes as arguments, with and without a pattern. What is
 * hidden is hidden within its argument, and all else stands as it stood.
 */
#include "event/mask.h"

#include "fuzz.h"

#define STARS "***"

enum setting { CUT = 1 << 0, PATTERN = 1 << 1 };

/*
 * The arguments on the heap, with nothing behind them; but a NUL for the address sanitizer's own
 * regexec(), which does not know REG_STARTEND. No stars of their own.
 */
static struct slice on_heap(const uint8_t *data, size_t size, bool nul)
{
	char *copy = malloc(size + (nul || !size));
	size_t i;

	CHECK(copy);
	for (i = 0; i < size; i++)
		copy[i] = data[i] == '*' ? '+' : (char)data[i];
	if (nul)
		copy[size] = 0;
	return (struct slice){ copy, (uint32_t)size };
}

/*
 * One argument, all of it, with some runs replaced by stars: what stands between the stars is in
 * the original, in that order.
 */
static void check_arg(const char *was, size_t len, const char *is, size_t n)
{
	const char *stars, *found;
	size_t piece;

	for (;;) {
		stars = memmem(is, n, STARS, 3);
		piece = stars ? (size_t)(stars - is) : n;
		found = piece ? memmem(was, len, is, piece) : was;
		CHECK(found);
		if (!stars)
			break;
		len -= (size_t)(found - was) + piece;
		was = found + piece;
		is += piece + 3;
		n -= piece + 3;
	}
	CHECK(piece <= len && (!piece || !memcmp(was + len - piece, is, piece)));
}

static void check_masked(struct slice was, struct slice is)
{
	size_t at = 0, from = 0, n, len;

	CHECK(memmem(is.s, is.len, STARS, 3));
	while (from < was.len) {
		CHECK(at < is.len);
		len = strnlen(was.s + from, was.len - from);
		n = strnlen(is.s + at, is.len - at);
		check_arg(was.s + from, len, is.s + at, n);
		from += len + 1;
		at += n + 1;
	}
	CHECK(from - was.len == at - is.len); /* it ends with a NUL if it did so before */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t settings = input_byte(&in);
	struct slice was = on_heap(in.at, in.left, settings & PATTERN), is = was;
	struct mask m = { 0 };
	char why[MASK_WHY];

	if (settings & PATTERN)
		CHECK(!mask_pattern(&m, "x([0-9]+)|yy*", why, sizeof(why)));
	if (mask_args(&m, &is, settings & CUT))
		check_masked(was, is);
	else
		CHECK(is.s == was.s && is.len == was.len);
	mask_free(&m);
	free((void *)(uintptr_t)was.s);
	return 0;
}
