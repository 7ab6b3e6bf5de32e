"""Checks the shipped network: references, ranges, counts, connectivity, gaps between fast sites, and road distances against the sample.

Standard library only. Usage: verify.py  (exit status 1 when anything is wrong)
"""
import csv
import json
import statistics
import sys

import network_source as source
import sites as site_rules
from build import place_id

WANTED = {"places": 400, "roads": 600, "sites": 150}
MEDIAN_ERROR, P90_ERROR, WORST_ERROR = 0.05, 0.10, 0.15


def load():
    def rows(name):
        return list(csv.DictReader((source.FOLDER / name).open(encoding="utf-8")))
    return rows("places.csv"), rows("arcs.csv"), json.loads((source.FOLDER / "sites.json").read_text(encoding="utf-8"))["sites"]


def check_places(places, problems):
    ids = [place["id"] for place in places]
    if len(set(ids)) != len(ids):
        problems.append("a place id occurs twice")
    for place in places:
        if not (-33.8 <= float(place["lat"]) <= 5.3 and -74.0 <= float(place["lon"]) <= -34.7):
            problems.append(f"{place['id']}: outside Brazil")
        if not 0 <= int(place["elevationM"]) <= 1700:
            problems.append(f"{place['id']}: elevation {place['elevationM']} m")


def check_arcs(places, arcs, problems):
    positions = {place["id"]: (float(place["lat"]), float(place["lon"])) for place in places}
    heights = {place["id"]: int(place["elevationM"]) for place in places}
    graph = {}
    for arc in arcs:
        a, b, km = arc["from"], arc["to"], float(arc["km"])
        if a not in positions or b not in positions or a == b:
            problems.append(f"arc {a} – {b}: unknown place or a loop")
            continue
        straight = source.great_circle_km(positions[a], positions[b])
        if km + 0.06 < straight or km > 2 * straight + 1:
            problems.append(f"arc {a} – {b}: {km} km for {straight:.1f} km straight")
        if abs(int(arc["climbM"]) - int(arc["descentM"]) - (heights[b] - heights[a])) > 1:
            problems.append(f"arc {a} – {b}: climb and descent do not fit the elevations")
        if not 20 <= float(arc["kmh"]) <= 120:
            problems.append(f"arc {a} – {b}: {arc['kmh']} km/h")
        graph.setdefault(a, {})[b] = graph.setdefault(b, {})[a] = km
    reached = source.shortest_km(graph, places[0]["id"])
    problems += [f"{place['id']}: not connected" for place in places if place["id"] not in reached]
    return graph


def check_sites(places, sites, problems):
    known, ids = {place["id"] for place in places}, set()
    for site in sites:
        if site["id"] in ids or site["placeId"] not in known:
            problems.append(f"{site['id']}: twice, or its place is unknown")
        ids.add(site["id"])
        if [c["id"] for c in site["connectors"]] != list(range(1, len(site["connectors"]) + 1)):
            problems.append(f"{site['id']}: connector ids")
        for connector in site["connectors"]:
            if connector["type"] not in ("CCS2", "CHAdeMO", "Type2") or not 3 <= connector["powerKw"] <= 400:
                problems.append(f"{site['id']}: connector {connector}")
        if not 50 <= site["tariff"]["perKwhMinor"] <= 500:
            problems.append(f"{site['id']}: price")


def check_gaps(graph, sites, problems):
    fast = {site["placeId"] for site in sites if any(c["type"] == "CCS2" and c["powerKw"] >= 50 for c in site["connectors"])}
    site_rules.CORRIDORS = [", ".join(place_id(key.strip()) for key in text.split(",")) for text in site_rules.CORRIDORS]
    worst = 0.0
    for nodes in site_rules.corridor_nodes(graph):
        last = 0.0
        for node, km in nodes:
            if node in fast:
                worst = max(worst, km - last)
                if km - last > site_rules.FAST_GAP_KM:
                    problems.append(f"corridor {nodes[0][0]} – {nodes[-1][0]}: {km - last:.0f} km without a fast site before {node}")
                last = km
    return worst


def check_distances(graph, problems):
    report = {}
    for which in ("fit", "check"):
        errors = []
        for row in csv.DictReader((source.FOLDER / "distance-sample.csv").open(encoding="utf-8")):
            if row["set"] == which:
                km = source.shortest_km(graph, place_id(row["from"]))[place_id(row["to"])]
                errors.append(abs(km / float(row["km"]) - 1))
        errors.sort()
        report[which] = (len(errors), statistics.median(errors), errors[int(0.9 * len(errors))], errors[-1])
    _, median, p90, worst = report["check"]
    if median > MEDIAN_ERROR or p90 > P90_ERROR or worst > WORST_ERROR:
        problems.append(f"road distances: median error {median:.1%}, p90 {p90:.1%}, worst {worst:.1%}")
    return report


def main():
    places, arcs, sites = load()
    problems = []
    check_places(places, problems)
    graph = check_arcs(places, arcs, problems)
    check_sites(places, sites, problems)
    counts = {"places": len(places), "roads": len(arcs), "sites": len(sites)}
    problems += [f"{name}: {counts[name]}, wanted {least}" for name, least in WANTED.items() if counts[name] < least]
    worst_gap = check_gaps(graph, sites, problems)
    report = check_distances(graph, problems)
    print(", ".join(f"{count} {name}" for name, count in counts.items()), f"; longest gap between fast sites on a corridor {worst_gap:.0f} km")
    for which, (n, median, p90, worst) in report.items():
        print(f"road distances, {which} half: n={n}, |error| median {median:.1%}, p90 {p90:.1%}, worst {worst:.1%}")
    for problem in problems:
        print("WRONG:", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
