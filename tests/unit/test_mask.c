// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secrets in arguments: what is masked, and what is not. The rows show arguments with "|" for the
 * NUL between them, and hold the secret S wherever there is one: whatever happens to such a row, no
 * byte of it may come out. It has the only J in them.
 */
#include <time.h>

#include "event/mask.h"
#include "unit.h"

#define S "Jo7J"

struct row {
	const char *args, *want;
};

static struct mask m;

/* Masks a copy of exactly these bytes; the result is *args. */
static bool mask_copy(const char *bytes, size_t len, bool cut, struct slice *args, void **copy)
{
	*copy = exact_copy(bytes, len);
	*args = (struct slice){ *copy, (uint32_t)len };
	return mask_args(&m, args, cut);
}

static size_t to_args(const char *line, char *bytes)
{
	size_t len = strlen(line), i;

	for (i = 0; i < len; i++)
		bytes[i] = line[i] == '|' ? 0 : line[i];
	bytes[len] = 0;
	return len + 1;
}

/* What became of a line, with "|" for the NULs. */
static const char *masked(const char *line)
{
	static char shown[4096];
	char bytes[4096];
	struct slice args;
	uint32_t i;
	void *copy;

	mask_copy(bytes, to_args(line, bytes), false, &args, &copy);
	assert_true(args.len && args.len < sizeof(shown));
	for (i = 0; i < args.len; i++)
		shown[i] = args.s[i] ? args.s[i] : '|';
	assert_int_equal(shown[args.len - 1], '|'); /* the last one's */
	shown[args.len - 1] = 0;
	free(copy);
	return shown;
}

/* Wherever the row is cut, none of the secret's bytes comes out: of these it has the only ones. */
static void assert_tight(const char *line, char mark)
{
	char bytes[4096];
	size_t len = to_args(line, bytes), n;

	for (n = 1; n < len; n++) {
		struct slice args;
		void *copy;

		mask_copy(bytes, n, true, &args, &copy);
		if (memchr(args.s, mark, args.len))
			fail_msg("'%s', cut at %zu, gives '%.*s'", line, n, (int)args.len, args.s);
		free(copy);
	}
}

static void assert_rows(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		assert_string_equal(masked(rows[i].args), rows[i].want);
		assert_string_equal(masked(rows[i].want), rows[i].want);
		assert_tight(rows[i].args, 'J');
	}
}

#define ASSERT_ROWS(rows) assert_rows(rows, COUNT(rows))

/* These are given on as they are, without a copy. */
static void assert_plain(const char *line)
{
	char bytes[4096];
	struct slice args = { bytes, (uint32_t)to_args(line, bytes) };

	if (mask_args(&m, &args, false))
		fail_msg("'%s' became '%s'", line, masked(line));
	assert_ptr_equal(args.s, bytes);
}

