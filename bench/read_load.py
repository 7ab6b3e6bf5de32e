"""Scenario read: as many authenticated GETs as the machine can do, over kept TLS 1.3 connections (wrk, a closed loop).

The yardstick of the same run is a path that does not exist: the gateway answers 404 by itself, so it costs TLS, parsing, trace and metrics, and
nothing behind the gateway. (The cheapest public route, the keys of auth, counts client addresses and would be refused after some hundred
requests from one address.)"""
import json
import os
import subprocess
import tempfile
from pathlib import Path

from processes import Meter

HERE = Path(__file__).resolve().parent
STEPS = (("yardstick", "/there-is-no-such-path", False), ("vehicles", "/users/me/vehicles", True), ("station", "/stations/BR-SP-0069", True))


def wrk(base_url: str, path: str, tokens: str | None, seconds: int, connections: int) -> dict:
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "read.lua"), base_url, "--", path]
    answer = subprocess.run(command + ([tokens] if tokens else []), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout.strip().splitlines()[-1])


def requests_allowed(drivers: int, seconds: int) -> int:
    """What the read class of contracts/routes.yaml lets these drivers ask in that time: 300 at once and 20 a second each."""
    return drivers * (300 + 20 * seconds)


def measure(run_dir: Path, drivers: list, seconds: int, connections: int) -> dict:
    base_url = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))["base_url"]
    steps = {}
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".tokens") as tokens:
        os.fchmod(tokens.fileno(), 0o600)
        tokens.write("".join(driver.token + "\n" for driver in drivers))
        tokens.flush()
        for name, path, signed_in in STEPS:
            wrk(base_url, path, tokens.name if signed_in else None, 1, 8)
            meter = Meter(run_dir)
            seen = wrk(base_url, path, tokens.name if signed_in else None, seconds, connections)
            cost = meter.read()
            done = max(1, seen["requests"])
            steps[name] = seen | {"path": path, "per_second": round(seen["requests"] / seen["duration_us"] * 1e6, 1), "cost": cost,
                                  "cpu_us_per_request": {process: round(spent * 1000 / done, 1) for process, spent in cost["cpu_ms"].items()}}
            if name == "yardstick":
                steps[name]["not_2xx"] -= seen["requests"]
            elif seen["requests"] > requests_allowed(len(drivers), seconds):
                steps[name]["note"] = "more requests than the drivers' limits allow: use more drivers"
    return {"seconds": seconds, "connections": connections, "drivers": len(drivers), "steps": steps,
            "ratios": {name: ratio(steps[name], steps["yardstick"]) for name in steps if name != "yardstick"}}


def ratio(step: dict, yardstick: dict) -> dict:
    def cpu(one: dict) -> float:
        return sum(one["cpu_us_per_request"].values())

    return {"throughput": round(step["per_second"] / yardstick["per_second"], 3), "cpu": round(cpu(step) / cpu(yardstick), 2),
            "gateway_cpu": round(step["cpu_us_per_request"]["gateway"] / yardstick["cpu_us_per_request"]["gateway"], 2)}
