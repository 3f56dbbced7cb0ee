# quicgw: what a developer types. Every target installs what it needs and does nothing that is done already.
#   make demo [KEEP=1]   see traffic cross a link            make test      every test, as the build machine runs them
#   make build           .build/release/quicgw               make interop   long tests against foreign clients
#   make bench [QUICK=1] figures, side by side with others   make clean     remove what was built
#              [PROFILE=lte,geo] on other links than loss5_200ms (interop/link profiles names them)

SHELL := /bin/bash
export PATH := $(PATH):/opt/swift/usr/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
QUICGW := .build/release/quicgw

# Nodes need no toolchain. Exclusive access to memory is proved by the compiler where it can be and checked at run time by the debug
# builds that the tests are; the checks of the rest cost a release build 4 % of its time in bulk.
RELEASE_FLAGS := --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

# The libraries under the gateway, and what the Swift toolchain itself calls or links.
BUILD_PACKAGES := libngtcp2-dev libngtcp2-crypto-gnutls-dev libnghttp3-dev libnghttp2-dev libgnutls28-dev libhiredis-dev zlib1g-dev pkg-config \
  git ca-certificates binutils libc6-dev libgcc-12-dev libstdc++-12-dev libcurl4 libncurses6 libsqlite3-0 libxml2 tzdata
# interop/venv adds the programs that the tests call.
TEST_PACKAGES := python3-venv procps iproute2 curl openssl redis-server

# $(call installed,PACKAGES): installs those that are missing; asks dpkg first, so that nothing is fetched when none is.
define installed
@missing=$$(for package in $(1); do \
    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || echo $$package; done); \
  [ -z "$$missing" ] || { echo "installing Debian packages:" $$missing; $(SUDO) apt-get update -qq && \
    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; }
endef

.PHONY: demo test build link interop bench clean packages test-packages

demo: build
	@$(QUICGW) demo $(if $(KEEP),--keep)

build: packages
	swift build -c release $(RELEASE_FLAGS) --product quicgw

# The rig's link between network namespaces.
link: packages
	swift build -c release $(RELEASE_FLAGS) --product quicgw-link

# Foreign clients meet the program that ships, Swift's own tests the one with all checks in it.
test: build link test-packages
	swift build --build-tests
	swift test --skip-build --disable-xctest
	QUICGW=$(CURDIR)/$(QUICGW) interop/run --short

interop: build link test-packages
	QUICGW=$(CURDIR)/$(QUICGW) interop/run
	QUICGW=$(CURDIR)/$(QUICGW) interop/peers

bench: build link test-packages
	QUICGW=$(CURDIR)/$(QUICGW) interop/bench all $(if $(QUICK),--quick) $(if $(PROFILE),--profile $(PROFILE))

clean:
	rm -rf .build

packages:
	$(call installed,$(BUILD_PACKAGES))
	@command -v swift >/dev/null || { echo "Swift 6.3 is needed, in PATH or in /opt/swift: https://www.swift.org/install" >&2; exit 1; }

test-packages:
	$(call installed,$(TEST_PACKAGES))
