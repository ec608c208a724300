# Shared by the trials of what is given to others (essai-deb, essai-image): how a check is said, and a clean Debian 12.
# shellcheck shell=bash
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

tenus=0

# tient WHAT COMMAND…: the command succeeds, or all ends here with what it said.
tient() {
  local quoi="$1" dit
  shift
  dit="$("$@" 2>&1)" || fail "$quoi : $* → $dit"
  note "✓ $quoi"
  tenus=$((tenus + 1))
}

# egal WHAT WANTED COMMAND…: the command says exactly that.
egal() {
  local quoi="$1" voulu="$2" dit
  shift 2
  dit="$("$@" 2>&1)" || fail "$quoi : $* → $dit"
  [ "$dit" = "$voulu" ] || fail "$quoi : « $dit » au lieu de « $voulu »"
  note "✓ $quoi : $voulu"
  tenus=$((tenus + 1))
}

# pareil WHAT WANTED COMMAND…: as egal, of what is not worth reading.
pareil() {
  [ "$("${@:3}")" = "$2" ] || fail "$1 : a changé"
  note "✓ $1"
  tenus=$((tenus + 1))
}

# refuse WHAT COMMAND…: the command fails.
refuse() {
  local quoi="$1"
  shift
  if "$@" >/dev/null 2>&1; then fail "$quoi : $* devait échouer"; fi
  note "✓ $quoi"
  tenus=$((tenus + 1))
}

# debian_propre: the archive of a clean system, in $PROPRE; made once by debootstrap from MIROIR, else from its own mirror.
debian_propre() {
  local lieu="$RACINE/target/essai-deb"
  PROPRE="$lieu/bookworm.tar"
  [ ! -f "$PROPRE" ] || return 0
  mkdir -p "$lieu" && rm -rf "$lieu/base"
  timed "Debian 12 (debootstrap, quelques minutes)" \
    debootstrap --variant=minbase --include=systemd bookworm "$lieu/base" ${MIROIR:+"$MIROIR"} >"$lieu/debootstrap.log" ||
    { tail -5 "$lieu/debootstrap.log" >&2; fail "debootstrap a échoué ; voir $lieu/debootstrap.log"; }
  tar -C "$lieu/base" -cf "$PROPRE.part" . && mv "$PROPRE.part" "$PROPRE" && rm -rf "$lieu/base"
}
