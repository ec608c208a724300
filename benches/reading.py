"""(a) From the files of others to a built store, beside DuckDB's bare read of the same CSV."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benches.peers import mosaique
from benches.processes import run

# Every field is read and looked at, nothing is converted or kept: the least that any program can do.
BARE_READ = """
import duckdb, sys
for path in sys.argv[1:]:
    duckdb.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{path}', delim=';', header=true, all_varchar=true, "
                   "quote='\\"', null_padding=true, ignore_errors=true, strict_mode=false)").fetchone()
"""


def measure(files: Path, store: Path) -> dict:
    """Reads with DuckDB, then imports and builds; both after the files were read once (warm page cache)."""
    csv = sorted(str(p) for p in [*files.glob("rpls*.csv"), *files.glob("ops*.csv")])
    if not csv:
        raise RuntimeError(f"no rpls*.csv in {files}")
    size = sum(Path(p).stat().st_size for p in csv)
    bare = min((run([sys.executable, "-c", BARE_READ, *csv], 600) for _ in range(2)), key=lambda r: r.wall)
    shutil.rmtree(store, ignore_errors=True)
    done = mosaique.import_and_build(files, store)["tout"]
    return {
        "bytes": size,
        "duckdb": {"wall": bare.wall, "cpu": bare.cpu, "peak_mb": bare.peak_mb, "code": bare.code},
        "mosaique": {"wall": done.wall, "cpu": done.cpu, "peak_mb": done.peak_mb},
        "store_bytes": sum(p.stat().st_size for p in store.rglob("*") if p.is_file()),
    }
