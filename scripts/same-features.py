#!/usr/bin/env python3
"""Makes or checks (`--check`) the lists of src/features/Cargo.toml: third-party crates whose features would differ
between `cargo … -p MEMBER` and `cargo … --workspace`, so that no member is ever built on other dependencies."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "src/features/Cargo.toml"
# The unit graph is not stable in cargo; nothing is built with it.
ENV = dict(os.environ, RUSTC_BOOTSTRAP="1")


def units(*which: str) -> dict:
    """Features of each crate (name, version, host or not): {key: set of feature tuples}."""
    command = ["cargo", "build", "--locked", "--unit-graph", "-Zunstable-options", *which]
    graph = json.loads(subprocess.run(command, env=ENV, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    all_units, found = graph["units"], {}
    # What build scripts and macros are made with is chosen apart from what the program is made with.
    waiting, seen = [(root, False) for root in graph["roots"]], set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        unit, host = all_units[at[0]], at[1]
        kind = tuple(unit["target"]["kind"])
        host = host or kind == ("proc-macro",) or (kind == ("custom-build",) and unit["mode"] == "build")
        waiting += [(d["index"], host) for d in unit["dependencies"]]
        name, version = re.search(r"([\w-]+)[@#]([\d.]+)[^@#/]*$", unit["pkg_id"]).groups()
        found.setdefault((name, version, unit["mode"], kind, host), set()).add(tuple(unit["features"]))
    return found


def members() -> list[str]:
    return sorted(p.parent.name for p in ROOT.glob("src/*/Cargo.toml") if p.parent.name not in {"features", "page"})


def needed() -> dict:
    """Crates that some member would build otherwise than the workspace, with the workspace's features."""
    whole, need = units("--workspace"), {}
    for member in members():
        for key, features in units("-p", f"mosaique-{member}").items():
            if not features <= whole.get(key, set()):
                need.setdefault(key[:2], set()).update(f for some in whole[key] for f in some)
    return need


def listed() -> dict:
    """Crates that the file names already: {(name, version prefix): features}."""
    import tomllib

    table = tomllib.loads(FILE.read_text())
    out = {}
    for key, spec in table.get("dependencies", {}).items():
        features = set(spec["features"]) | ({"default"} if spec.get("default-features", True) else set())
        out[(spec.get("package", key), spec["version"])] = features
    return out


def compatible(version: str) -> str:
    major, minor = version.split(".")[:2]
    return major if major != "0" else f"0.{minor}"


def line(name: str, version: str, features: set, several: bool) -> str:
    key = f"{name}-{version.replace('.', '-')}" if several else name
    package = f'package = "{name}", ' if several else ""
    default = "" if "default" in features else ", default-features = false"
    names = ", ".join(f'"{f}"' for f in sorted(features - {"default"}))
    return f'{key} = {{ {package}version = "{version}"{default}, features = [{names}] }}\n'


def write(lists: dict) -> None:
    head = FILE.read_text().split("[dependencies]")[0]
    count = Counter(name for name, _ in lists)
    body = "".join(line(n, v, f, count[n] > 1) for (n, v), f in sorted(lists.items()))
    # What build scripts and macros use is a list of its own to cargo.
    FILE.write_text(f"{head}[dependencies]\n{body}\n[build-dependencies]\n{body}")


def main() -> int:
    need = needed()
    if "--check" in sys.argv:
        for name, version in sorted(need):
            print(f"{name} {version}: other features for one member than for the workspace")
        return 1 if need else 0
    while need:
        lists = listed()
        for (name, version), features in need.items():
            lists.setdefault((name, compatible(version)), set()).update(features)
        write(lists)
        subprocess.run(["cargo", "update", "--workspace"], cwd=ROOT, check=True)
        need = needed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
