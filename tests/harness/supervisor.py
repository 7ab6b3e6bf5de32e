"""Breaks and mends processes of the platform under test, by its own supervisor and by signals to its own pids."""
import functools
import http.client
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

# test_crash kills these in the middle of a charge, test_supervision the others.
KILLED_IN_A_CHARGE = ["gateway", "auth", "user", "routing", "charging", "payment", "integrations", "relay-charging", "relay-payment", "relay-integrations",
                      "payment-provider", "charge-points", "postgres", "redis", "kafka", "collector"]


class SupervisorConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Supervisor:
    """process-compose of one platform."""

    def __init__(self, platform):
        self.platform = platform
        pid = int((platform.run_dir / "supervisor.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
        self.socket_path = words[words.index("-u") + 1]

    def call(self, method: str, path: str):
        connection = SupervisorConnection(self.socket_path)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, f"{method} {path} → {answer.status} {content[:300]!r}"
            return json.loads(content)
        finally:
            connection.close()

    def stop(self, process: str) -> None:
        self.call("PATCH", f"/process/stop/{process}")
        self.wait(process, lambda about: about["pid"] is None, 60, "to end")

    def start(self, process: str) -> None:
        self.call("POST", f"/process/start/{process}")

    def processes(self) -> dict:
        """Process name → pid, state, restarts. Like `evcosta status`, without a shell."""
        def about(process):
            state = process["status"].lower()
            if state == "running" and process["is_ready"] != "Ready":
                state = "starting"
            elif state == "completed" and self.platform.processes[process["name"]]["once"]:
                state = "done" if process["exit_code"] == 0 else "failed"
            return {"pid": process["pid"] if process["is_running"] else None, "state": state, "restarts": process["restarts"]}
        return {process["name"]: about(process) for process in self.call("GET", "/processes")["data"]}

    def pid(self, process: str) -> int:
        return self.processes()[process]["pid"]

    def kill(self, process: str) -> int:
        """SIGKILL to the process as the supervisor knows it; its pid."""
        pid = self.pid(process)
        assert pid, f"{process} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait(self, process: str, reached, within_s: float, what: str) -> dict:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            about = self.processes()[process]
            if reached(about):
                return about
            time.sleep(0.5)  # its table costs the supervisor CPU
        raise AssertionError(f"{process} was expected {what} within {within_s} s; it is {about}")

    def wait_for_return(self, process: str, old_pid: int | None, within_s: float = 90) -> None:
        self.wait(process, lambda about: about["state"] == "running" and about["pid"] not in (None, old_pid), within_s, "to come back and be ready")

    def wait_until_all_ready(self, within_s: float = 120) -> None:
        deadline = time.monotonic() + within_s
        while True:
            waiting = {name: about["state"] for name, about in self.processes().items() if about["state"] not in ("running", "done")}
            if not waiting:
                return
            assert time.monotonic() < deadline, f"not ready after {within_s} s: {waiting}"
            time.sleep(0.5)


def readiness(platform, process: str) -> tuple[int, dict]:
    """(status, body) of the process's GET /health/ready."""
    try:
        with urllib.request.urlopen(platform.admin_url(process) + "/health/ready", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            pass
    return found


@functools.lru_cache(maxsize=4)
def configured(file: Path, _written_ns: int) -> dict:
    """The processes of a process-compose file; reading one takes as long as a tenth of a second."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))["processes"]


def supervised_pids(platform) -> dict[str, int]:
    """Process → pid of all that run, from /proc alone: the supervisor's own table costs it a second of CPU and is late on a busy machine."""
    file = platform.run_dir / "config/process-compose.yaml"
    started, found = configured(file, file.stat().st_mtime_ns), {}
    for pid in children(int((platform.run_dir / "supervisor.pid").read_text())):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
            settings = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        for name, about in started.items():
            # A program that was started by another one (setpriv) is the end of its command; relays differ by their environment only.
            same = about["entrypoint"][-len(words):] == words and all(setting in settings for setting in about["environment"])
            # Redis writes a title over its command and its environment.
            if same or words[0].startswith(about["entrypoint"][0] + " "):
                found[name] = pid
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
