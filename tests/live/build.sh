#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the makers of lives into build/tests/lives (or LIVES), from the top of the checkout: one of
# each file in tests/live/lives, and one of each directory there. CC may be another compiler.
set -eu
cd "$(dirname "$0")/../.."
lives=${LIVES:-build/tests/lives}
mkdir -p "$lives"
for source in tests/live/lives/*.c tests/live/lives/*/; do
	name=$(basename "$source" .c)
	binary=$lives/$name
	[ -e "$binary" ] && [ -z "$(find "$source" tests/live/lives/lives.h -newer "$binary")" ] && continue
	flags=-pthread
	[ "$name" = tiny ] && flags="-static -nostdlib"
	[ -d "$source" ] && source=$(echo "$source"*.c)
	${CC:-cc} -O1 -g -Wall -Wextra -Werror $flags ${LDFLAGS:-} $source -o "$binary"
done
