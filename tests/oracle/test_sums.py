"""Every figure is its own fraction, parts make their whole, and one question has one answer, whoever asks and wherever.

The walk asks what the pages ask, as each role, and looks at every object of every answer: it knows the names of fields,
not the program.
"""

from __future__ import annotations

import csv
import io
import math
import urllib.error
import urllib.parse

import pytest

from conftest import Api, setting

ROLES = ["public", "epci", "commune", "bailleur", "ddets", "dreal", "action-logement", "agence"]
SCALES = ["commune", "epci", "departement", "qpv2015", "qpv2024", "iris"]
YEARS = [2023, 2024]


@pytest.fixture(scope="module")
def apis(mosaique) -> dict[str, Api]:
    base, store = setting("BASE_URL"), setting("DEMO_STORE")

    def token(role: str) -> str | None:
        if role == "public":
            return None
        words = ("admin", "token", "--data", store, "--courriel", f"{role}@demonstration.example", "--nom", "sommes")
        return mosaique(*words).strip()

    return {role: Api(base, token(role)) for role in ROLES}


def asked(api: Api, path: str, body: dict | None = None):
    """The answer, or None where it is not open to who asks."""
    try:
        return api.get(path) if body is None else api.post(path, body)
    except urllib.error.HTTPError as e:
        assert e.code in (401, 403, 404), f"{path}: {e.code} {e.read()[:300]!r}"
        return None


