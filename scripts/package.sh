# The Debian package of a program that is built: its papers (man pages, completions), then the package.
# shellcheck shell=bash
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CARGO_DEB=3.8.0

# papers PROGRAM: man pages and completions, where Cargo.toml's metadata look for them.
papers() {
  local out="$RACINE/target/papiers"
  rm -rf "$out" && mkdir -p "$out"
  "$1" man --out "$out/man"
  "$1" completions bash >"$out/mosaique.bash"
  "$1" completions zsh >"$out/_mosaique"
  "$1" completions fish >"$out/mosaique.fish"
}

# package PROFILE: the package of what was built with that profile; in haste for any but release.
package() {
  [ "$("$CARGO" deb --version 2>/dev/null | grep -oE '[0-9.]+$')" = "$CARGO_DEB" ] ||
    timed "cargo-deb $CARGO_DEB (environ 5 min)" "$CARGO" install --quiet --locked --version "$CARGO_DEB" cargo-deb
  local haste=()
  [ "$1" = release ] || haste=(--fast)
  "$CARGO" deb --no-build --locked --profile "$1" "${haste[@]}"
}
