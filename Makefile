# SPDX-License-Identifier: GPL-2.0-only
# make            builds build/proctrace
# make deps       installs what it is built and tested with (Debian, as root)
# make run        deps, build, and a live trace (as root)
# make test       deps, build, and every test (as root)
# make test-asan  the same tests on a build with ASan and UBSan
# make fuzz       fuzzes each target for FUZZ_SECONDS (600); a million hostile records
# make model      the pure engine against a plain model of the kernel: STEPS=10000000 SEED=1 EVERY=1
# make static     build/static/proctrace, without shared libraries; static-arm64: the same for arm64
# make test-vm    the same binary on other kernels, in virtual machines: tests/vm/RESULTS.md
# make coverage   which lines of the pure rooms the unit tests and the model do not reach
# make bench      measures it beside its peers, into tests/bench/RESULTS.md (as root)
# make bench-user the user side of it alone, into tests/bench/RESULTS-user.md
# make install    PREFIX=/usr/local DESTDIR=
# V=1 shows the commands

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PYTHON ?= /usr/bin/python3
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
BPF_INCLUDES ?= $(shell $(CC) -print-multiarch 2>/dev/null | sed 's,.*,-idirafter /usr/include/&,')

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DPROCTRACE_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS) \
	-Iinclude -Iuser -I$(BUILD)
LIBS := -lbpf -lelf -lz -lcap-ng -lseccomp
# the tests judge what is written and what is read by another program's JSON
TEST_LIBS := -lcmocka -ljansson

DEPS_BUILD := gcc make libc6-dev clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev \
	libcap-ng-dev libseccomp-dev
DEPS_TEST := libcmocka-dev libjansson-dev python3 python3-pytest python3-jsonschema mandoc jq \
	procps util-linux tini libclang-rt-14-dev gcovr libnet-server-perl
# heavier ones, for other machines than this one
DEPS_VM := qemu-system-x86 busybox-static cpio
DEPS_ARM64 := gcc-aarch64-linux-gnu qemu-system-arm cpio
DEPS_BENCH := libbpf-tools forkstat stress-ng time

