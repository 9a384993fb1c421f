# The one door. `make demo` and `make test` do all their own set-up; the rest is for people who change the code.
.PHONY: help demo test check fmt lint vectors fixtures bench clean
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## the whole path on a throwaway PostgreSQL, with the report to look at
	@.ci/setup demo
	@fixtures/demo/run

test: ## everything, with the servers and peers it needs
	@.ci/setup test
	@.ci/test

check: fmt lint vectors ## fast, for every commit: format, lints, docs, vectors, unit tests, fixtures
	@cargo test --quiet -p walwarden-core
	@cargo test --quiet -p walwarden-verify
	@cargo fixtures check

fmt:
	@cargo fmt --all --check

lint:
	@cargo clippy --workspace --all-targets --quiet -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@if command -v cargo-deny >/dev/null; then cargo deny --log-level error check bans licenses sources \
	  && cargo deny --manifest-path walwarden-verify/Cargo.toml --log-level error check --config walwarden-verify/deny.toml bans; \
	  else echo "SKIPPED: cargo-deny is not installed (the bans on the verifier's dependencies are also a test)"; fi

vectors: ## the Python reference prints the vectors that are committed
	@python3 spec/reference/vectors.py --check

fixtures: ## writes golden and tampered bundles again
	@cargo fixtures write

bench: ## ratios against pg_dump, COPY and openssl, all in one run
	@.ci/setup demo
	@fixtures/bench/run

clean:
	@cargo clean; rm -rf demo