def objects(value, path=""):
    """Every object of an answer, with where it is."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, f"{path}[{i}]")


def near(shown: float, exact: float, decimals: int) -> bool:
    return abs(shown - exact) <= 0.5 * 10**-decimals + 1e-9


def faults(answer, seen: dict[str, int]) -> list[str]:
    """What is not its own fraction, or cannot be."""
    out = []
    for where, o in objects(answer):
        n, d = o.get("numerateur"), o.get("denominateur")
        is_count = isinstance(n, (int, float)) and isinstance(d, (int, float))
        value = o.get("valeur", o.get("part"))
        if is_count and d and isinstance(value, (int, float)):
            # A part is in %; a figure says its unit.
            scale = 100 if o.get("unite", "%") == "%" else 1
            seen["rates"] = seen.get("rates", 0) + 1
            if not near(value, scale * n / d, o.get("decimales", 1)):
                out.append(f"{where}: {value} is not {n} / {d}")
            if scale == 100 and not o.get("approximatif") and n > d:
                out.append(f"{where}: {n} of {d}")
        if is_count and d == 0 and value not in (None,):
            out.append(f"{where}: {value} of nothing")
        if o.get("secret") is True and "valeur" in o:
            seen["secrets"] = seen.get("secrets", 0) + 1
            told = {k: o.get(k) for k in ("valeur", "numerateur", "denominateur") if o.get(k) is not None}
            if told:
                out.append(f"{where}: secret, and {told}")
        surveyed, respondents, rate = o.get("menages_interroges"), o.get("repondants_enquete"), o.get("taux_reponse")
        if surveyed and respondents is not None and rate is not None:
            seen["coverages"] = seen.get("coverages", 0) + 1
            if not near(rate, respondents / surveyed, 3) or respondents > surveyed:
                out.append(f"{where}: {rate} is not {respondents} / {surveyed}")
        parts = [o.get(k) for k in ("justifies", "contestes", "a_justifier")]
        if "concernes" in o and all(isinstance(p, int) for p in parts) and sum(parts) != o["concernes"]:
            out.append(f"{where}: {parts} do not make {o['concernes']}")
        if {"total", "en_qpv", "situes", "bandes"} <= o.keys() and o["situes"] and o["en_qpv"] is not None:
            share = o.get("part_qpv")
            seen["placements"] = seen.get("placements", 0) + 1
            if share is not None and not near(share, 100 * o["en_qpv"] / o["situes"], 1):
                out.append(f"{where}: {share} is not {o['en_qpv']} / {o['situes']}")
            if o["bandes"] is not None and o["en_qpv"] + sum(b["baux"] for b in o["bandes"]) != o["situes"]:
                out.append(f"{where}: bands do not make {o['situes']}")
    return out


def zones_of(api: Api, scale: str) -> list[str]:
    answer = asked(api, f"/api/zones?echelle={scale}&limite=1000")
    return [z["code"] for z in answer["zones"]] if answer else []


def indicators(api: Api) -> list[dict]:
    return api.get("/api/indicateurs")


@pytest.mark.parametrize("role", ROLES)
def test_each_answer_is_made_of_its_own_fractions(apis, role):
    api, seen, wrong = apis[role], {}, []

    def look(path, body=None):
        answer = asked(api, path, body)
        if answer is not None:
            wrong.extend(f"{path}{f}" for f in faults(answer, seen))

    for scale in SCALES:
        codes = zones_of(api, scale)
        for code in codes[:40]:
            for population in ("TOUS", "RECENTS", "ANCIENS"):
                look(f"/api/zones/{scale}/{code}?population={population}")
        for code in codes[:10]:
            look(f"/api/zones/{scale}/{code}?financement=PLAI")
            look(f"/api/zones/{scale}/{code}?parc=a_jour")
    for year in YEARS:
        for by in ("epci", "commune", "bailleur", "reservataire", "mois", "bailleur_departement"):
            look(f"/api/mixite?annee={year}&par={by}")
    for path in ("/api/dalo/placements", "/api/residences/fragilite", "/api/rpems", "/api/segregation", "/api/objectifs", "/api/parc", "/api/residences", "/api/catalogue", "/api/depots", "/api/evenements"):
        look(path)
    assert not wrong, "\n".join(wrong[:40])
    assert seen.get("rates", 0) > 100, seen
    print(role, seen)


def test_classes_that_exclude_each_other_never_count_more_than_those_who_answered(apis):
    """Of each population, at each scale: what adds up to all for everybody in the EPCI adds up to no more than all elsewhere."""
    api, wrong, compared = apis["dreal"], [], 0
    groups: dict[str, list[str]] = {}
    for indicator in indicators(api):
        if indicator.get("groupe") and indicator["unite"] == "%":
            groups.setdefault(indicator["groupe"], []).append(indicator["id"])

    def fractions(scale, code, population):
        figures = api.get(f"/api/zones/{scale}/{code}?population={population}")["chiffres"]
        said = {f["indicateur"]: (f["numerateur"], f["denominateur"]) for f in figures if f.get("numerateur") is not None and f.get("incertitude") is None}
        for group, members in groups.items():
            if all(m in said and said[m][1] for m in members):
                yield group, sum(said[m][0] for m in members), {said[m][1] for m in members}

    widest = zones_of(api, "epci")[0]
    exclusive = {g for g, n, d in fractions("epci", widest, "TOUS") if d == {n}}
    assert len(exclusive) >= 4, exclusive
    for scale in ("commune", "iris", "qpv2015", "qpv2024", "residence"):
        for code in zones_of(api, scale)[:60]:
            for population in ("TOUS", "RECENTS", "ANCIENS"):
                for group, n, d in fractions(scale, code, population):
                    if group in exclusive:
                        compared += 1
                        if len(d) > 1 or n > min(d):
                            wrong.append(f"{scale} {code} {population} {group}: {n} of {d}")
    assert not wrong, "\n".join(wrong[:40])
    assert compared > 500, compared


@pytest.mark.parametrize("role", ROLES)
def test_the_map_the_sheet_the_table_and_the_file_say_the_same(apis, role):
    """`valeurs`, `zones/…`, `mesure` as JSON and as CSV, on each indicator of each commune, EPCI and QPV."""
    api, differ, compared = apis[role], [], 0
    ids = [i["id"] for i in indicators(api)]
    for scale in ("commune", "epci", "qpv2024"):
        codes = zones_of(api, scale)[:12]
        sheets = {c: asked(api, f"/api/zones/{scale}/{c}") for c in codes}
        sheets = {c: s for c, s in sheets.items() if s}
        if not sheets:
            continue
        body = {"zones": [{"id": c, "codes": [{"echelle": scale, "code": c}]} for c in sheets], "indicateurs": ids}
        measured = asked(api, "/api/mesure", body)
        table = {}
        for zone in measured["mesures"] if measured else []:
            if zone.get("chiffres"):
                table[zone["zone"]["id"]] = {f["indicateur"]: f for f in zone["chiffres"]}
        for ident in ids:
            values = asked(api, f"/api/valeurs/{scale}?indicateur={urllib.parse.quote(ident)}")
            if values is None:
                continue
            map_of = dict(zip(values["codes"], zip(values["valeurs"], values["secret"])))
            for code, sheet in sheets.items():
                figure = next((f for f in sheet["chiffres"] if f["indicateur"] == ident), None)
                if figure is None or code not in map_of:
                    continue
                value, secret = map_of[code]
                compared += 1
                if (value, bool(secret)) != (figure["valeur"], figure["secret"]):
                    differ.append(f"{ident} {scale} {code}: map {value} {secret}, sheet {figure['valeur']} {figure['secret']}")
                other = table.get(code, {}).get(ident)
                keys = ("valeur", "numerateur", "denominateur", "secret")
                if other and any(other[k] != figure[k] for k in keys):
                    differ.append(f"{ident} {scale} {code}: table {[other[k] for k in keys]}, sheet {[figure[k] for k in keys]}")
    assert not differ, "\n".join(differ[:40])
    assert compared > 50, compared


@pytest.mark.parametrize("role", ["epci", "ddets", "dreal", "public"])
def test_dwellings_of_the_parts_make_those_of_the_whole(apis, role):
    api = apis[role]
    listed = {scale: asked(api, f"/api/zones?echelle={scale}&limite=100000")["zones"] for scale in ("commune", "epci", "departement")}
    communes = listed["commune"]
    for scale in ("epci", "departement"):
        for zone in listed[scale]:
            parts = [c["logements"] for c in communes if c[scale] == zone["code"]]
            assert parts and sum(parts) == zone["logements"], (scale, zone["code"], sum(parts), zone["logements"])


def test_households_of_the_communes_make_those_of_their_epci(apis):
    """Exact figures add up: respondents of communes, and numerators of each indicator, where none is withheld."""
    api = apis["dreal"]
    communes = asked(api, "/api/zones?echelle=commune&limite=100000")["zones"]
    sheet = lambda scale, code: api.get(f"/api/zones/{scale}/{code}")
    whole_sums = 0
    for epci in sorted({c["epci"] for c in communes if c["epci"]}):
        parts = [sheet("commune", c["code"]) for c in communes if c["epci"] == epci]
        whole = sheet("epci", epci)
        numbers = {f["indicateur"]: f for f in whole["chiffres"]}
        for ident, figure in numbers.items():
            of_parts = [next(f for f in p["chiffres"] if f["indicateur"] == ident) for p in parts]
            fractions = [(f["numerateur"], f["denominateur"]) for f in of_parts]
            # A crossing is moved by its cell keys, and says by how much.
            if figure["incertitude"] is not None:
                continue
            if figure["secret"] or any(f["secret"] or n is None for f, (n, _) in zip(of_parts, fractions)):
                continue
            left_out = sum(f["logements_ecartes"] or 0 for f in [*of_parts, figure])
            if left_out == 0 and figure["numerateur"] is not None:
                whole_sums += 1
                assert math.isclose(sum(n for n, _ in fractions), figure["numerateur"], abs_tol=0.01 * len(parts)), (epci, ident)
    assert whole_sums > 20


def test_the_command_line_measures_what_the_server_answers(apis, mosaique):
    """`mosaique measure --format csv` beside the sheet, for what anyone may see."""
    api, store = apis["public"], setting("DEMO_STORE")
    rows = list(csv.DictReader(io.StringIO(mosaique("measure", "--data", store, *[w for c in zones_of(api, "commune")[:12] for w in ("--code", f"commune:{c}")], "--indicators", "P01,P02,P_DPE_AB", "--format", "csv").lstrip("\ufeff")), delimiter=";"))
    assert rows
    seen = 0
    for row in rows:
        sheet = api.get("/api/zones/" + row["zone"].replace(":", "/"))
        figure = next(f for f in sheet["chiffres"] if f["indicateur"] == row["indicateur"])
        number = lambda text: float(text.replace(",", ".")) if text else None
        assert [number(row[k]) for k in ("valeur", "numerateur", "denominateur")] == [figure[k] for k in ("valeur", "numerateur", "denominateur")], row
        seen += 1
    assert seen == 3 * len({row["zone"] for row in rows})


def test_residences_of_a_territory_are_those_that_its_list_has(apis) -> None:
    """A residence that a district's limit or an IRIS parts is one residence."""
    api = apis["dreal"]
    listed = api.get("/api/zones?echelle=residence&limite=100000")["zones"]
    assert listed and all(z["epci"] for z in listed), "a residence in two EPCI would count in both"
    for scale in ("epci", "commune"):
        for zone in api.get(f"/api/zones?echelle={scale}")["zones"]:
            told = api.get(f"/api/zones/{scale}/{zone['code']}?indicateurs=P01")["couverture"]["residences"]
            assert told == sum(z[scale] == zone["code"] for z in listed), (scale, zone["code"])
