"""Fragility of residences, recomputed by pandas from the figures that are shown, with the weights written again by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

# data/rules/fragilite.toml, written again: what the method says (domain §4.8), not what the program reads.
WEIGHTS = np.array([0.30, 0.15, 0.25, 0.10, 0.10, 0.10])
INDICATORS = ["I02", "I05", "I06", "I08", "I11"]
DRAWS, SEED, AMPLITUDE, HEAD = 1000, 1, 0.5, 10
CLASSES = [(0, "equilibree"), (1, "surveiller"), (3, "fragile"), (5, "tres_fragile")]


@pytest.fixture(scope="module")
def answer(api) -> dict:
    return api.get("/api/residences/fragilite")


@pytest.fixture(scope="module")
def read(answer) -> pd.DataFrame:
    return pd.DataFrame(answer["residences"]).set_index("code")


@pytest.fixture(scope="module")
def values(read) -> pd.DataFrame:
    classed = read[read["classee"]]
    assert len(classed) > 50, "too few classed residences would prove nothing"
    return pd.DataFrame(classed["valeurs"].tolist(), index=classed.index, dtype=float)


def uniform(seed: int):
    """SplitMix64, from its published definition."""
    mask = (1 << 64) - 1
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        x = state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        yield ((x ^ (x >> 31)) >> 11) / (1 << 53)


def weighted(table: pd.DataFrame, weights: np.ndarray) -> pd.Series:
    known = table.notna()
    return (table.fillna(0) * weights).sum(axis=1) / (known * weights).sum(axis=1)


@pytest.fixture(scope="module")
def standard(values, read) -> pd.DataFrame:
    dwellings = read.loc[values.index, "logements"].astype(float)
    out = {}
    for j in values:
        known = values[j].dropna()
        w = dwellings[known.index]
        mean = np.average(known, weights=w)
        deviation = np.sqrt(np.average((known - mean) ** 2, weights=w))
        out[j] = ((values[j] - mean) / deviation).clip(-3, 3)
    return pd.DataFrame(out)


def test_components_are_the_figures_of_the_map(api, answer, read):
    for j, indicator in enumerate(INDICATORS):
        shown = api.get(f"/api/valeurs/residence?indicateur={indicator}&dans=epci:{answer['epci']['code']}")
        theirs = pd.Series(shown["valeurs"], index=shown["codes"], dtype=float)
        ours = pd.Series([v[j] for v in read["valeurs"]], index=read.index, dtype=float)
        pd.testing.assert_series_equal(ours.sort_index(), theirs.reindex(ours.index).sort_index(), check_names=False)
        sheet = api.get(f"/api/zones/epci/{answer['epci']['code']}?indicateurs={indicator}")
        assert answer["composantes"][j]["epci"] == sheet["chiffres"][0]["valeur"]
    code = answer["epci"]["code"]
    recents = api.get(f"/api/valeurs/residence?indicateur=I02&population=RECENTS&dans=epci:{code}")
    everyone = api.get(f"/api/valeurs/residence?indicateur=I02&dans=epci:{code}")
    gap = pd.Series(recents["valeurs"], index=recents["codes"], dtype=float) - pd.Series(everyone["valeurs"], index=everyone["codes"], dtype=float)
    ours = pd.Series([v[5] for v in read["valeurs"]], index=read.index, dtype=float)
    assert ours.notna().any()
    pd.testing.assert_series_equal(ours.sort_index(), gap.reindex(ours.index).sort_index(), check_names=False, atol=1e-9)


def test_only_residences_with_enough_answers_are_classed(read):
    enough = (read["repondants"] >= 20) & (read["taux_reponse"] >= 0.5)
    pd.testing.assert_series_equal(read["classee"].astype(bool), enough, check_names=False)
    assert read.loc[~enough, ["score", "classe", "nb_alertes"]].isna().all().all()


def test_alerts_and_classes_are_counted_as_the_method_says(answer, read, values):
    epci = pd.Series([c["epci"] for c in answer["composantes"]])
    alerts = pd.DataFrame({j: values[j] > 1.2 * max(epci[j], 0) for j in values})
    count = alerts.sum(axis=1)
    pd.testing.assert_series_equal(read.loc[values.index, "nb_alertes"].astype(int), count, check_names=False, check_dtype=False)
    expected = count.map(lambda n: [name for least, name in CLASSES if n >= least][-1])
    assert (read.loc[values.index, "classe"] == expected).all()
    assert expected.nunique() >= 3


def test_scores_and_percentiles_are_those_of_pandas(read, values, standard):
    score = weighted(standard, WEIGHTS)
    np.testing.assert_allclose(read.loc[values.index, "score"].astype(float), score, atol=5.001e-4)
    dwellings = read.loc[values.index, "logements"].astype(float)
    percentile = {}
    for j in values:
        known = values[j].dropna()
        w = dwellings[known.index]
        percentile[j] = known.map(lambda v: 100 * (w[known < v].sum() + w[known == v].sum() / 2) / w.sum())
    mean = weighted(pd.DataFrame(percentile).reindex(values.index), WEIGHTS)
    np.testing.assert_allclose(read.loc[values.index, "centile"].astype(float), mean, atol=5.001e-2)


def test_ranks_under_drawn_weights_are_those_of_pandas(read, values, standard):
    draws = uniform(SEED)
    ranks = []
    for _ in range(DRAWS):
        drawn = WEIGHTS * (1 + AMPLITUDE * (2 * np.array([next(draws) for _ in WEIGHTS]) - 1))
        ranks.append(weighted(standard, drawn).rank(ascending=False, method="first"))
    ranks = pd.concat(ranks, axis=1)
    rows = read.loc[values.index]
    np.testing.assert_allclose(rows["part_tete"].astype(float), 100 * (ranks <= HEAD).mean(axis=1), atol=0.1001)
    ordered = np.sort(ranks.to_numpy(), axis=1)
    for column, q in [("rang_bas", 0.05), ("rang_haut", 0.95)]:
        # Two residences of equal score may change places.
        assert (abs(rows[column].astype(float) - ordered[:, int(np.floor(q * (DRAWS - 1) + 0.5))]) <= 1).all(), column
    assert (rows["rang_bas"] < rows["rang_haut"]).any()
