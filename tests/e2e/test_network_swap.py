"""A map is imported while drivers ask for routes: the running service takes the new network without a restart and without a failed request, and
refuses a broken one. At the end the shipped network is there again."""
import concurrent.futures
import shutil
import threading
import urllib.request

import pytest

# A grid of streets in the middle of São José dos Campos, 12 × 12 of 300 m, and what stands beside them.
SOUTH, WEST, STEP, SIDE = -23.20, -45.90, 0.003, 12
TRIP = {"from": f"{SOUTH + STEP},{WEST + STEP}", "to": f"{SOUTH + 10 * STEP},{WEST + 9 * STEP}"}


def grid_map(stations: int) -> str:
    lines = ["<?xml version='1.0'?>", '<osm version="0.6">']
    for row in range(SIDE):
        for column in range(SIDE):
            lines.append(f'<node id="{1000 + row * SIDE + column}" version="1" lat="{SOUTH + row * STEP:.6f}" lon="{WEST + column * STEP:.6f}"/>')
    for number in range(stations):
        lines.append(f'<node id="{5000 + number}" version="1" lat="{SOUTH + (number % SIDE) * STEP + 0.0001:.6f}" lon="{WEST + number * 0.0005:.6f}">'
                     '<tag k="amenity" v="charging_station"/><tag k="name" v="Estação"/><tag k="socket:type2_combo" v="2"/></node>')
    lines.append(f'<node id="7000" version="1" lat="{SOUTH + 5 * STEP + 0.0002:.6f}" lon="{WEST + 5 * STEP:.6f}"><tag k="amenity" v="restaurant"/><tag k="name" v="Cantina"/></node>')
    lines.append(f'<node id="6000" version="1" lat="{SOUTH}" lon="{WEST}"><tag k="place" v="suburb"/><tag k="name" v="Malha Nova"/></node>')
    for line in range(SIDE):
        for way, nodes in ((line, [1000 + line * SIDE + i for i in range(SIDE)]), (100 + line, [1000 + i * SIDE + line for i in range(SIDE)])):
            refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
            lines.append(f'<way id="{way + 1}" version="1">{refs}<tag k="highway" v="secondary"/></way>')
    return "\n".join([*lines, "</osm>"])


def loads(platform, outcome: str) -> float:
    with urllib.request.urlopen(platform.admin_url("routing") + "/metrics", timeout=5) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f'routing_network_loads_total{{outcome="{outcome}"}}'):
                return float(line.split()[-1])
    return 0


@pytest.fixture
def shipped_again(platform, eventually, driver):
    yield
    shutil.rmtree(platform.run_dir / "roads", ignore_errors=True)
    eventually(lambda: driver.get("/routing", **TRIP)["certificate"]["data"]["distances"].startswith("estimated"), within_s=60, what="the shipped network")


class Load:
    """Drivers who ask for the same trip again and again, until told to stop; keeps every answer that is none."""

    def __init__(self, somebody, threads: int = 4):
        self.stopping, self.answers, self.failures = threading.Event(), [], []
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.running = [self.pool.submit(self.drive, somebody()) for _ in range(threads)]

    def drive(self, driver):
        while not self.stopping.wait(0.3):  # each may ask four times a second
            answer = driver.request("GET", "/routing", params=TRIP)
            (self.answers if answer.status_code == 200 and answer.json()["feasible"] else self.failures).append(answer)

    def stop(self):
        self.stopping.set()
        for one in self.running:
            one.result()
        self.pool.shutdown()


def network_of(answer) -> str:
    return answer.json()["certificate"]["data"]["distances"]


def test_a_network_is_exchanged_under_load_and_a_broken_one_is_not(platform, somebody, eventually, driver, tmp_path, shipped_again):
    taken, refused = loads(platform, "taken"), loads(platform, "refused")
    load = Load(somebody)
    try:
        eventually(lambda: len(load.answers) > 10, within_s=30, what="the first answers")
        assert network_of(load.answers[0]).startswith("estimated")
        for turn, stations in enumerate((4, 9)):
            (tmp_path / f"grid{turn}.osm").write_text(grid_map(stations), encoding="utf-8")
            made = platform.evcosta("import", str(tmp_path / f"grid{turn}.osm"), timeout=120)
            assert made.returncode == 0 and "plans on it now" in made.stdout, made.stdout + made.stderr
            assert loads(platform, "taken") == taken + turn + 1
            eventually(lambda: f"grid{turn}.osm" in network_of(load.answers[-1]), within_s=20, what="an answer on the new network")
        # Beside the old one, which is mapped: whoever cuts off a file that is in use harms its users.
        roads, broken = platform.run_dir / "roads", platform.run_dir / "roads.broken"
        shutil.copytree(roads, broken)
        (broken / "points.bin").write_bytes((roads / "points.bin").read_bytes()[:-8])
        roads.rename(tmp_path / "old")
        broken.rename(roads)
        eventually(lambda: loads(platform, "refused") == refused + 1, within_s=20, what="the refusal")
        before = len(load.answers)
        eventually(lambda: len(load.answers) > before + 10, within_s=30, what="answers after the refusal")
        assert "grid1.osm" in network_of(load.answers[-1]), "the old network stays"
    finally:
        load.stop()
    assert not load.failures, (load.failures[0].status_code, load.failures[0].text)
    assert "points.bin" in platform.evcosta("logs", "routing").stdout, "the log says why"
    assert driver.get("/places", q="malha nova")["places"][0]["id"] == "osm-6000"
    hungry = driver.get("/routing", **TRIP, pois="food,toilet", poiDetourSeconds=600, geometryFormat="polyline6")
    assert [poi["name"] for poi in hungry["pois"]] == ["Cantina"] and hungry["pois"][0]["detourSeconds"] <= 600
    assert hungry["geometry"]["type"] == "polyline6" and len(hungry["geometry"]["points"]) > 10
    assert driver.get("/routing", **TRIP)["pois"] == []
    by_place = driver.get("/routing", **{**TRIP, "from": "place:osm-6000"})
    assert by_place["feasible"] and by_place["legs"][0]["from"]["name"] == "Malha Nova"
    off = driver.request("GET", "/routing", params={**TRIP, "to": "-22.5,-44.0"})
    assert off.status_code == 422 and off.json()["code"] == "location-not-routable"
    assert off.json()["errors"][0]["pointer"] == "?to" and "the nearest point is -23.1" in off.json()["errors"][0]["detail"]
