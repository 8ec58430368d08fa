/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one escaper. argv, comm and paths are written by strangers: what reaches a terminal or a
 * JSON line goes through here.
 */
#ifndef PROCTRACE_BASE_ESCAPE_H
#define PROCTRACE_BASE_ESCAPE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * The length of the UTF-8 sequence that s begins with (RFC 3629: no overlong forms, no surrogates,
 * nothing over U+10FFFF), its code point in *cp; 0 if it is none. n > 0 bytes can be read.
 */
size_t utf8_next(const char *s, size_t n, uint32_t *cp);

bool utf8_valid(const char *s, size_t n);

/*
 * A JSON string with its quotes. Always valid JSON and valid Unicode: a byte that is no UTF-8
 * becomes U+FFFD (whoever needs the bytes writes them beside it, in base64). What a terminal would
 * act on (controls, C1, bidi) is written as \uXXXX. False: there was such a byte.
 */
bool escape_json(struct buf *b, const char *s, size_t n);

/*
 * For a terminal: printable UTF-8 stays; a newline becomes \n and so on, other controls and bytes
 * that are no UTF-8 \xNN, C1, bidi and invisible formatting characters \u{XXXX}; a backslash is
 * doubled, so that what is shown can be read back. space_too: a space is written as "\ ", where
 * spaces separate words.
 */
void escape_text(struct buf *b, const char *s, size_t n, bool space_too);

#endif
