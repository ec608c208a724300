"""Gestion en flux with a million events: how long counting takes from nothing, after one more event, and in how much memory.

    python -m benches.flux --mosaique target/debug/mosaique --store demo/magasin [--events 1000000]

Events are those of a large lessor's ten years many times over: each vacancy has seven, a tenth of them a refusal more. They are
brought in by `mosaique admin flux`, as whoever holds the store does, into a state of their own beside the store. Standard library only.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

LESSORS = 12
HOLDERS = ["ETAT_PRIO", "ETAT_AGENT", "ACTION_LOGEMENT", "EPCI:200069110", "COMMUNE:73065"]
TOWNS = [f"73{n:03}" for n in range(1, 301)]


def events(path: Path, wanted: int) -> int:
    """Writes so many events; how many there are."""
    rng = random.Random(16)
    first = dt.date(2015, 1, 1)
    count = 0
    with path.open("w") as out:
        out.write("id;bailleur;logement;jour;genre;reservataire;motif;candidats;dalo;q1;mutation;commune;typologie;financement;qpv;periode;etage\n")
        dwelling = 0
        while count < wanted:
            siren, day = f"3000000{dwelling % LESSORS:02}", first + dt.timedelta(days=rng.randrange(200))
            home = f"{rng.choice(TOWNS)};T{rng.randrange(1, 5)};PLUS;{'QN07301M' if rng.random() < 0.25 else ''};1970-1979;{rng.randrange(6)}"
            for _ in range(5):
                steps = [("preavis", f";;;;;;{home}"), ("oriente", f"{rng.choice(HOLDERS)};;;;;")]
                if rng.random() < 0.1:
                    steps += [("refuse", ";localisation"), ("oriente", f"{rng.choice(HOLDERS)};;;;;")]
                steps += [("accepte", ""), ("candidats", ";;3"), ("caleol", ""), ("bail", f";;;{int(rng.random() < 0.1)};{int(rng.random() < 0.3)};NON")]
                for kind, rest in steps:
                    out.write(f"e{count};{siren};D{dwelling};{day};{kind};{rest}\n")
                    count += 1
                    day += dt.timedelta(days=rng.randrange(2, 15))
                day += dt.timedelta(days=rng.randrange(300, 700))
            dwelling += 1
    return count


def agreed(folder: Path) -> None:
    years = range(2015, 2027)
    with (folder / "conventions.csv").open("w") as out:
        out.write("bailleur;reservataire;departement;statut;du;decompte;part\n")
        for n in range(LESSORS):
            for holder, part in zip(HOLDERS, [25, 5, 22, 12, 6]):
                out.write(f"3000000{n:02};{holder};73;signee;2015;bail;{part}\n")
    with (folder / "assiettes.csv").open("w") as out:
        out.write("bailleur;departement;annee;stock;taux\n")
        for n in range(LESSORS):
            out.writelines(f"3000000{n:02};73;{year};20000;7\n" for year in years)


def memory(pid: int) -> tuple[float, float]:
    """Memory of a process now and at most, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    of = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return int(of["VmRSS"]) / 1000, int(of["VmHWM"]) / 1000


def worked(pid: int) -> float:
    """Processor time of a process, in seconds: what a busy machine does not lengthen."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Served:
    """A server on a state of its own."""

    def __init__(self, mosaique: str, store: str, env: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.process = subprocess.Popen([mosaique, "serve", "--data", store, "--bind", self.base.removeprefix("http://")], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.base}/healthz", timeout=1)
                return
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the server does not answer")

    def ask(self, token: str, path: str, body: object = None) -> tuple[float, dict]:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = urllib.request.Request(self.base + path, headers=headers, data=None if body is None else json.dumps(body).encode())
        start = time.perf_counter()
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read()
        return time.perf_counter() - start, json.loads(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mosaique", default="target/debug/mosaique")
    parser.add_argument("--store", default="demo/magasin")
    parser.add_argument("--events", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = dict(os.environ, DATABASE_URL=f"sqlite://{folder}/etat.sqlite?mode=rwc", MOSAIQUE_BASE_NEUVE="oui")
        run = lambda *words: subprocess.run([args.mosaique, *words, "--data", args.store], env=env, check=True, capture_output=True, text=True).stdout
        agreed(folder)
        count = events(folder / "evenements.csv", args.events)
        run("admin", "demo")
        start = time.perf_counter()
        run("admin", "flux", str(folder))
        print(f"{count:,} events brought in from a file: {time.perf_counter() - start:.1f} s")
        token = lambda who: run("admin", "token", "--courriel", f"{who}@demonstration.example", "--nom", "mesure", *(["--ecriture"] if who == "bailleur" else [])).strip()
        agent = token("dreal")
        served = Served(args.mosaique, args.store, env)
        try:
            before, _ = memory(served.process.pid)
            served.ask(agent, "/api/session")
            # The first question of all also reads who owns what; it is asked of another page.
            served.ask(agent, "/api/attributions/controle")
            idle, _ = memory(served.process.pid)
            pid = served.process.pid
            spent = worked(pid)
            first, told = served.ask(agent, "/api/flux/suivi?annee=2020")
            spent = worked(pid) - spent
            leases = told["ensemble"]["comptes"]["bail"]
            counting = worked(pid)
            again = sorted(served.ask(agent, "/api/flux/suivi?annee=2020")[0] for _ in range(11))
            counting = (worked(pid) - counting) / 11
            now, most = memory(served.process.pid)
            print(f"read and counted from nothing: {first:.2f} s, {spent:.2f} of processor ({leases:,} leases of 2020)")
            print(f"counted again, nothing changed: {again[5] * 1000:.0f} ms, {counting * 1000:.0f} of processor ({again[0] * 1000:.0f} at best)")
            print(f"memory: {before:.0f} MB at start, {idle:.0f} before counting, {now:.0f} after, {most:.0f} at most")
            lessor = token("bailleur")
            siren = served.ask(lessor, "/api/organisation")[1]["code"]
            took, fresh, counting = [], [], 0.0
            for n in range(10):
                event = {"id": f"un-{n}", "bailleur": siren, "logement": f"UN-{n}", "jour": "2025-06-01", "genre": "preavis", "caracteristiques": {"commune": "73065"}}
                took.append(served.ask(lessor, "/api/flux/evenements", event)[0])
                counting -= worked(pid)
                fresh.append(served.ask(agent, "/api/flux/suivi?annee=2020")[0])
                counting += worked(pid)
            print(f"one more event: kept in {sorted(took)[5] * 1000:.0f} ms, then all counted again in {sorted(fresh)[5] * 1000:.0f} ms, {counting * 100:.0f} of processor ({min(fresh) * 1000:.0f} at best)")
            print(f"load of the machine (processes that want one of its {os.cpu_count()} cores): {os.getloadavg()[0]:.1f}")
        finally:
            served.process.terminate()
            served.process.wait()


if __name__ == "__main__":
    main()
