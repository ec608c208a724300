"""What was once learned by putting answers together, tried again through the interface on the demonstration."""

from __future__ import annotations

import math
import urllib.error
from pathlib import Path

import pandas as pd
import pytest

from conftest import Api, setting

# Dwellings, of two owners at least, below which restricted columns of the register are not shown to the public.
FEW = 11
RESTRICTED = ["P10", "P11", "P12", "P10T", "P13", "P_MODE_LOUE", "P_MODE_VACANT", "P_MODE_VIDE"]


@pytest.fixture(scope="module")
def as_(mosaique):
    def api(role: str | None) -> Api:
        words = ("admin", "token", "--data", setting("DEMO_STORE"), "--courriel", f"{role}@demonstration.example", "--nom", "attaques")
        return Api(setting("BASE_URL"), mosaique(*words).strip() if role else None)

    return api


@pytest.fixture(scope="module")
def truth(demo_files: Path) -> pd.DataFrame:
    rows = pd.read_csv(demo_files / "verite/logements.csv", sep=";", dtype=str, keep_default_na=False)
    return rows[rows["mode_2024"] != ""]


def measured(api: Api, zones: list[dict], indicators: list[str]) -> list[dict]:
    out = []
    for batch in (zones[i : i + 20] for i in range(0, len(zones), 20)):
        out += api.post("/api/mesure", {"zones": list(batch), "indicateurs": indicators})["mesures"]
    return out


def test_the_public_reads_no_rent_nor_lease_of_a_few_dwellings_or_of_one_owner(as_, truth: pd.DataFrame) -> None:
    """A square of 20 metres around each address: what only a convention opens is shown of eleven dwellings of two owners, or not at all."""
    places = truth.groupby(["lon", "lat"]).agg(n=("siren", "size"), owners=("siren", "nunique")).reset_index()
    dx = 10 / 111_320 / math.cos(math.radians(45.9))
    dy = 10 / 111_320
    zones, known = [], []
    for row in places.sample(400, random_state=1).itertuples():
        x, y = float(row.lon), float(row.lat)
        ring = [[x - dx, y - dy], [x + dx, y - dy], [x + dx, y + dy], [x - dx, y + dy], [x - dx, y - dy]]
        zones.append({"id": str(len(zones)), "geometrie": {"type": "Polygon", "coordinates": [ring]}})
        known.append(row)
    shown, dwellings = 0, 0
    for answer, row in zip(measured(as_(None), zones, ["P01", *RESTRICTED]), known):
        figures = {f["indicateur"]: f for f in answer["chiffres"]}
        dwellings += figures["P01"]["valeur"] or 0
        for id in RESTRICTED:
            if figures[id]["valeur"] is not None:
                shown += 1
                assert row.n >= FEW and row.owners > 1, (row, figures[id])
                assert figures[id]["denominateur"] >= FEW, figures[id]
    print(f"400 addresses, {dwellings:.0f} dwellings: {shown} restricted figures shown")
    assert dwellings > 1_000


def test_a_list_of_two_zones_tells_a_bailleur_of_a_closed_one_no_more_than_the_open_one(as_) -> None:
    """{closed zone, open zone} minus the open zone: figures and counts of the list are those of what is open."""
    api = as_("bailleur")
    codes = [z["code"] for z in api.get("/api/zones?echelle=iris&limite=1000")["zones"]]
    figure = {c: api.get(f"/api/zones/iris/{c}?indicateurs=I08")["chiffres"][0] for c in codes}
    open_ = [c for c in codes if not figure[c]["secret"]]
    closed = [c for c in codes if figure[c]["secret"] and ("autre bailleur" in figure[c]["motif"] or "pas de logement" in figure[c]["motif"])]
    assert len(open_) > 5 and len(closed) > 5, (len(open_), len(closed))
    pairs = [(a, b) for a in closed[:20] for b in open_[:5]]
    lists = [{"id": f"{a}+{b}", "codes": [{"echelle": "iris", "code": a}, {"echelle": "iris", "code": b}]} for a, b in pairs]
    for (a, b), answer in zip(pairs, measured(api, lists, ["I08"])):
        said = answer["chiffres"][0]
        if not said["secret"]:
            told = (said["numerateur"], said["denominateur"])
            assert told == (figure[b]["numerateur"], figure[b]["denominateur"]), (a, b, told)


def test_cells_of_one_residence_are_fine_to_whoever_sees_no_residence(as_) -> None:
    seen = 0
    for role in ("commune", "agence", "action-logement"):
        api = as_(role)
        try:
            api.get("/api/valeurs/residence?indicateur=I08")
            continue  # sees residences: their cells are no secret
        except urllib.error.HTTPError as e:
            assert e.code in (401, 403, 404)
        for scale in ("carreau", "h3r10", "h3r9"):
            try:
                values = api.get(f"/api/valeurs/{scale}?indicateur=I08")
            except urllib.error.HTTPError as e:
                assert e.code in (401, 403, 404)
                continue
            for code, value in zip(values["codes"], values["valeurs"]):
                if value is not None:
                    seen += 1
                    covered = api.get(f"/api/zones/{scale}/{code}?indicateurs=I08")["couverture"]
                    assert covered["residences"] > 1, (role, scale, code, covered)
    print(f"{seen} cells with a figure, none of one residence")
