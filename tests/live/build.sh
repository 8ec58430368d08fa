#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the makers of lives into build/tests/lives, from the top of the checkout: one of each
# file in tests/live/lives, and one of each directory there.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/tests/lives
for source in tests/live/lives/*.c tests/live/lives/*/; do
	name=$(basename "$source" .c)
	binary=build/tests/lives/$name
	[ -e "$binary" ] && [ -z "$(find "$source" tests/live/lives/lives.h -newer "$binary")" ] && continue
	flags=-pthread
	[ "$name" = tiny ] && flags="-static -nostdlib"
	[ -d "$source" ] && source=$(echo "$source"*.c)
	${CC:-cc} -O1 -g -Wall -Wextra -Werror $flags $source -o "$binary"
done