static int begin(void **state)
{
	(void)state;
	m = (struct mask){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	mask_free(&m);
	mask_free(&m); /* twice is fine */
	return 0;
}

static void options_that_are_called_like_secrets(void **state)
{
	static const struct row rows[] = {
		{ "p|--password=" S "|x", "p|--password=***|x" },
		{ "p|--password|" S "|x", "p|--password|***|x" },
		{ "p|--password|a " S " c|x", "p|--password|***|x" },
		{ "p|--password=a " S " c|x", "p|--password=***|x" },
		{ "p|--password=" S "'\"|x", "p|--password=***|x" },
		{ "p|--db-password=" S, "p|--db-password=***" },
		{ "p|--mysql_pwd|" S, "p|--mysql_pwd|***" },
		{ "p|--PassWord=" S, "p|--PassWord=***" },
		{ "p|--passwd=" S, "p|--passwd=***" },
		{ "p|--passphrase|" S, "p|--passphrase|***" },
		{ "p|--pass|" S, "p|--pass|***" },
		{ "p|--secret=" S, "p|--secret=***" },
		{ "p|--client-secret|" S, "p|--client-secret|***" },
		{ "p|--token|" S, "p|--token|***" },
		{ "p|--auth-token=" S, "p|--auth-token=***" },
		{ "p|--authtoken=" S, "p|--authtoken=***" },
		{ "p|--api-key|" S, "p|--api-key|***" },
		{ "p|--api_key=" S, "p|--api_key=***" },
		{ "p|--apikey=" S, "p|--apikey=***" },
		{ "p|--apiKey=" S, "p|--apiKey=***" },
		{ "p|--access-key=" S, "p|--access-key=***" },
		{ "p|--secret-key=" S, "p|--secret-key=***" },
		{ "p|--private-key=" S, "p|--private-key=***" },
		{ "p|--private-key|" S, "p|--private-key|***" },
		{ "p|--credentials|" S, "p|--credentials|***" },
		{ "p|--oauth2-bearer|" S, "p|--oauth2-bearer|***" },
		{ "p|--password2=" S, "p|--password2=***" },
		{ "p|-password|" S "|x", "p|-password|***|x" },
		{ "p|-password=" S, "p|-password=***" },
		{ "keytool|-storepass|" S "|-keypass|" S, "keytool|-storepass|***|-keypass|***" },
		{ "p|--password|-" S, "p|--password|***" },
		{ "p|--token|--secret=" S, "p|--token|--secret=***" },
		{ "p|--x --password " S " --y", "p|--x --password *** --y" },
		{ "title: --token=" S " --y", "title: --token=*** --y" },
		{ "openssl|enc|-passin|pass:" S, "openssl|enc|-passin|pass:***" },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void options_that_are_about_secrets_stay(void **state)
{
	(void)state;
	assert_plain("p|--password-file=/x|--token-path|/y|--secret-name|n|--password-stdin");
	assert_plain("p|--token-url=http://x/|--max-tokens|100|--tokens=4|--secrets|x");
	assert_plain("p|--tokenizer=x|--passive=x|--pass-through|x|--passwordless|x");
	assert_plain("p|--bypass=x|--proxy-bypass|y|--compass|n|-Rpass=x");
	assert_plain("p|--key=value|--key|value|--public-key=x|--keyfile=x|--authority|x");
	assert_plain("pwd|x");
	assert_plain("pass|show|x");
	assert_plain("token|secret|password|x");
	assert_plain("kubectl|get|secret|my-secret");
}

static void options_that_take_no_value_take_none(void **state)
{
	(void)state;
	assert_plain("psql|--no-password|db");
	assert_plain("adduser|--disabled-password|joe");
	assert_plain("ansible|--ask-pass|host|--ask-vault-password|x");
	assert_plain("gh|auth|login|--with-token|x");
	assert_plain("mysql|--password|--host|h"); /* it asks */
	assert_plain("mysql|--password|-h|h");
	assert_plain("p|--password");
}

static void what_is_no_secret_in_its_place_stays(void **state)
{
	(void)state;
	assert_plain("p|--password=|--password||x");
	assert_plain("env|PASSWORD=|TOKEN=|x");
	assert_plain("sh|-c|PASSWORD= TOKEN='' API_KEY=\"\" x");
	assert_plain("p|{\"password\":\"\",\"token\":''}");
	assert_plain("p|http://u:@h/");
	assert_plain("curl|-u|joe:|http://h");
	assert_plain("ffmpeg|-pass|1|x.mp4");
	assert_plain("env|MYSQL_ALLOW_EMPTY_PASSWORD=yes|RANDOM_PASSWORD=true|USE_TOKEN=0");
	assert_plain("docker|build|--secret|id=x,src=y");
	/* these name files, mostly */
	assert_plain("p|--private-key|/etc/x.pem|--private-key=~/x|--private-key=../x");
	assert_plain("env|GOOGLE_APPLICATION_CREDENTIALS=/x.json|CREDENTIALS=./x");
}

static void variables(void **state)
{
	static const struct row rows[] = {
		{ "env|DB_PASSWORD=" S "|x", "env|DB_PASSWORD=***|x" },
		{ "env|PASSWORD=a " S " c|x", "env|PASSWORD=***|x" },
		{ "env|AWS_SECRET_ACCESS_KEY=" S, "env|AWS_SECRET_ACCESS_KEY=***" },
		{ "env|SECRET_KEY_BASE=" S, "env|SECRET_KEY_BASE=***" },
		{ "env|PASSWORD_OLD=" S, "env|PASSWORD_OLD=***" },
		{ "env|PGPASSWORD=" S "|psql", "env|PGPASSWORD=***|psql" },
		{ "env|MYSQL_PWD=" S, "env|MYSQL_PWD=***" },
		{ "env|SSHPASS=" S, "env|SSHPASS=***" },
		{ "env|TOKEN_2=" S, "env|TOKEN_2=***" },
		{ "env|GITHUB_TOKEN=" S, "env|GITHUB_TOKEN=***" },
		{ "docker|run|-e|TOKEN=" S "|x", "docker|run|-e|TOKEN=***|x" },
		{ "docker|run|-eTOKEN=" S "|x", "docker|run|-eTOKEN=***|x" },
		{ "docker|run|--env=TOKEN=" S "|x", "docker|run|--env=TOKEN=***|x" },
		{ "java|-Djavax.net.ssl.keyStorePassword=" S "|x",
		  "java|-Djavax.net.ssl.keyStorePassword=***|x" },
		{ "x|clientSecret=" S, "x|clientSecret=***" },
		{ "kubectl|--from-literal=password=" S, "kubectl|--from-literal=password=***" },
		{ "mount|-o|user=u,password=" S ",uid=3", "mount|-o|user=u,password=***,uid=3" },
		{ "x|Server=a;Password=" S ";Database=d", "x|Server=a;Password=***;Database=d" },
		{ "x|a=1&password=" S "&c=2", "x|a=1&password=***&c=2" },
		{ "x|http://h/p?token=" S "#x", "x|http://h/p?token=***#x" },
		{ "x|http://h/p?a=b&api_key=" S, "x|http://h/p?a=b&api_key=***" },
		{ "python|-c|f(password='" S "', x=1)", "python|-c|f(password='***', x=1)" },
		{ "python|-c|password = \"" S "\"", "python|-c|password = \"***\"" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_plain("env|KEY=value|LANG=C|PATH=/bin|PWD=/x|OLDPWD=/y|HOME=/root");
	assert_plain("env|PASSWORD_FILE=/x|TOKEN_URL=x|SECRET_NAME=x|tokenPath=/x|TOKEN_TTL=30");
	assert_plain("env|AWS_ACCESS_KEY_ID=x|SSH_ASKPASS=/x|TOKENIZERS_PARALLELISM=x");
	assert_plain("x|-Dfoo.password.file=/x|PASS_MAX_DAYS=90|credential.helper=store");
	assert_plain("x|/path/to/token=abc|./secret=abc|http://h/token=abc");
}

static void options_of_some_programs(void **state)
{
	static const struct row rows[] = {
		{ "mysql|-uroot|-p" S "|db", "mysql|-uroot|-p***|db" },
		{ "mysql|-p" S "$ |db", "mysql|-p***|db" },
		{ "/usr/bin/mariadb-dump|-p" S, "/usr/bin/mariadb-dump|-p***" },
		{ "/opt/x/mysqldump|-p" S, "/opt/x/mysqldump|-p***" },
		{ "sudo|-u|x|mysql|-p" S, "sudo|-u|x|mysql|-p***" },
		{ "nice|/usr/bin/mysql|-p" S, "nice|/usr/bin/mysql|-p***" },
		{ "curl|-u|joe:" S "|http://h", "curl|-u|joe:***|http://h" },
		{ "curl|-ujoe:" S "|http://h", "curl|-ujoe:***|http://h" },
		{ "curl|-sSu|joe:" S "|http://h", "curl|-sSu|joe:***|http://h" },
		{ "curl|--user|joe:" S ":x", "curl|--user|joe:***" },
		{ "curl|--user=joe:" S, "curl|--user=joe:***" },
		{ "curl|--proxy-user|joe:" S, "curl|--proxy-user|joe:***" },
		{ "curl|-U|joe:" S, "curl|-U|joe:***" },
		{ "curl|-x|h|-u|joe:-" S, "curl|-x|h|-u|joe:***" },
		{ "sshpass|-p|" S "|ssh|-p|22|h", "sshpass|-p|***|ssh|-p|22|h" },
		{ "sshpass|-p" S "|ssh|-p22|h", "sshpass|-p***|ssh|-p22|h" },
		{ "redis-cli|-h|h|-a|" S, "redis-cli|-h|h|-a|***" },
		{ "ldapsearch|-x|-w|" S "|-b|x", "ldapsearch|-x|-w|***|-b|x" },
		{ "ldapsearch|-xw|" S "|-b|x", "ldapsearch|-xw|***|-b|x" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_plain("mysql|-uroot|-p|db|-P3306|--port=3");
	assert_plain("ssh|-p2222|h");
	assert_plain("cp|-pr|a|b");
	assert_plain("cp|/var/lib/mysql|-pr|b");
	assert_plain("docker|run|-u|1000:1000|-p|80:80|--user|1:1|x");
	assert_plain("systemctl|--user|u:p");
	assert_plain("curl|-u|joe|-o|a:b|http://h:80/x");
	assert_plain("tar|-w|x|-a|y");
}

static void logins_in_urls(void **state)
{
	static const struct row rows[] = {
		{ "x|postgres://joe:" S "@h/db", "x|postgres://joe:***@h/db" },
		{ "x|redis://:" S "@h:6379", "x|redis://:***@h:6379" },
		{ "x|--url=https://joe:" S "@h/", "x|--url=https://joe:***@h/" },
		{ "x|jdbc:mysql://joe:" S "@h/", "x|jdbc:mysql://joe:***@h/" },
		{ "x|a http://joe:" S "@h/ b ftp://x:" S "@h",
		  "x|a http://joe:***@h/ b ftp://x:***@h" },
		{ "x|http://joe:a@" S "@h/", "x|http://joe:***@h/" },
		{ "x|http://joe:a/" S "@h/", "x|http://joe:***@h/" },
		{ "x|http://joe:a:" S "@h/", "x|http://joe:***@h/" },
		{ "x|http://joe:7" S "@[::1]:80/", "x|http://joe:***@[::1]:80/" },
		{ "sh|-c|git clone 'https://joe:" S "@h/r'",
		  "sh|-c|git clone 'https://joe:***@h/r'" },
		{ "x|joe:" S "@host.example.org", "x|joe:***@host.example.org" },
		{ "x|joe:" S "@10.0.0.1:80/x", "x|joe:***@10.0.0.1:80/x" },
		{ "x|joe:" S "@localhost", "x|joe:***@localhost" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_plain("x|http://h:80/a@b|http://joe@h:80/x:y|http://[::1]:80/x@y|http://h/a:b@c");
	assert_plain("x|git@github.com:a/b|rsync://h:873/x|image:tag@sha256:abc|foo:bar@1.2.3");
	assert_plain("x|mailto:joe@example.org|u:joe@example.org:rwx|h:/p@q.org|a:b:c@d.org");
}

static void headers(void **state)
{
	static const struct row rows[] = {
		{ "curl|-H|Authorization: Bearer " S, "curl|-H|Authorization: Bearer ***" },
		{ "curl|-H|authorization: basic " S "==", "curl|-H|authorization: basic ***" },
		{ "curl|-H|Authorization: " S, "curl|-H|Authorization: ***" },
		{ "curl|-H|Authorization: Digest a=\"" S "\", b",
		  "curl|-H|Authorization: Digest ***" },
		{ "curl|-HAuthorization: Bearer " S, "curl|-HAuthorization: Bearer ***" },
		{ "curl|--header=Authorization: Bearer " S,
		  "curl|--header=Authorization: Bearer ***" },
		{ "curl|-H|X-Api-Key: " S, "curl|-H|X-Api-Key: ***" },
		{ "curl|-H|X-Api-Key:" S, "curl|-H|X-Api-Key:***" },
		{ "curl|--header|apikey: " S, "curl|--header|apikey: ***" },
		{ "curl|-HToken: " S, "curl|-HToken: ***" },
		{ "curl|-H|Cookie: a=" S "; b=" S, "curl|-H|Cookie: ***" },
		{ "x|PRIVATE-TOKEN: " S, "x|PRIVATE-TOKEN: ***" },
		{ "git|-c|http.extraheader=AUTHORIZATION: basic " S,
		  "git|-c|http.extraheader=AUTHORIZATION: basic ***" },
		{ "sh|-c|curl -H \"Authorization: Bearer " S "\" -H 'X-Api-Key: " S "' http://h",
		  "sh|-c|curl -H \"Authorization: Bearer ***\" -H 'X-Api-Key: ***' http://h" },
		{ "sh|-c|curl -H \"Token: " S "\" h", "sh|-c|curl -H \"Token: ***\" h" },
		{ "sh|-c|curl -H Authorization:" S " h", "sh|-c|curl -H Authorization:*** h" },
		{ "bash|-c|bash -c \"curl -H \\\"Authorization: Bearer " S "\\\" h\"",
		  "bash|-c|bash -c \"curl -H \\\"Authorization: Bearer ***\\\" h\"" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_plain("curl|-H|Accept: a/b|-H|Content-Type: application/json|-H|X-Token-Type: x");
}

static void command_lines(void **state)
{
	static const struct row rows[] = {
		{ "sh|-c|PASSWORD=" S " run --fast", "sh|-c|PASSWORD=*** run --fast" },
		{ "bash|-lc|cd /x && TOKEN=" S " run", "bash|-lc|cd /x && TOKEN=*** run" },
		{ "sh|-c|PASSWORD='a " S "' run 'x y'", "sh|-c|PASSWORD='***' run 'x y'" },
		{ "sh|-c|PASSWORD=\"a \\\" " S "\" run", "sh|-c|PASSWORD=\"***\" run" },
		{ "sh|-c|PASSWORD='a'\"'\"'" S "' run", "sh|-c|PASSWORD=*** run" },
		{ "sh|-c|PASSWORD=a'b " S "' run", "sh|-c|PASSWORD=*** run" },
		{ "sh|-c|PASSWORD=a\\ " S " run", "sh|-c|PASSWORD=*** run" },
		{ "sh|-c|env 'A=1 TOKEN=" S "' run", "sh|-c|env 'A=1 TOKEN=***' run" },
		{ "sh|-c|env 'TOKEN=a " S "' run", "sh|-c|env 'TOKEN=***' run" },
		{ "sh|-c|run --password " S " -x", "sh|-c|run --password *** -x" },
		{ "sh|-c|run --password '" S " a' -x", "sh|-c|run --password '***' -x" },
		{ "sh|-c|mysqldump -uroot -p" S "; cp -pr a b",
		  "sh|-c|mysqldump -uroot -p***; cp -pr a b" },
		{ "sh|-c|x {\"token\":\"" S "\"}; mysql -p" S "; cp -pr a b",
		  "sh|-c|x {\"token\":\"***\"}; mysql -p***; cp -pr a b" },
		{ "sh|-c|mysql -p'" S " x' db", "sh|-c|mysql -p'***' db" },
		{ "sh|-c|curl -s -u joe:" S " http://h?a=b&c -o x",
		  "sh|-c|curl -s -u joe:*** http://h?a=b&c -o x" },
		{ "sh|-c|curl -u 'joe:" S " x' h", "sh|-c|curl -u 'joe:***' h" },
		{ "sh|-c|sshpass -p " S " ssh -p 22 h", "sh|-c|sshpass -p *** ssh -p 22 h" },
		{ "sh|-c|curl -d '{\"password\":\"" S "\"}' h",
		  "sh|-c|curl -d '{\"password\":\"***\"}' h" },
		{ "sh|-c|curl -d \"{\\\"password\\\":\\\"" S "\\\",\\\"a\\\":1}\" h",
		  "sh|-c|curl -d \"{\\\"password\\\":\\\"***\\\",\\\"a\\\":1}\" h" },
		{ "psql|-c|ALTER USER x PASSWORD '" S " a' VALID",
		  "psql|-c|ALTER USER x PASSWORD '***' VALID" },
		/* not known to be a command line: all that could be the value is hidden */
		{ "ssh|h|PASSWORD=" S " run", "ssh|h|PASSWORD=***" },
		{ "ssh|h|cd /x; PASSWORD=" S " run", "ssh|h|cd /x; PASSWORD=*** run" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_string_equal(masked("sh|-c|a\nTOKEN=" S "\nb"), "sh|-c|a\nTOKEN=***\nb");
	assert_plain("sh|-c|echo $TOKEN ${PASSWORD} > /x/token; cat password");
	assert_plain("sh|-c|[ $TOKEN ] && run --no-password db");
}

static void json_and_its_like(void **state)
{
	static const struct row rows[] = {
		{ "x|{\"user\":\"u\",\"password\":\"" S "\",\"n\":1}",
		  "x|{\"user\":\"u\",\"password\":\"***\",\"n\":1}" },
		{ "x|{\"password\": \"a \\\" " S "\"}", "x|{\"password\": \"***\"}" },
		{ "x|{ \"token\" : " S ", \"a\": 2}", "x|{ \"token\" : ***, \"a\": 2}" },
		{ "x|{'api_key':'" S "'}", "x|{'api_key':'***'}" },
		{ "x|{password: " S "}", "x|{password: ***}" },
		{ "x|{a: b,password:" S ",c: d}", "x|{a: b,password:***,c: d}" },
		{ "x|password: \"" S "\"", "x|password: ***" },
		{ "x|\"password\"=\"" S "\", \"a\"", "x|\"password\"=\"***\", \"a\"" },
		{ "x|{\"authorization\":\"Bearer " S "\"}", "x|{\"authorization\":\"***\"}" },
	};

	(void)state;
	ASSERT_ROWS(rows);
	assert_plain("x|{\"name\":\"x\",\"token_url\":\"x\",\"password_file\":\"/x\"}");
}

/* A colon in prose makes no key. */
static void prose_stays(void **state)
{
	(void)state;
	assert_plain("git|commit|-m|token: fix the parser|-m|password: it's gone");
	assert_plain("git|commit|-m|Use a secret, not a password; see token.c:12");
	assert_plain("docker|push|x/token:latest|y/my-secret:1.2|secret:1");
	assert_plain("sshd: joe@pts/0");
	assert_plain("postgres: joe db 10.0.0.1(1234) idle");
}

static void tokens_by_their_shape(void **state)
{
	static const struct row rows[] = {
		{ "x|ghp_abcdefghijklmnopqrstuvwxyZ0123456789|y", "x|***|y" },
		{ "x|a github_pat_11ABCDEFG0Z123456789_abcdefghij b", "x|a *** b" },
		{ "x|xoxb-1234567890-abcZef", "x|***" },
		{ "x|xoxp-1234567890-abcZef", "x|***" },
		{ "x|AKIAZOSFODNN7EXAMPLE", "x|***" },
		{ "x|--x=eyJhbGciOiJIUZI1NiJ9.eyJzdWIiOiIx.abc_-d", "x|--x=***" },
		{ "x|-teyJhbGciOiJIUZI1NiJ9.eyJzdWIiOiIx.abc_-d", "x|-t***" },
		{ "x|sk-proj-abcZ1234efgh5678", "x|***" },
		{ "x|https://ghp_abcdefghijklmnopqrstuvwxyZ012345@github.com/x",
		  "x|https://***@github.com/x" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_string_equal(masked(rows[i].args), rows[i].want);
		assert_tight(rows[i].args, 'Z');
	}
	assert_plain("x|sk-learn-something-quite-long|eyJhbGciOiJIUzI1NiJ9abcdefgh|ghp_short");
	assert_plain("x|AKIAabcdefghijklmnop|AKIAIOSFODNN7EXAMPLEMORE|xoxo-xoxo-xoxo-xoxo-xoxo");
	assert_plain("x|mask-something-like-a-long-name|AKIA|sk-|eyJ|ghp_");
}

static void hostile_bytes(void **state)
{
	static const struct { const char *bytes; size_t len; } hostile[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\0\0\0", 4 }, { "-", 1 }, { "--", 2 }, { "=", 1 },
		{ ":", 1 }, { "://", 3 }, { "\"", 1 }, { "\\", 1 }, { "x://a:b", 7 },
		{ "password=", 9 }, { "password=\\", 10 }, { "--password\0", 11 }, { "@", 1 },
		{ "password:", 9 }, { "\\\"password\\\":\\", 14 }, { "\xff\xfe=\x80", 4 },
		{ "Authorization:", 14 }, { "mysql\0-p", 8 }, { "curl\0-u", 7 }, { "-H", 2 },
		{ "ab:@", 4 }, { "ab:c@", 5 }, { "ab:c@.", 6 }, { "password '", 10 },
	};
	struct slice args;
	size_t i;
	void *copy;

	(void)state;
	for (i = 0; i < COUNT(hostile); i++) {
		mask_copy(hostile[i].bytes, hostile[i].len, false, &args, &copy);
		free(copy);
		mask_copy(hostile[i].bytes, hostile[i].len, true, &args, &copy);
		free(copy);
	}
	args = (struct slice){ 0 };
	assert_false(mask_args(&m, &args, false));
	assert_null(args.s);
	assert_string_equal(masked("x|--password=\xff\xfe" S "\x80|\xc3("),
			    "x|--password=***|\xc3(");
	/* without a NUL at the end, as a program may rewrite it */
	assert_true(mask_copy("x --token=" S, 14, false, &args, &copy));
	assert_int_equal(args.len, 13);
	assert_memory_equal(args.s, "x --token=***", 13);
	free(copy);
}

/* The time grows with the length and not with its square: 14 ms each at the most were seen. */
static void very_long_arguments(void **state)
{
	static const char *const pieces[] = {
		"x", "--password=a ", "a PASSWORD=x' ", "sk-", "eyJ-", "x://a:b/", "aa:b@", "aa:b ",
		"\"password\":\"", "'\\", "mysql -px;", "\\\"token\\\":\\\"", "key:      ",
		"a=b&token=c",
	};
	size_t room = 256 << 10, i, k;
	char *bytes = malloc(room);
	struct slice args;
	clock_t begun;

	(void)state;
	assert_non_null(bytes);
	for (i = 0; i < COUNT(pieces); i++) {
		for (k = 0; k < room; k++)
			bytes[k] = pieces[i][k % strlen(pieces[i])];
		args = (struct slice){ bytes, (uint32_t)room };
		begun = clock();
		mask_args(&m, &args, true);
		assert_true(clock() - begun < 2 * CLOCKS_PER_SEC);
	}
	memset(bytes, 'Z', room);
	memcpy(bytes, "--password=", 11);
	args = (struct slice){ bytes, (uint32_t)room };
	assert_true(mask_args(&m, &args, true));
	assert_int_equal(args.len, 14);
	memset(bytes, 'a', room); /* a name without end */
	memcpy(bytes + room - 21, "_password=ZZZZ", 15);
	args = (struct slice){ bytes, (uint32_t)room - 6 };
	assert_true(mask_args(&m, &args, false));
	assert_null(memchr(args.s, 'Z', args.len));
	free(bytes);
}

/* Whatever stands there: as many arguments as before, and masked twice is masked once. */
static void any_bytes_keep_their_arguments(void **state)
{
	static const char *const words[] = {
		"password", "--token", "=", ":", "://", "@", "\"", "'", "\\", " ", "\n", "-p", "-u",
		"mysql", "curl", "-H", "-c", "Authorization", "Bearer", "a", "1", "ghp_", "eyJ",
		".", "{", ",", ";", "\xff", "/", "***",
	};
	uint64_t seed = 11;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct buf b = { 0 };
		size_t n = dice(&seed) % 24, nuls = 0, after = 0, i;
		struct slice args;
		void *copy;

		for (i = 0; i < n; i++) {
			const char *word = words[dice(&seed) % COUNT(words)];

			buf_add(&b, word, strlen(word));
			if (dice(&seed) % 3 == 0)
				buf_byte(&b, 0);
		}
		for (i = 0; i < b.len; i++)
			nuls += !b.data[i];
		mask_copy(b.data ? b.data : "", b.len, dice(&seed) % 2, &args, &copy);
		for (i = 0; i < args.len; i++)
			after += !args.s[i];
		assert_int_equal(nuls, after);
		free(copy);
		buf_free(&b);
	}
}

static void add_pattern(const char *regex)
{
	char why[MASK_WHY];

	if (mask_pattern(&m, regex, why, sizeof(why)))
		fail_msg("%s: %s", regex, why);
}

static void patterns_of_the_users(void **state)
{
	(void)state;
	add_pattern("card [0-9]+");
	add_pattern("^pin:(.*)$");
	add_pattern("q([a-p]*)q");
	assert_string_equal(masked("x|card 1234 and card 5|card"), "x|*** and ***|card");
	assert_string_equal(masked("x|pin:12 34|my pin:5"), "x|pin:***|my pin:5");
	assert_string_equal(masked("x|qaqbq|qq"), "x|q***qbq|qq");
	assert_string_equal(masked("x|--password=a card 5|--token|b"),
			    "x|--password=***|--token|***");
	assert_string_equal(masked("x|card 5|--token|b"), "x|***|--token|***");
	/* each argument by itself */
	assert_string_equal(masked("card|1234|pin:|5"), "card|1234|pin:|5");
}

static void only_the_patterns(void **state)
{
	(void)state;
	m.patterns_only = true;
	assert_plain("x|--password=x|--token|y|http://a:b@c/");
	add_pattern("--token");
	assert_string_equal(masked("x|--password=x|--token|y"), "x|--password=x|***|y");
}

static void spans_that_meet_are_one(void **state)
{
	(void)state;
	add_pattern("a");
	add_pattern("ab");
	add_pattern("bc");
	add_pattern("hello");
	add_pattern("e");
	assert_string_equal(masked("xaay|xabcy|x|hello"), "x***y|x***y|x|***");
}

static void patterns_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "(", "[", "a{2,1}", "", "x*", "(a|)", "^", "$" };
	char why[MASK_WHY];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		why[0] = 0;
		if (!mask_pattern(&m, bad[i], why, sizeof(why)))
			fail_msg("'%s' was taken", bad[i]);
		assert_true(*why && !strchr(why, '\n'));
	}
	assert_int_equal(m.patterns, 0);
	for (i = 0; i < MASK_PATTERNS; i++)
		add_pattern("x");
	assert_true(mask_pattern(&m, "x", why, sizeof(why)) < 0);
	assert_int_equal(m.patterns, MASK_PATTERNS);
}

#define story(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		story(options_that_are_called_like_secrets),
		story(options_that_are_about_secrets_stay),
		story(options_that_take_no_value_take_none),
		story(what_is_no_secret_in_its_place_stays),
		story(variables),
		story(options_of_some_programs),
		story(logins_in_urls),
		story(headers),
		story(command_lines),
		story(json_and_its_like),
		story(prose_stays),
		story(tokens_by_their_shape),
		story(hostile_bytes),
		story(very_long_arguments),
		story(any_bytes_keep_their_arguments),
		story(patterns_of_the_users),
		story(only_the_patterns),
		story(spans_that_meet_are_one),
		story(patterns_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
