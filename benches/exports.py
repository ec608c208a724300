"""Files of a whole territory: processor time, wall time and memory of `mosaique export`, and whether two programs write the same figures.

    python -m benches.exports --mosaique target/debug/mosaique --store STORE [--echelle residence] [--format parquet] [--portraits epci:200000001] [--before OLDER/mosaique]

Each file is written by a process of its own, whose costs the system counts; a file of one département's figures gives what opening the
store costs by itself. With --before the same files are written by another program and compared, column by column (needs DuckDB).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path


def spent(words: list[str]) -> tuple[float, float, float]:
    """Wall time, processor time and largest memory (MB) of a command."""
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: failed")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def written(mosaique: str, store: str, out: Path, *words: str) -> tuple[Path, tuple[float, float, float]]:
    """A file made by `mosaique export`, and what it cost."""
    out.mkdir(parents=True, exist_ok=True)
    costs = spent([mosaique, "export", "--data", store, "--out", str(out), *words])
    # A CSV has its description beside it.
    [path] = [p for p in out.iterdir() if not p.name.endswith("-metadata.json")]
    return path, costs


def told(what: str, count: int, path: Path, costs: tuple[float, float, float], opening: float) -> None:
    wall, worked, memory = costs
    each = (worked - opening) / max(count, 1) * 100_000
    print(f"{what}: {count:,} zones, {path.stat().st_size / 1e6:.0f} MB, {wall:.1f} s, {worked:.1f} s of processor ({each:.1f} for 100,000 zones), {memory:.0f} MB at most", flush=True)


def lines(path: Path) -> int:
    if path.suffix == ".zip":
        import zipfile

        return len(zipfile.ZipFile(path).namelist())
    if path.suffix == ".parquet":
        import duckdb

        return duckdb.sql(f"select count(*) from '{path}'").fetchone()[0]
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def compared(now: Path, before: Path) -> None:
    """Whether two GeoParquets, or two CSVs, say the same in every column that both have."""
    if now.suffix == ".csv":
        assert now.read_bytes() == before.read_bytes(), "the CSVs differ"
        print(f"{now.name}: the same bytes")
        return
    import duckdb

    base = duckdb.connect()
    columns = [[r[0] for r in base.execute(f"describe select * from '{p}'").fetchall()] for p in (now, before)]
    both = [c for c in columns[0] if c in columns[1]]
    # Places as bytes: geometry types of the reader hide differences.
    chosen = ", ".join(f'"{c}"' if c != "geometry" else 'cast("geometry" as blob) as geometry' for c in both)
    count = f"select count(*) from (select {chosen} from '{{}}' except all select {chosen} from '{{}}')"
    differ = [base.execute(count.format(*pair)).fetchone()[0] for pair in ((now, before), (before, now))]
    assert differ == [0, 0], f"{differ} lines differ"
    print(f"{now.name}: {len(both)} columns the same in every line; columns of one only: {sorted(set(columns[0]) ^ set(columns[1]))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mosaique", default="target/debug/mosaique")
    parser.add_argument("--store", default="demo/magasin")
    parser.add_argument("--echelle", default="residence")
    parser.add_argument("--format", action="append")
    parser.add_argument("--portraits", metavar="ECHELLE:CODE", help="also all portraits of the communes of a territory")
    parser.add_argument("--before", metavar="PROGRAM")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, costs = written(args.mosaique, args.store, folder / "small", "--echelle", "departement", "--format", "csv", "--indicators", "P01")
        opening = costs[1]
        print(f"opening the store: {costs[0]:.1f} s, {opening:.1f} s of processor, {costs[2]:.0f} MB ({lines(small)} zones)", flush=True)
        for kind in args.format or ["parquet"]:
            words = ("--echelle", args.echelle, "--format", kind)
            path, costs = written(args.mosaique, args.store, folder / kind, *words)
            told(kind, lines(path), path, costs, opening)
            if args.before:
                before, costs = written(args.before, args.store, folder / f"{kind}-before", *words)
                told(f"{kind}, before", lines(before), before, costs, opening)
                compared(path, before)
        if args.portraits:
            path, costs = written(args.mosaique, args.store, folder / "portraits", "--echelle", "commune", "--dans", args.portraits, "--format", "portraits")
            told("portraits", lines(path), path, costs, opening)
        print(f"load of the machine (processes that want one of its {os.cpu_count()} cores): {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
