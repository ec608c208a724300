"""The geocoder judged without mosaïque: addresses are read, spoilt and compared here, with lists of this file only.

Runs where the folder of real files stands beside the project; they are not the project's to ship.
"""

from __future__ import annotations

import csv
import random
import re
import unicodedata

import pytest

from conftest import ROOT

BAN = ROOT / ".." / "shared" / "data" / "ban" / "ban_echantillon_73-74_10000.csv"
SHORT = {"rue": "R", "route": "RTE", "chemin": "CHEM", "avenue": "AV.", "impasse": "IMP", "allée": "ALL", "boulevard": "BD", "place": "PL"}

pytestmark = pytest.mark.skipif(not BAN.exists(), reason="no real files in ../shared/data")


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe"))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in letters if not unicodedata.combining(c))))


def typo(text: str, dice: random.Random) -> str:
    places = [i for word in re.finditer(r"\w{5,}", text) for i in range(*word.span()) if text[i].isalpha()]
    if not places:
        return text
    i = dice.choice(places)
    return dice.choice([text[:i] + text[i + 1 :], text[:i] + dice.choice("aeinrstlu") + text[i + 1 :], text[:i] + text[i] + text[i:]])


def spoil(row: dict, how: int, dice: random.Random) -> str:
    house = row["numero"] + (" " + row["rep"] if row["rep"] else "")
    street, city, postcode = row["nom_voie"], row["nom_commune"], row["code_postal"]
    if how == 0:
        first, _, rest = street.partition(" ")
        street = f"{SHORT.get(first.lower(), first)} {rest}"
    elif how == 1:
        street, city = bare(street).upper(), bare(city).upper()
    elif how == 2:
        street = typo(street, dice)
    elif how == 3:
        return f"{postcode} {city} {house} {street}"
    elif how == 4:
        return f"{house}, {street}, {city}"
    return f"{house} {street} {postcode} {city}"


def test_spoilt_addresses_come_back_to_themselves(mosaique, tmp_path):
    with BAN.open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file, delimiter=";"))
    data, asked, answered = tmp_path / "magasin", tmp_path / "demandes.csv", tmp_path / "reponses.csv"
    mosaique("import", "addresses", BAN, "--departement", "73,74", "--data", data)
    dice = random.Random(11)
    rows = [(row, how) for row in truth for how in range(5)]
    with asked.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["rang", "adresse"])
        writer.writerows([i, spoil(row, how, dice)] for i, (row, how) in enumerate(rows))
    mosaique("geocode", asked, "--colonne", "adresse", "--data", data, "--out", answered)
    street = number = wrong = 0
    with answered.open(encoding="utf-8") as file:
        for (row, _), got in zip(rows, csv.DictReader(file), strict=True):
            there = got["result_citycode"] == row["code_insee"] and bare(got["result_street"]) == bare(row["nom_voie"])
            same = got["result_housenumber"] == row["numero"] + row["rep"].lower()
            street += there
            number += there and same
            wrong += float(got["result_score"] or 0) >= 0.8 and not (there and (same or got["result_type"] != "housenumber"))
    print(f"{len(rows)} questions: street {street / len(rows):.4f}, number {number / len(rows):.4f}, sure and wrong {wrong / len(rows):.5f}")
    assert street >= 0.97 * len(rows)
    assert number >= 0.95 * len(rows)
    assert wrong < 0.005 * len(rows)


def test_points_come_back_to_their_addresses(mosaique, tmp_path):
    """The nearest address of each point, by brute force in Lambert-93 (columns x and y of the BAN)."""
    import numpy as np

    with BAN.open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file, delimiter=";"))
    data, asked, answered = tmp_path / "magasin", tmp_path / "points.csv", tmp_path / "reponses.csv"
    mosaique("import", "addresses", BAN, "--departement", "73,74", "--data", data)
    at = np.array([(float(r["x"]), float(r["y"])) for r in truth])
    dice = np.random.default_rng(3)
    import pyproj

    chosen = dice.integers(0, len(truth), 500)
    points = at[chosen] + dice.normal(0, 60, (500, 2))
    lon, lat = pyproj.Transformer.from_crs(2154, 4326, always_xy=True).transform(points[:, 0], points[:, 1])
    with asked.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["lon", "lat"])
        writer.writerows(zip(lon, lat, strict=True))
    mosaique("geocode", asked, "--inverse", "--data", data, "--out", answered)
    ids = {r["id_ban"]: i for i, r in enumerate(truth)}
    with answered.open(encoding="utf-8") as file:
        for point, got in zip(points, csv.DictReader(file), strict=True):
            metres = np.hypot(*(at - point).T)
            # Positions are kept to the centimetre; of two addresses at one metre either may be first.
            assert metres[ids[got["result_id"]]] <= metres.min() + 1.0
            assert abs(float(got["result_distance"]) - metres.min()) <= 2.0
