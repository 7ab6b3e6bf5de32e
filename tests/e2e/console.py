"""The operator console in a browser: runs the checks of web/tests/browser on a running platform."""
import json
import subprocess
import threading

import yaml
from contract_files import ROOT

BROWSER = ROOT / "web/tests/browser"
SCOPES = yaml.safe_load((ROOT / "contracts/routes.yaml").read_text(encoding="utf-8"))["scopes"]["operator"]
TIME_LIMIT_S = 240


def person(operator, role: str) -> dict:
    return {"name": "Operadora", "roles": [role], "scopes": SCOPES[role], "token": operator.tokens["accessToken"]}


def browse(order: dict, station, *checks: str) -> dict[str, str]:
    """Check → what it said. `station` says what a check asks to be told of; none of them asks when there is none."""
    done, said = None, {}
    with subprocess.Popen(["node", str(BROWSER / "run.mjs"), *checks], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT / "web") as process:
        watchdog = threading.Timer(TIME_LIMIT_S, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.startswith("tell "):
                    process.stdin.write(f"{station.say(kind='connectorStatus', connectorId=1, status=line.split()[1])}\n")
                    process.stdin.flush()
                elif line.startswith(("ok ", "not ok ")):
                    done = line.removeprefix("not ").split()[1].rstrip(":")
                    said[done] = line
                elif done:
                    said[done] += line
        finally:
            watchdog.cancel()
    return said
