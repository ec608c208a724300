"""Two servers on one PostgreSQL; one is killed while people write."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import threading
import time
import uuid

from conftest import Person, setting


def test_a_replica_killed_under_load_loses_no_session_and_no_write(service):
    postgres, name = setting("MOSAIQUE_TEST_POSTGRES"), f"repliques_{uuid.uuid4().hex[:12]}"
    subprocess.run(["psql", "-q", f"{postgres}/postgres", "-c", f"CREATE DATABASE {name}"], check=True)
    both = service(f"{postgres}/{name}")
    account = both.accounts()["administrateur"]
    first, second = both.start(), both.start()
    admin = Person()
    admin.enter(first.port, account["courriel"], account["mot_de_passe"])
    me = json.loads(admin.ask(second.port, "GET", "/api/session")[1])
    assert me["connecte"], "the session that one server opened is known to the other"

    kept: set[str] = set()
    unsure = 0
    lock, alive, stop = threading.Lock(), [first.port, second.port], threading.Event()

    def write(seed: int) -> None:
        nonlocal unsure
        choice = random.Random(seed)
        n = 0
        while not stop.is_set():
            n += 1
            body = {"nom": f"Agence {seed}-{n}", "role": "agence"}
            try:
                status, text = admin.ask(choice.choice(alive), "POST", "/api/admin/organisations", body)
            except OSError:  # the server died before it answered: this write may have been kept or not
                with lock:
                    unsure += 1
                continue
            assert status == 201, text
            with lock:
                kept.add(body["nom"])

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    time.sleep(2)
    before = len(kept)
    first.kill()
    time.sleep(0.5)
    alive.remove(first.port)
    time.sleep(2)
    stop.set()
    for t in threads:
        t.join()
    assert before > 50 and len(kept) > before and unsure > 0, (before, len(kept), unsure)

    status, text = admin.ask(second.port, "GET", "/api/admin/organisations")
    assert status == 200, "the session outlives the server that opened it"
    stored = {o["nom"] for o in json.loads(text)}
    assert kept <= stored, f"writes that were confirmed and are not there: {kept - stored}"
    status, text = admin.ask(second.port, "GET", "/api/admin/audit.csv?action=organisme_cree")
    assert status == 200
    trail = [json.loads(row["parametres"]).get("nom") for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";")]
    assert kept <= set(trail) and len(trail) == len(set(trail)), "each confirmed write has one line in the trail"
    assert "intact" in both.run("audit", "verify")

    third = both.start()
    assert admin.ask(third.port, "GET", "/api/admin/comptes")[0] == 200, "a new server takes the place of the one that died"
    print(f"{len(kept)} writes confirmed, {before} before the kill; {unsure} unanswered; {len(trail)} lines in the trail")
