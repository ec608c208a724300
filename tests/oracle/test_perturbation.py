"""The perturbation of filtered households, made again from the published rule: the tables by maximum entropy, the figures
from record keys of a small territory (`tests/fixtures/secret`, of random data).
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = tomllib.loads((ROOT / "data/perturbation.toml").read_text())
# The atom of what is in no figure: too few, even with their whole département.
OUT = 2**32 - 1
LEVELS = ["atome", "ilot", "commune", "epci", "departement"]


def greatest_entropy(variance: float, most: int) -> list[float]:
    """Chances of -most … most, with mean 0 and this variance: they are proportional to exp(-a d²)."""
    span = range(-most, most + 1)

    def spread(a: float) -> float:
        chances = [math.exp(-a * d * d) for d in span]
        return sum(c * d * d for c, d in zip(chances, span)) / sum(chances)

    low, high = 1e-9, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if spread(middle) > variance else (low, middle)
    chances = [math.exp(-low * d * d) for d in span]
    return [c / sum(chances) for c in chances]


@pytest.mark.parametrize("level", TABLES["niveau"], ids=lambda level: level["id"])
def test_tables_are_those_of_greatest_entropy(level: dict) -> None:
    expected = greatest_entropy(level["variance"], level["ecart_max"])[level["ecart_max"]:]
    # The first takes what rounding leaves.
    assert level["poids"] == pytest.approx([1e6 * c for c in expected], abs=1 + level["ecart_max"])
    moments = [(w * (2 if d else 1), d) for d, w in enumerate(level["poids"])]
    assert sum(w for w, _ in moments) == 1_000_000
    assert sum(w * d * d for w, d in moments) / 1e6 == pytest.approx(level["variance"], rel=1e-4)


def deviation(level: int, key: int, quantity: str) -> int:
    name = 0x811C9DC5
    for byte in quantity.encode():
        name = ((name ^ byte) * 0x01000193) % 2**32
    z = ((name << 32 | key) + 0x9E3779B97F4A7C15) % 2**64
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) % 2**64
    drawn = ((z ^ z >> 31) >> 32) * 1_000_000 >> 32
    table = TABLES["niveau"][level]
    below = 0
    for d in range(-table["ecart_max"], table["ecart_max"] + 1):
        below += table["poids"][abs(d)]
        if drawn < below:
            return d
    raise AssertionError


def said(kept: pd.DataFrame, cells: list[str]) -> tuple[int, float]:
    """The count of households, and its variance: `kept` says which are counted exactly (`sure`)."""
    total, variance = len(kept), 0.0
    moved = kept[~kept["sure"]]
    # `ilot`: the block in which the piece of the household's atom begins, as the program's hierarchy has it.
    for _, cell in moved.groupby(cells) if cells else [((), moved)] if len(moved) else []:
        level = next((i for i, name in enumerate(LEVELS) if cell[name].nunique() == 1), len(LEVELS))
        total += deviation(level, int(cell["cle"].sum()) % 2**32, "menages")
        variance += TABLES["niveau"][level]["variance"]
    return max(total, 0), variance


def test_figures_are_made_again_from_record_keys() -> None:
    folder = ROOT / "tests/fixtures/secret"
    households = pd.read_csv(folder / "menages.csv", sep=";")
    figures = pd.read_csv(folder / "chiffres.csv", sep=";", dtype=str, keep_default_na=False)
    checked = 0
    for line in figures.to_dict("records"):
        asked = {a: [int(c) for c in line[a].split(",")] for a in ("typologie", "financement", "bailleur") if line[a]}
        here = households[households["commune"] == int(line["commune"])].copy()
        here["kept"] = True
        for attribute, classes in asked.items():
            here["kept"] &= here[attribute].isin(classes)
        # What the filter takes nothing from is exact: its figure is that of all households. A part that reaches beyond the
        # commune is not.
        whole = households.groupby("part").size()
        parts = here.groupby("part")["kept"].agg(["size", "all"])
        sure = parts.index[parts["all"] & (parts["size"] == whole.reindex(parts.index))]
        # A commune of fewer than 11 households stands in an atom with another: it is not looked at alone.
        atoms = households.groupby("atome").size()
        inside = here.groupby("atome").size()
        here = here[here["atome"].isin(inside.index[inside == atoms.reindex(inside.index)]) & (here["atome"] != OUT)].copy()
        here["sure"] = here["part"].isin(sure)
        cells = [a for a, classes in asked.items() if len(classes) > 1]
        known = here[here["kept"] & (here["connu"] == 1)]
        poor = known[known["pauvre"] == 1]
        whole_count, variance = said(known, cells)
        part_count, _ = said(poor, cells)
        assert (part_count, whole_count, variance) == (int(line["numerateur"]), int(line["denominateur"]), float(line["variance"])), line
        checked += 1
    assert checked >= 20
