"""Checks that all engines gave the same answers, then writes the table with the goals met and missed."""

from __future__ import annotations

GOALS = {
    "b": 0.3,  # s CPU
    "c": {"small": 0.05, "city": 0.2, "large": 0.2},  # ms, medians
    "d": 20.0,  # ms, p99
    "e": 5.0,  # ms, p99
    "f": {10: 20.0, 14: 1.0},  # ms, median of live filtered tiles
    "g": 1.0,  # s
    "h": 1024.0,  # MiB
}
PARTS = ("zones", "filtered")
NAMES = {"duckdb_": "DuckDB", "sedona": "SedonaDB", "geopandas_": "GeoPandas", "postgis": "PostGIS"}


def answers(engine: dict) -> dict:
    """The sums of one engine: its join, and each form of asking for drawn zones."""
    found = {"join": engine["join"]["sums"]}
    for part in PARTS:
        for label, form in engine[part].items():
            found[part] = form["sums"]
            found[f"{part} {label}"] = form["sums"]
    return found


def reference(results: dict) -> dict | None:
    """The answers of the first peer that ran."""
    return next((answers(p) for p in results["peers"].values() if isinstance(p, dict)), None)


def disagreements(name: str, engine: dict, right: dict) -> list[str]:
    faults = []
    for part, sums in answers(engine).items():
        expected = right[part.split(" ")[0]]
        wrong = [key for key in expected.keys() | sums.keys() if expected.get(key) != sums.get(key)]
        if wrong:
            key = sorted(wrong)[0]
            faults.append(f"{name}, {part}: {len(wrong)} answers of {len(expected)} differ, "
                          f"e.g. {key}: {sums.get(key)} for {expected.get(key)}")
    return faults


def render(results: dict) -> tuple[str, list[str]]:
    """The text of RESULTS.md, and the faults (different answers) that make the run fail."""
    right = reference(results)
    faults: list[str] = []
    lines = [f"# Benchmark{' (small input)' if results['small'] else ''}", ""]
    lines += [f"- {key}: {value}" for key, value in results["machine"].items()]
    lines += ["", "Wall and CPU seconds of one run, all engines on this machine one after the other. Goals are those "
              "of the national input.", ""]
    goals: list[tuple[str, str, bool | None]] = []
    for section in (_reading, _engines, _http, _tiles, _serving):
        section(results, right, lines, goals, faults)
    table = ["## Goals", "", "| goal | measured | |", "|---|---|---|"]
    verdict = {True: "met", False: "**missed**", None: "not comparable"}
    table += [f"| {goal} | {measured} | {verdict[met]} |" for goal, measured, met in goals]
    at = lines.index("", 2) + 1
    return "\n".join(lines[:at] + table + [""] + lines[at:]) + "\n", faults


def _reading(results, _right, lines, goals, _faults) -> None:
    if "reading" not in results:
        return
    r = results["reading"]
    bare, own = r["duckdb"], r["mosaique"]
    ratio = own["wall"] / bare["wall"]
    lines += [f"## (a) {r['bytes'] / 1e9:.2f} GB of RPLS and OPS CSV → built store", "",
              "| | wall s | CPU s | peak MiB |", "|---|--:|--:|--:|",
              f"| DuckDB, bare read | {bare['wall']:.1f} | {bare['cpu']:.1f} | {bare['peak_mb']:.0f} |",
              f"| mosaïque, all imports and build | {own['wall']:.1f} | {own['cpu']:.1f} | {own['peak_mb']:.0f} |", "",
              f"The store takes {r['store_bytes'] / 1e6:.0f} MB.", ""]
    goals.append(("(a) ≤ 1.5 × the bare read, and < 90 s", f"{ratio:.1f} ×, {own['wall']:.0f} s", ratio <= 1.5 and own["wall"] < 90))


