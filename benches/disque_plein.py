"""Saves and restores onto disks that are too small, at many sizes: each must say so in French, leave nothing, and harm nothing.

    unshare --user --map-root-user --mount python -m benches.disque_plein --mosaique target/debug/mosaique --store demo/magasin

Disks are in memory (tmpfs), hence `unshare` or root. Ends with an error if one of them went otherwise. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from benches.processes import run

PAGE = 4096
WORDS = "le disque est plein"


@contextmanager
def disk(folder: Path, octets: int):
    """A disk of so many bytes at `folder`."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={max(PAGE, octets // PAGE * PAGE)}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def attempt(command: list[str], place: Path, target: Path) -> tuple[bool, list[str]]:
    """Whether it did its work; and what is wrong with how it failed."""
    done = run(command, 600)
    if done.code == 0:
        return True, [] if target.is_dir() else ["no folder, and no error"]
    faults = [] if done.code == 1 and WORDS in done.err else [f"code {done.code}: {done.err[-300:]}"]
    return False, faults + [f"left: {entry.name}" for entry in place.iterdir()]


def ladder(name: str, levels: int, whole: int, work) -> list[str]:
    """`work` on disks from a sixteenth of what is needed to a quarter more; what went wrong."""
    outcomes, faults = [], []
    for n in range(levels):
        octets = whole // 16 + (whole + whole // 4 - whole // 16) * n // (levels - 1)
        succeeded, wrong = work(octets)
        outcomes.append(succeeded)
        faults += [f"{name}, {octets} bytes: {w}" for w in wrong]
    if not outcomes[-1]:
        faults.append(f"{name}: not even the largest disk was enough")
    print(f"| {name} | {levels} | {outcomes.count(False)} | {outcomes.count(True)} | {len(faults)} |", flush=True)
    return faults


def measure(binary: str, given: Path, folder: Path, levels: int) -> list[str]:
    store, copy, small = folder / "magasin", folder / "copie", folder / "petit"
    shutil.copytree(given, store)
    first = run([binary, "sauvegarde", str(copy), "--data", str(store)], 600)
    if first.code != 0:
        raise RuntimeError(first.err)
    whole = sum(p.stat().st_size for p in copy.rglob("*") if p.is_file())

    def save(octets: int) -> tuple[bool, list[str]]:
        with disk(small, octets) as place:
            succeeded, wrong = attempt([binary, "sauvegarde", str(place / "copie"), "--data", str(store)], place, place / "copie")
            if succeeded and run([binary, "restauration", str(place / "copie"), "--data", str(folder / "refait")], 600).code != 0:
                wrong.append("said to be saved, cannot be restored")
            shutil.rmtree(folder / "refait", ignore_errors=True)
            return succeeded, wrong

    def restore(octets: int) -> tuple[bool, list[str]]:
        with disk(small, octets) as place:
            succeeded, wrong = attempt([binary, "restauration", str(copy), "--data", str(place / "magasin")], place, place / "magasin")
            if succeeded and run([binary, "verifier", "--data", str(place / "magasin")], 600).code != 0:
                wrong.append("said to be restored, is damaged")
            return succeeded, wrong

    print(f"a copy of {whole} bytes\n\n| | disks | refused | done | wrong |\n|---|--:|--:|--:|--:|")
    faults = ladder("sauvegarde", levels, whole, save) + ladder("restauration", levels, whole, restore)
    for after in (["verifier"], ["audit", "verify"]):
        done = run([binary, *after, "--data", str(store)], 600)
        if done.code != 0:
            faults.append(f"the store after all that: {done.out[-300:]}{done.err[-300:]}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.disque_plein", description=__doc__)
    parser.add_argument("--mosaique", default=os.environ.get("MOSAIQUE_BIN", "target/debug/mosaique"))
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--levels", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="disque-plein-") as name:
        faults = measure(options.mosaique, options.store, Path(name), options.levels)
    for fault in faults:
        print(f"  ✗ {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
