"""A gateway of a test's own whose way to one service leads through the fault gate; the platform's gateway keeps its straight one."""
import json
import os
import re
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from free_port import free_port
from traces import jaeger_trace


def environment_of(pid: int) -> dict:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def ended(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class FaultGate:
    """One gate, before one port of the platform."""

    def __init__(self, program: Path, target_port: int):
        self.process = subprocess.Popen([program, "--listen", "0", "--target", f"localhost:{target_port}", "--control", "0"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"control on port (\d+), gate on (\d+) ", line)
        assert found, f"the gate says {line!r}"
        self.control, self.port = map(int, found.groups())

    def _call(self, method: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}/gates/gate", method=method, data=body and json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"} if body else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def set(self, mode: str, **more) -> dict:
        return self._call("PUT", {"mode": mode, **more})

    def counts(self) -> dict:
        return self._call("GET")

    def close(self) -> None:
        ended(self.process)


class SecondGateway:
    """evcosta-gateway as the platform's own one was started, but for its ports, its one worker (so one breaker, one retry budget, one
    pool), the addresses of `peer` and further settings."""

    def __init__(self, platform, peer: str, peer_port: int, log: Path, **more_settings: str):
        pid = platform.supervised()["gateway"]["pid"]
        self.peer, self.admin_port, port = peer, free_port(), free_port()
        self.url = f"https://localhost:{port}"
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
        settings = {"EVC_LISTEN_PORT": str(port), "EVC_ADMIN_PORT": str(self.admin_port), "EVC_WORKERS": "1", "EVC_SERVICE_INSTANCE": f"gateway-{port}",
                    f"EVC_PEERS_{peer.upper()}": f"localhost:{peer_port}", **more_settings}
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, executable=os.readlink(f"/proc/{pid}/exe"), cwd=os.readlink(f"/proc/{pid}/cwd"),
                                            env={**environment_of(pid), **settings}, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.log = log

    def admin(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as answer:
            return answer.read().decode()

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
        try:
            return bool(self.admin("/health/ready"))
        except OSError:
            return False

    def breaker(self, name: str) -> str:
        """closed, half-open or open, as its metric says."""
        lines = [line for line in self.admin("/metrics").splitlines() if line.startswith("http_client_breaker_state{")]
        states = [line.split()[-1] for line in lines if f'breaker="{name}"' in line and f'peer="{self.peer}"' in line]
        return ("closed", "half-open", "open")[int(states[0])] if states else "closed"

    def close(self) -> None:
        ended(self.process)


class Caller:
    """A signed-in person's requests to one path of a second gateway."""

    def __init__(self, person, gateway: SecondGateway, path: str):
        self.person, self.url, self.path = person, gateway.url + path, path

    def __call__(self):
        """(answer, seconds)"""
        begun = time.monotonic()
        answer = self.person.http.get(self.url, timeout=30)
        return answer, time.monotonic() - begun

    def at_once(self, count: int) -> list:
        with ThreadPoolExecutor(count) as threads:
            return [done.result() for done in [threads.submit(self) for _ in range(count)]]


def tries_of(platform, eventually, trace_id: str, count: int, name: str) -> list[tuple[float, float]]:
    """(begin, end) in seconds of each client span `name` of the gateway in a trace, in order."""
    def found():
        spans = [span for span in jaeger_trace(platform, trace_id) if span["name"] == name and span["service"] == "gateway" and span["kind"] == "client"]
        return spans if len(spans) >= count else None
    spans = eventually(found, 20, every_s=0.3, what=f"{count} tries in trace {trace_id}")
    return sorted((span["begin"], span["end"]) for span in spans)


def distances(tries: list[tuple[float, float]]) -> list[float]:
    """Seconds between the end of a try and the next one."""
    return [later[0] - earlier[1] for earlier, later in zip(tries, tries[1:])]
