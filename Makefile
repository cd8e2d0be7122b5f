# What a developer runs. CONTRIBUTING.md says when.
# All of it works on a fresh clone with Go 1.26; race needs gcc.

GO ?= go
TIME ?= 20s
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT = golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS = $(if $(VERSION),-ldflags '-X netramet/internal/version.Version=$(VERSION)')

.PHONY: help build check test race golden generate fuzz seed bench bench-full benchcmp pgo docs/streams.svg

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Builds netramet and nemac here, with the checkout's version in them
	CGO_ENABLED=0 $(GO) build $(LDFLAGS) -o . ./cmd/netramet ./cmd/nemac

check: ## Everything to pass before a commit: format, vet, generated files, staticcheck, short tests (2 minutes)
	@bad=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); test -z "$$bad" || { echo "not gofmt-ed: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) run ./mib/smigen mib/objects.txt | cmp - mib/zobjects.go
	$(GO) run $(STATICCHECK) ./...
	$(GO) test -pgo=off -short ./...

test: ## All tests
	$(GO) test ./...

race: ## The short tests under the race detector
	CGO_ENABLED=1 $(GO) test -race -short ./...

golden: ## Writes all golden files again: read what changed (git diff) before you commit it
	$(GO) test $$($(GO) list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | \
		awk '/ netramet\/internal\/golden/ { print $$1 }') -update

docs/streams.svg: ## Draws the streams of a damaged trace again
	$(GO) test ./meter -run TestDamagedTraceIsBounded -update

generate: ## Makes the z*.go files again
	$(GO) generate ./...

fuzz: ## Fuzzes: PKG=./meter/packet FUZZ=FuzzDecode [TIME=20s]; without FUZZ, every fuzzer of PKG (default: all), TIME each
	@git grep -oE '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:func #./\1 #' | \
	while read -r dir name; do \
		case "$(PKG)" in ''|"$$dir") ;; *) continue ;; esac; \
		case "$(FUZZ)" in ''|"$$name") ;; *) continue ;; esac; \
		echo "-- $$name in $$dir"; \
		$(GO) test "$$dir" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(TIME) || exit 1; \
	done

seed: ## Runs one seed of an oracle: TEST=TestOracle N=57
	$(GO) test ./cmd/netramet -v -run '^$(TEST)$$/^seed=$(N)$$'

bench: ## The meter beside a bare loop and other meters, as ratios; then collection over SNMP (2 minutes)
	$(GO) run ./bench
	$(GO) run ./bench collect -flows 200000

bench-full: ## The same with traces of full size (7 GB), every row and every peer (perhaps an hour)
	$(GO) run ./bench -full
	$(GO) run ./bench collect

pgo: ## Makes cmd/netramet/default.pgo again, by which the compiler arranges netramet: after work on the way of a packet (2 minutes)
	@dir=$$(mktemp -d) && trap 'rm -r "$$dir"' EXIT && \
	$(GO) build -pgo=off -o "$$dir" ./cmd/netramet ./sources/sourcetest/tracegen && \
	"$$dir/tracegen" -mix link -duration 600s -snap 64 -packets 5000000 -flows 50000 -seed 1 -o "$$dir/a.pcap" && \
	"$$dir/tracegen" -mix link -duration 600s -snap 64 -packets 3000000 -flows 600000 -seed 2 -o "$$dir/b.pcap" && \
	"$$dir/tracegen" -mix link -duration 600s -snap 64 -packets 3000000 -flows 1200000 -singles 90 -seed 4 -o "$$dir/d.pcap" && \
	for t in a b d; do for n in 1 2 3 4; do \
		"$$dir/netramet" -s -C "$$dir/$$t.pcap" -F "$$dir/flows" --profile "$$dir/$$t$$n.prof" testdata/5tuple.srl || exit 1; \
	done; done && \
	for n in 1 2 3; do \
		"$$dir/netramet" -s --lanes 2 -C "$$dir/a.pcap" -F "$$dir/flows" --profile "$$dir/lanes$$n.prof" testdata/5tuple.srl || exit 1; \
	done && \
	$(GO) tool pprof -proto "$$dir"/*.prof >"$$dir/default.pgo" && mv "$$dir/default.pgo" cmd/netramet/

benchcmp: ## Compares Go benchmarks of the work tree with those of BASE (default HEAD): PKG=./meter [BENCH=.]
	@test -n "$(PKG)" || { echo "say which: make benchcmp PKG=./meter"; exit 2; }
	@dir=$$(mktemp -d) && trap 'git worktree remove --force "$$dir/base"; rm -r "$$dir"' EXIT && \
	git worktree add -q --detach "$$dir/base" $(or $(BASE),HEAD) && \
	for i in 1 2 3 4 5 6; do \
		(cd "$$dir/base" && $(GO) test $(PKG) -run '^$$' -bench '$(or $(BENCH),.)' -benchmem) >>"$$dir/old.txt" && \
		$(GO) test $(PKG) -run '^$$' -bench '$(or $(BENCH),.)' -benchmem >>"$$dir/new.txt" || exit 1; \
	done; \
	$(GO) run $(BENCHSTAT) "$$dir/old.txt" "$$dir/new.txt"
