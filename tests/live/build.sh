#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the makers of lives into build/tests/lives, from the top of the checkout.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/tests/lives
for source in tests/live/lives/*.c; do
	name=$(basename "$source" .c)
	binary=build/tests/lives/$name
	[ "$binary" -nt "$source" ] && [ "$binary" -nt tests/live/lives/lives.h ] && continue
	flags=-pthread
	[ "$name" = tiny ] && flags="-static -nostdlib"
	${CC:-cc} -O1 -g -Wall -Wextra -Werror $flags "$source" -o "$binary"
done
