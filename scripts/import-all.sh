#!/usr/bin/env bash
# Imports every file that `mosaique demo-data` wrote, then builds the cube:
#   import-all.sh BINARY FOLDER_OF_FILES STORE
# The name of a file says its register and its year; one that no line below knows is an error.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
mosaique="$1" files="$2" store="$3"

year_of() { grep -oE '20[0-9]{2}' <<<"$1" | head -1; }

import_one() {
  local file="$1" name year
  name="$(basename "$file")"
  year="$(year_of "$name")"
  case "$name" in
  rpls*) "$mosaique" import rpls "$file" --millesime "$year" --data "$store" ;;
  ops*) "$mosaique" import ops "$file" --wave "$year" --data "$store" ;;
  qpv*) "$mosaique" import zones "$file" --layer qpv --generation "$year" --data "$store" ;;
  commune* | epci* | departement* | iris*)
    "$mosaique" import zones "$file" --layer "${name%%[^a-z]*}" --data "$store" ;;
  adresse* | ban*) "$mosaique" import addresses "$file" --data "$store" ;;
  attribution*) "$mosaique" import attributions "$file" --year "$year" --data "$store" ;;
  seuil*) "$mosaique" import thresholds "$file" --data "$store" ;;
  verite* | demande* | *.md | *.txt) ;; # the planted truth is for tests; demands have no register yet
  *) fail "$file : registre inconnu" ;;
  esac
}

# Zones first: an RPLS import checks its points against the communes that are there.
for pattern in departement epci commune iris qpv adresse ban seuil rpls ops attribution; do
  for file in "$files/$pattern"*; do
    [ -e "$file" ] || continue
    import_one "$file"
  done
done
for file in "$files"/*; do
  case "$(basename "$file")" in
  departement* | epci* | commune* | iris* | qpv* | adresse* | ban* | seuil* | rpls* | ops* | attribution*) ;;
  *) import_one "$file" ;;
  esac
done

timed "Construction du cube" "$mosaique" build --data "$store"
