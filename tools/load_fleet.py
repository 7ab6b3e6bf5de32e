"""The numbered load fleet LOAD-00001 …: stations with two connectors, which are nobody's on the map. Settings of single services go through
the environment: the supervisor hands its own on, and each service reads its own sections."""
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Out at sea, so that the numbered stations are in nobody's way on the map.
LATITUDE, LONGITUDE = -30.0, -40.0


def write_sites(path: Path, stations: int) -> None:
    """The shipped sites and LOAD-00001 …, as charging reads them: it serves only sites that it knows."""
    sites = json.loads((ROOT / "data/network/sites.json").read_text(encoding="utf-8"))
    connectors = [{"id": number, "type": "CCS2", "powerKw": 60, "current": "DC"} for number in (1, 2)]
    tariff = {"currency": "BRL", "perKwhMinor": 189, "startFeeMinor": 0, "idlePerMinuteMinor": 0, "graceMinutes": 10}
    for number in range(1, stations + 1):
        sites["sites"].append({"id": f"LOAD-{number:05}", "name": "load test", "operator": "load test", "lat": LATITUDE + number % 40 * 0.01,
                               "lon": LONGITUDE + number // 40 * 0.01, "connectors": connectors, "tariff": tariff})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sites), encoding="utf-8")


def load_fleet_settings(run_dir: Path, stations: int) -> dict[str, str]:
    """The environment of `./evcosta up` that makes this fleet; writes the sites."""
    sites = run_dir / "load-sites.json"
    write_sites(sites, stations)
    return {"EVC_CHARGING_SITES_FILE": str(sites), "EVC_STATIONS_LOAD_FLEET": str(stations), "EVC_FLEET_LOAD": str(stations)}


def wait_for_fleet(driver, stations: int, within_s: float = 120) -> None:
    """Every thirtieth station and the last one are online with both connectors free."""
    deadline = time.monotonic() + within_s
    for number in [*range(1, stations, 30), stations]:
        while True:
            status, _, seen = driver.call("GET", f"/stations/LOAD-{number:05}", expect=(200, 404, 429))
            if status == 404:
                sys.exit("the platform has no load fleet; start it with ./bench/load --up, or with the settings that README.md names")
            if status == 200 and seen["status"] == "online" and all(one["status"] == "available" for one in seen["connectors"]):
                break
            if time.monotonic() > deadline:
                sys.exit(f"LOAD-{number:05} is not ready after {within_s} s: {seen}")
            time.sleep(0.25)
