"""PostGIS in a server of its own: a private folder, a private socket, stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import duckdb
import geopandas

from benches.measures import COLUMNS, filters_sql, sums_sql

BIN = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_size": "8GB",
    "max_parallel_workers_per_gather": "2",
    "jit": "off",
}


class Peer:
    def __init__(self, folder: Path) -> None:
        if not (BIN / "initdb").exists():
            raise FileNotFoundError("PostgreSQL 15 is not installed")
        self.folder = folder
        self.root = Path(tempfile.mkdtemp(prefix="mosaique-pg-"))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.root, self.user)
        self.forms = {"GiST": self._gist}
        self.session: subprocess.Popen | None = None
        self._start()
        self.version = "PostGIS " + self._ask("SELECT postgis_lib_version()")[0][0]

    def _as_user(self, command: list[str], **options) -> list[str]:
        return ["runuser", "-u", self.user, "--", *command] if os.geteuid() == 0 else command

    def _start(self) -> None:
        data = self.root / "data"
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(self._as_user([str(BIN / "initdb"), "-D", str(data), "-A", "trust", "-U", "bench"]), **quiet)
        options = " ".join(f"-c {key}={value}" for key, value in SETTINGS.items())
        control = [str(BIN / "pg_ctl"), "-D", str(data), "-w", "-l", str(self.root / "log")]
        subprocess.run(self._as_user([*control, "-o", f"{options} -k {self.root}", "start"]), **quiet)
        self.session = subprocess.Popen(
            ["psql", "-h", str(self.root), "-U", "bench", "-d", "postgres", "-qAtX", "-F", "\t"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self._ask("CREATE EXTENSION postgis")

    def _ask(self, sql: str) -> list[list[str]]:
        """One statement in the open session; its rows as text."""
        self.session.stdin.write(f"{sql};\n\\echo --end--\n")
        self.session.stdin.flush()
        rows = []
        for line in self.session.stdout:
            if line.strip() == "--end--":
                return rows
            rows.append(line.rstrip("\n").split("\t"))
        raise RuntimeError("psql ended")

    def load(self) -> None:
        columns = ", ".join(f"{c} int" for c in COLUMNS)
        self._ask(f"""CREATE UNLOGGED TABLE p (lon float8, lat float8, financement text, typologie text,
            periode text, {columns})""")
        with tempfile.NamedTemporaryFile(suffix=".csv") as csv:
            duckdb.sql(f"""COPY (SELECT lon, lat, financement, typologie, periode, {', '.join(COLUMNS)}
                FROM '{self.folder}/points.parquet') TO '{csv.name}' (HEADER false)""")
            self._ask(f"\\copy p FROM '{csv.name}' CSV \n")
        self._ask("ALTER TABLE p ADD geom geometry(Point)")
        self._ask("UPDATE p SET geom = ST_MakePoint(lon, lat)")
        self._ask("CREATE INDEX p_geom ON p USING gist (geom)")
        self._ask("CLUSTER p USING p_geom")
        self._ask("CREATE TABLE q (code text, geom geometry)")
        for code, shape in geopandas.read_file(self.folder / "qpv.geojson")[["code_qp", "geometry"]].values:
            self._ask(f"INSERT INTO q VALUES ('{code}', ST_GeomFromText('{shape.wkt}'))")
        self._ask("CREATE INDEX ON q USING gist (geom)")
        self._ask("ANALYZE p")
        self._ask("ANALYZE q")

    def join(self) -> dict[str, list[int]]:
        rows = self._ask(f"SELECT q.code, {sums_sql('p.')} FROM q JOIN p ON ST_Contains(q.geom, p.geom) GROUP BY 1")
        return {row[0]: [int(v) for v in row[1:]] for row in rows}

    def _gist(self, shape, filtered: bool) -> list[int]:
        condition = f"ST_Contains(ST_GeomFromText('{shape.wkt}'), geom)" + (f" AND {filters_sql()}" if filtered else "")
        return self._ask(f"SELECT {sums_sql()} FROM p WHERE {condition}")[0]

    def memory_mb(self) -> float:
        """Size of the table and its index: a server's resident memory counts its shared pages many times."""
        return int(self._ask("SELECT pg_total_relation_size('p')")[0][0]) / 1024 / 1024

    def close(self) -> None:
        if self.session:
            self.session.stdin.close()
            self.session.wait()
        stop = [str(BIN / "pg_ctl"), "-D", str(self.root / "data"), "-m", "immediate", "-w", "stop"]
        subprocess.run(self._as_user(stop), stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.root, ignore_errors=True)
