#!/usr/bin/env bash
# Accepts what the program answers now: examples of the interface, then its document, which shows them, then the
# types of the web application's client. Read the diff before committing it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
scripts/setup.sh demo
api() { UPDATE=1 "$CARGO" test --locked -p mosaique --test api -- "$1"; }
timed "Exemples de l'interface" api every_example
timed "Document de l'interface" api the_document_of_the_web_application
timed "Client de l'interface" npm --prefix web run api
git --no-pager diff --stat