def _engines(results, right, lines, goals, faults) -> None:
    if "engine" not in results:
        return
    engines = {"mosaïque": results["engine"], **{NAMES[n]: p for n, p in results["peers"].items()}}
    shown = {}
    lines += ["## (b, c, d) Sums, engine alone", "",
              "(b): all dwellings into the QPV of 2024, twenty sums. (c, d): one drawn zone of 200 vertices, twenty "
              "sums, median / p99 in ms; (d) with three filters. Each peer in its best form; loading is not counted.", "",
              "| | load s | (b) wall s | (b) CPU s | (c) small | city | large | (d) small | city | large | peak MiB |",
              "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name, engine in engines.items():
        if isinstance(engine, str):
            lines.append(f"| {name} | missing: {engine} | | | | | | | | | |")
            continue
        wrong = disagreements(name, engine, right) if right else []
        if wrong:
            faults += wrong
            lines.append(f"| {engine['version']} | answers differ: no time shown | | | | | | | | | |")
            continue
        best = {part: _best(engine[part]) for part in PARTS}
        shown[name] = best
        join, cpu = engine["join"], "–" if name == "PostGIS" else f"{engine['join']['cpu']:.2f}"
        cells = [f"{best[part][size][0]:.3g} / {best[part][size][1]:.3g}" for part in PARTS for size in best[part]]
        memory = f"{engine['memory_mb']:.0f}" + (" (table and index)" if name == "PostGIS" else "")
        lines.append(f"| {engine['version']} | {engine['load']['wall']:.2f} | {join['wall']:.3f} | {cpu} | "
                     + " | ".join(cells) + f" | {memory} |")
    lines += ["", "No peer ran: the answers are unchecked." if right is None else
              f"Same answers from all: {len(right['join'])} QPV, {len(right['zones'])} drawn zones, plain and filtered."
              if not faults else "**Answers differ**: " + "; ".join(faults), ""]
    own = shown.get("mosaïque")
    if not own:
        return
    join = results["engine"]["join"]
    goals.append(("(b) < 0.3 s CPU", f"{join['cpu']:.2f} s CPU, {join['wall']:.2f} s wall", join["cpu"] < GOALS["b"]))
    for size, bar in GOALS["c"].items():
        rivals = [b["zones"][size][0] for n, b in shown.items() if n != "mosaïque"]
        ratio = f", {min(rivals) / own['zones'][size][0]:.0f} × the best peer" if rivals else ""
        goals.append((f"(c) {size}: median < {bar} ms", f"{own['zones'][size][0]:.3f} ms{ratio}", own["zones"][size][0] < bar))
    worst = max(v[1] for v in own["filtered"].values())
    goals.append(("(d) three filters: p99 < 20 ms", f"{worst:.2f} ms", worst < GOALS["d"]))


def _best(forms: dict) -> dict[str, list[float]]:
    """For each size, the form with the lowest median."""
    sizes = next(iter(forms.values()))["ms"]
    return {size: min((f["ms"][size] for f in forms.values()), key=lambda ms: ms[0]) for size in sizes}


def _http(results, _right, lines, goals, faults) -> None:
    if "http" not in results:
        return
    h = results["http"]
    if h["wrong"]:
        faults.append(f"HTTP counts differ for {len(h['wrong'])} zones, e.g. {h['wrong'][0]}")
        lines += ["## (e) Over HTTP", "", f"Counts differ, no time shown: {h['wrong'][0]}", ""]
        return
    lines += [f"## (e) Over HTTP, one kept connection, {h['indicators']} indicators", "",
              "| zone | median ms | p99 ms | with three filters: median | p99 | requests |", "|---|--:|--:|--:|--:|--:|"]
    for size, (median, p99, count) in h["plain"].items():
        f = h["filtered"][size]
        lines.append(f"| {size} | {median:.2f} | {p99:.2f} | {f[0]:.2f} | {f[1]:.2f} | {count + f[2]} |")
    lines.append("")
    if h.get("refused"):
        lines += [f"{h['refused']} zones larger than a département are refused by the server and not asked.", ""]
    worst = max(v[1] for v in h["plain"].values())
    goals.append(("(e) over HTTP: p99 < 5 ms", f"{worst:.2f} ms", worst < GOALS["e"]))


def _tiles(results, _right, lines, goals, _faults) -> None:
    if "tiles" not in results:
        return
    t, martin, live = results["tiles"], results.get("martin", "not asked for"), results.get("tiles_duckdb", {})
    rate = lambda entry: f"{entry['rate'][0]:,.0f}" if entry and entry["rate"] else "wrk absent"  # noqa: E731
    lines += ["## (f) Tiles", "", "Warm, 1 thread and 8 connections of wrk, the 20 densest tiles of each zoom in turn:", "",
              "| zoom | mosaïque req/s | bytes | martin on PMTiles req/s | bytes |", "|---|--:|--:|--:|--:|"]
    for zoom, entry in t["cached"].items():
        other = martin["cached"].get(zoom) if isinstance(martin, dict) else None
        cells = f"{rate(other)} | {other['bytes']}" if other else "– | –"
        lines.append(f"| {zoom} | {rate(entry)} | {entry['bytes']} | {cells} |")
    if isinstance(martin, dict):
        slower = [z for z, e in t["cached"].items() if e["rate"] and e["rate"][0] < martin["cached"][z]["rate"][0]]
        goals.append(("(f) warm tiles: ≥ martin", f"slower at zoom {slower}" if slower else "at every zoom", not slower))
    else:
        lines += ["", f"martin: {martin}."]
        goals.append(("(f) warm tiles: ≥ martin", "martin absent", None))
    lines += ["", "Filtered, each asked once (never from a cache), densest tile, median / p99 ms:", "",
              "| zoom | mosaïque over HTTP | DuckDB ST_AsMVT, engine alone (points) |", "|---|--:|--:|"]
    for zoom, (median, p99, _) in t["live"].items():
        d = live.get(zoom)
        lines.append(f"| {zoom} | {median:.2f} / {p99:.2f} | {f'{d[0]:.1f} / {d[1]:.1f}' if d else '–'} |")
        goals.append((f"(f) live filtered z{zoom}: < {GOALS['f'][zoom]:.0f} ms", f"{median:.2f} ms", median < GOALS["f"][zoom]))
    lines.append("")


def _serving(results, _right, lines, goals, _faults) -> None:
    if "start_s" not in results:
        return
    start, peak = results["start_s"], results["serving_peak_mb"]
    lines += ["## (g, h) Start and memory", "", f"First answer {start:.2f} s after the start; peak resident memory "
              f"{peak:.0f} MiB after all the requests above (mapped files included).", ""]
    goals.append(("(g) start < 1 s", f"{start:.2f} s", start < GOALS["g"]))
    goals.append(("(h) peak while serving < 1 GiB", f"{peak:.0f} MiB", peak < GOALS["h"]))