SOURCES := $(wildcard user/*/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
PURE := $(filter-out $(BUILD)/user/cli/main.o,$(OBJECTS))
BPF_SOURCES := $(wildcard bpf/*.[ch] include/proctrace/*.h vmlinux/*.h)
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

MODEL := $(patsubst %,$(BUILD)/tests/model/%,lives orders growth)
MODEL_PARTS := $(filter-out $(MODEL:%=%.o),$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/model/*.c)))

all: $(BUILD)/proctrace

# what is made, in one short line; with V=1 the whole command
Q := $(if $(V),,@)
define say
@mkdir -p $(@D)
$(if $(V),,@printf '  %-7s %s\n' $(1) $@)
endef

$(BUILD)/proctrace: $(OBJECTS)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c $(BUILD)/proctrace.skel.h
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# -mcpu=v2: what a 5.10 kernel takes. So is -disable-block-placement: blocks in another order than
# they were written in may make a loop whose way back is no jump, which that kernel refuses.
$(BUILD)/proctrace.bpf.o: $(BPF_SOURCES)
	$(call say,BPF)
	$(Q)$(CLANG) -g -O2 -target bpf -mcpu=v2 -mllvm -disable-block-placement \
		-D__bpf__ -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
		-Wno-unused-parameter -Wno-gnu-variable-sized-type-not-at-end \
		-Ivmlinux -Iinclude -Ibpf $(BPF_INCLUDES) -c -o $@ bpf/proctrace.bpf.c

$(BUILD)/proctrace.skel.h: $(BUILD)/proctrace.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name proctrace > $@.new
	$(Q)mv $@.new $@

$(BUILD)/tests/unit/%: tests/unit/%.c $(PURE)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -O0 $(LDFLAGS) -MMD -MP -o $@ $< $(PURE) $(TEST_LIBS) $(LIBS)

# a target a file, over the same rooms built to be watched
FUZZ_CFLAGS := -O1 -gline-tables-only -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_PURE := $(PURE:$(BUILD)/%=$(BUILD)/fuzz/%)

$(BUILD)/fuzz/%.o: %.c $(BUILD)/proctrace.skel.h
	$(call say,CC)
	$(Q)$(CLANG) $(ALL_CFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP \
		-c -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_PURE)
	$(call say,LD)
	$(Q)$(CLANG) $(ALL_CFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer,address,undefined -MMD -MP -o $@ $< \
		$(FUZZ_PURE) -ljansson $(LIBS)

$(MODEL): %: %.o $(MODEL_PARTS) $(PURE)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(LIBS)

# quiet, and without the network, where all of it is there already
define install_deps
@for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then \
	echo "installing:$$missing"; \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		install $$missing >/dev/null; \
fi
endef

deps-build:
	$(call install_deps,$(DEPS_BUILD))

deps:
	$(call install_deps,$(DEPS_BUILD) $(DEPS_TEST) $(DEPS_BENCH) $(if $(PROCTRACE_VM),$(DEPS_VM)))

run: deps-build
	@$(MAKE) --no-print-directory all
	$(BUILD)/proctrace $(ARGS)

# with PROCTRACE_VM=1 on the oldest and the newest kernel too
test: deps
	@$(MAKE) --no-print-directory all $(if $(PROCTRACE_VM),$(BUILD)/static/proctrace) check

# what make test runs when everything is installed
check: check-unit check-model check-fuzz check-python

check-unit: $(UNIT)
	@failed=; for t in $(UNIT); do $$t || failed="$$failed $$t"; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

check-fuzz: $(FUZZ)
	tests/fuzz/run check $(BUILD)/fuzz

# some seconds of it
check-model: $(MODEL)
	STEPS=500000 $(BUILD)/tests/model/lives
	$(BUILD)/tests/model/orders
	LIVES=1000000 $(BUILD)/tests/model/growth

model: STEPS ?= 10000000
model: EVERY ?= 1
model: $(MODEL)
	STEPS=$(STEPS) SEED=$(SEED) $(BUILD)/tests/model/lives
	$(BUILD)/tests/model/growth
	EVERY=$(EVERY) $(BUILD)/tests/model/orders

coverage: deps
	@mkdir -p build/coverage && find build/coverage -name '*.gcda' -delete
	@$(MAKE) --no-print-directory BUILD=build/coverage CFLAGS="-O0 -g --coverage" \
		check-unit check-model
	tests/coverage build/coverage

check-python: $(BUILD)/proctrace
	PROCTRACE=$(abspath $(BUILD))/proctrace $(PYTHON) -m pytest -q -p no:cacheprovider tests/docs tests/replay tests/vm tests/live

test-asan: deps
	@$(MAKE) --no-print-directory BUILD=build/asan \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined" \
		all check

fuzz: deps
	@$(MAKE) --no-print-directory fuzz-long

fuzz-long: $(FUZZ) $(BUILD)/tests/unit/test_hostile
	PROCTRACE_FULL=1 $(BUILD)/tests/unit/test_hostile
	tests/fuzz/run long $(BUILD)/fuzz

# One file for every kernel: no shared library is needed. Of names that --uid is given, such a
# binary knows those of /etc/passwd; for others (LDAP and the like) glibc needs its shared libraries
# at run time: the linker's warnings say so.
$(BUILD)/static/proctrace: $(OBJECTS)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -static $(LDFLAGS) -o $@ $^ $(LIBS)

static: deps-build
	@$(MAKE) --no-print-directory $(BUILD)/static/proctrace

# The libraries of arm64 are unpacked below build/: this machine's own packages stay as they are.
ARM64_ROOT := build/arm64/root
ARM64 := ARCH=arm64 BUILD=build/arm64 CC="aarch64-linux-gnu-gcc --sysroot=$(abspath $(ARM64_ROOT))" \
	BPF_INCLUDES="-idirafter $(ARM64_ROOT)/usr/include -idirafter \
		$(ARM64_ROOT)/usr/include/aarch64-linux-gnu"

$(ARM64_ROOT):
	tests/vm/unpack arm64 $@ libc6-dev linux-libc-dev libbpf-dev libelf-dev zlib1g-dev \
		libcap-ng-dev libseccomp-dev

static-arm64: deps-build
	$(call install_deps,$(DEPS_ARM64))
	@$(MAKE) --no-print-directory $(ARM64_ROOT)
	@$(MAKE) --no-print-directory $(ARM64) build/arm64/static/proctrace

# VM="smoke" for the scenario alone; SERIES="5.10 newest" for some kernels only
VM ?= suite
test-vm: static
	$(call install_deps,$(DEPS_VM))
	tests/vm/run $(VM) $(SERIES) --table tests/vm/RESULTS.md

$(BUILD)/tests/bench/storm: tests/bench/storm.c
	$(call say,CC)
	$(Q)$(CC) -O2 $(WARN) -static -pthread -o $@ $<

$(BUILD)/tests/bench/latency: tests/bench/latency.c
	$(call say,CC)
	$(Q)$(CC) -O2 $(WARN) -o $@ $<

$(BUILD)/tests/bench/floor: tests/bench/floor.c tests/bench/floor.bpf.c $(BPF_SOURCES)
	$(call say,BPF)
	$(Q)$(CLANG) -g -O2 -target bpf -mcpu=v2 -D__bpf__ -D__TARGET_ARCH_$(ARCH) -Wall -Werror \
		-Ivmlinux -Iinclude $(BPF_INCLUDES) -c -o $@.bpf.o tests/bench/floor.bpf.c
	$(Q)$(BPFTOOL) gen skeleton $@.bpf.o name bench_floor > $(@D)/floor.skel.h
	$(Q)$(CC) $(ALL_CFLAGS) -I$(@D) $(LDFLAGS) -o $@ $< $(LIBS)

# some 25 minutes; every row is kept in build/tests/bench/rows.jsonl
bench: deps
	@$(MAKE) --no-print-directory all \
		$(addprefix $(BUILD)/tests/bench/,storm latency floor)
	rm -f $(BUILD)/tests/bench/rows.jsonl
	tests/bench/bench
	tests/bench/kernel
	tests/bench/loop
	tests/bench/losses
	tests/bench/report > tests/bench/RESULTS.md

$(BUILD)/tests/bench/user: tests/bench/user.c $(PURE)
	$(call say,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(PURE) $(LIBS)

bench-user: $(BUILD)/tests/bench/user
	tests/bench/bench-user $< -o tests/bench/RESULTS-user.md $(ARGS)

install: $(BUILD)/proctrace
	install -D -m 0755 $(BUILD)/proctrace $(DESTDIR)$(PREFIX)/sbin/proctrace
	install -D -m 0644 user/cli/proctrace.8 $(DESTDIR)$(PREFIX)/share/man/man8/proctrace.8
	install -D -m 0644 user/cli/proctrace-zombies.7 $(DESTDIR)$(PREFIX)/share/man/man7/proctrace-zombies.7
	install -D -m 0644 user/sink/stream.schema.json \
		$(DESTDIR)$(PREFIX)/share/proctrace/stream.schema.json

clean:
	rm -rf $(BUILD)

# objects on the way to a test are kept
.SECONDARY:

-include $(OBJECTS:.o=.d) $(UNIT:%=%.d) $(MODEL:%=%.d) $(MODEL_PARTS:.o=.d) $(FUZZ_PURE:.o=.d) $(FUZZ:%=%.d) \
	$(BUILD)/tests/bench/user.d

.PHONY: all deps deps-build run test check check-unit check-model check-fuzz check-python test-asan \
	fuzz fuzz-long model coverage static static-arm64 test-vm bench bench-user install clean
