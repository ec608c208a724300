# The one entry point for people. `make help` lists the targets.
#
# Everything is built with one profile (see Cargo.toml): demo, tests and benchmarks share what is compiled.
SHELL := /bin/bash
export CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help demo run test bench bench-small bench-geocoder budget junk check bless release deb essai-deb essai-image

help: ## this list
	@grep -hE '^[a-z-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 18

demo: ## install what is missing, build, make a fictional territory, serve it at http://127.0.0.1:8080
	@scripts/demo.sh

run: ## build and serve the store DATA=… (default demo/magasin)
	@scripts/build.sh
	@target/debug/mosaique serve --data $${DATA:-demo/magasin} --bind 127.0.0.1:$${PORT:-8080}

test: ## install what is missing, run every test: Rust, web, browser, comparison with independent tools
	@scripts/test.sh

bench: ## France-size input beside the peers, into benches/RESULTS.md (about 45 min)
	@scripts/bench.sh

bench-small: ## the same on 100,000 dwellings (under 2 min once built)
	@scripts/bench.sh --small

bench-geocoder: ## recall and speed of the geocoder on a BAN file, BAN=… (about 2 min once built)
	@scripts/bench-geocoder.sh

budget: ## the page on a national store: first map, keystroke, cost of a frame while panning 65,000 points (about 8 min once built)
	@scripts/budget.sh

junk: ## spoil files of every format for an hour: each is read or refused in words
	@MOSAIQUE_JUNK_SECONDS=$${SECONDS_EACH:-360} $(CARGO) test --locked --test registers junk -- --nocapture

check: ## formatting, lints, types
	@scripts/check.sh

bless: ## accept the examples of the interface that the server gives now, and what is made from them
	@scripts/bless.sh

release: ## the program to install, into target/release (a build of its own, about 40 min the first time)
	@scripts/release.sh

deb: ## a Debian package of it, into target/debian (adds cargo-deb to cargo's folder)
	@scripts/release.sh --deb

essai-deb: ## a package in a clean Debian 12: installed, served, saved, removed (DEB=…, else of what is built; root, about 5 min)
	@scripts/essai-deb.sh $(DEB)

essai-image: ## the container image on a clean Debian 12: built, run without any privilege, fed, stopped (root, about 5 min)
	@scripts/essai-image.sh $(PROGRAMME)
