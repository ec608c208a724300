"""Segregation indices of the server against PySAL, on the counts that it shows for each unit; and the vectors of the unit test."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import segregation_vectors
from conftest import ROOT

warnings.filterwarnings("ignore", category=RuntimeWarning)


def test_the_vectors_of_the_unit_test_are_what_pysal_says_today():
    kept = json.loads((ROOT / "tests/fixtures/segregation/vectors.json").read_text())
    now = segregation_vectors.main()
    assert [v["units"] for v in kept] == [v["units"] for v in now]
    for a, b in zip(kept, now):
        for key in ("dissimilarity", "isolation", "entropy"):
            assert a[key] == pytest.approx(b[key], rel=1e-12), key
        np.testing.assert_allclose(a["quotients"], b["quotients"], rtol=1e-12)


@pytest.mark.parametrize("indicator", ["I01", "I02", "I08"])
@pytest.mark.parametrize("wave", [2022, 2024])
def test_every_index_of_the_demonstration_is_that_of_pysal(api, indicator, wave):
    compared = 0
    for epci in api.get("/api/zones?echelle=epci")["zones"]:
        answer = api.get(f"/api/segregation?indicateur={indicator}&vague={wave}&epci={epci['code']}")
        (line,) = answer["vagues"][0]["lignes"]
        if line["dissimilarite"] is None:
            assert line["unites"] < answer["unites_min"] and line["motif"]
            continue
        units = pd.DataFrame(line["quotients"]).rename(columns={"groupe": "group", "menages": "total"})
        assert len(units) == line["unites"] >= answer["unites_min"] and (units.total >= 11).all()
        theirs = segregation_vectors.indices(units)
        for ours, key in [("dissimilarite", "dissimilarity"), ("isolement", "isolation"), ("entropie", "entropy")]:
            assert line[ours] == pytest.approx(theirs[key], abs=5.0001e-5), (epci["code"], ours)
        np.testing.assert_allclose(units.quotient, theirs["quotients"], atol=5.0001e-5)
        assert line["menages"] == units.total.sum()
        compared += 1
    assert compared >= 2


def test_the_counts_are_those_of_the_households_file(api, demo_files):
    """The units that are shown hold no more than what the survey's answers give in the whole territory, and nearly all of it."""
    answer = api.get("/api/segregation?indicateur=I02&vague=2024")["vagues"][0]["lignes"]
    shown = sum(line["menages"] or 0 for line in answer)
    sheets = [api.get(f"/api/zones/epci/{line['code']}?indicateurs=I02&vague=2024")["chiffres"][0]["denominateur"] for line in answer]
    assert 0.85 * sum(sheets) <= shown <= sum(sheets)
