#!/usr/bin/env bash
# Measures mosaïque beside its peers on one machine, in one run; see benches/run.py. Options go to it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
scripts/setup.sh bench
scripts/build.sh
exec .venv-bench/bin/python -m benches.run "$@"
