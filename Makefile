# The one door. `make demo` and `make test` do all their own set-up; the rest is for people who change the code.
.PHONY: help demo proof-data test matrix check fmt lint vectors fixtures bench look proof fuzz soak mutants dist dist-check clean
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## the whole path on a throwaway PostgreSQL, with the report to look at
	@.ci/setup demo
	@fixtures/demo/run

test: ## everything, with the servers and peers it needs
	@.ci/setup test
	@.ci/test

matrix: ## dumps between PostgreSQL 13, 14, 16, 17, 18 and the installed one, there and back
	@.ci/setup test
	@WALWARDEN_TEST_SERVERS=$$(.ci/servers 13 14 16 17 18) cargo test --quiet -p walwarden-produce --test postgres_matrix -- --nocapture

check: fmt lint vectors ## fast, for every commit: format, lints, docs, vectors, unit tests, fixtures
	@cargo test --quiet -p walwarden-core
	@cargo test --quiet -p walwarden-verify
	@cargo fixtures check

fmt:
	@cargo fmt --all --check && cargo fmt --manifest-path walwarden-verify/wasm/Cargo.toml --check

lint:
	@cargo clippy --workspace --all-targets --quiet -- -D warnings
	@cargo clippy --workspace --features walwarden-produce/kms --all-targets --quiet -- -D warnings
	@if [ -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; \
	  then cargo clippy --manifest-path walwarden-verify/wasm/Cargo.toml --target wasm32-unknown-unknown --target-dir target --locked --quiet -- -D warnings; \
	  else echo "SKIPPED: clippy of the WebAssembly module: this compiler has no target wasm32-unknown-unknown"; fi
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

proof-data: ## the quarter of the demonstration, made again from a real server: some minutes
	@.ci/setup test
	@command -v faketime >/dev/null || { echo "hint: install faketime (Debian: apt-get install faketime)" >&2; exit 2; }
	@cargo build --quiet -p walwarden-verify -p walwarden-produce
	@WALWARDEN_PROOF_DATA="$(CURDIR)/fixtures/proof" cargo test --quiet -p walwarden-produce --test proof_data -- --ignored --nocapture

look: ## pages of the report as pictures in target/look, and what axe-core says of them
	@.ci/look

proof: ## target/proof: the verifier as WebAssembly in one page that works from a disk, and the site around it
	@.ci/proof

fuzz: ## five targets, MINUTES each (20 unless told): make fuzz MINUTES=1
	@cargo +nightly fuzz --version >/dev/null || { echo "hint: install cargo-fuzz and a nightly toolchain" >&2; exit 2; }
	@cargo +nightly run --quiet --manifest-path walwarden-verify/fuzz/Cargo.toml --example seeds
	@cd walwarden-verify && for target in json notes zip tokens verify; do \
	  cargo +nightly fuzz run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$$(( $(or $(MINUTES),20) * 60 )) -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 || exit 1; \
	done

soak: ## runs killed at KILLS points (200 unless told), stores that fail, other generated values each time
	@.ci/setup test
	@.ci/soak $(KILLS)

mutants: ## changes the code of core's proofs, chain, envelopes and registry: each change has to fail a test
	@cargo mutants --package walwarden-core --profile mutants --timeout 60 --output target/mutants \
	  --file 'walwarden-core/src/merkle*' --file 'walwarden-core/src/merkle/*' \
	  --file walwarden-core/src/chain.rs --file 'walwarden-core/src/chain/*' \
	  --file walwarden-core/src/dsse.rs --file walwarden-core/src/registry.rs \
	  -- --lib --test chain --test registry --test round_trip --test trust --test vectors -- --skip tsa::

dist: ## target/dist: walwarden-verify, one static file; verify.html and verify.mjs beside it
	@.ci/dist

dist-check: ## builds it in two folders: static, small, the same bytes
	@.ci/dist check

clean:
	@cargo clean; rm -rf demo
