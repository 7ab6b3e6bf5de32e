"""A platform of the benchmark's own: other ports, another folder, and the numbered load fleet instead of the demonstration one."""
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Out at sea, so that the numbered stations are in nobody's way on the map.
LATITUDE, LONGITUDE = -30.0, -40.0


def folder(own: bool) -> Path:
    default = ROOT / ("build/bench-run" if own else "run")
    return Path(os.environ.get("EVCOSTA_RUN_DIR") or default).resolve()


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


def evcosta(*words: str, **settings: str) -> None:
    if subprocess.run([str(ROOT / "evcosta"), *words], env={**os.environ, **settings}, stdin=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"./evcosta {words[0]} failed")


def up(run_dir: Path, port_base: int, stations: int) -> None:
    """Settings of single services go through the environment: the supervisor hands its own on, and each service reads its own sections."""
    sites = run_dir / "load-sites.json"
    write_sites(sites, stations)
    try:
        evcosta("up", "--no-build", EVCOSTA_PORT_BASE=str(port_base), EVC_CHARGING_SITES_FILE=str(sites), EVC_STATIONS_LOAD_FLEET=str(stations),
                EVC_FLEET_LOAD=str(stations))
    except BaseException:
        down()
        raise


def down() -> None:
    evcosta("down")
