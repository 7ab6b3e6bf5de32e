"""Carries out the plan: signals to the pids that the platform's own supervisor names. The supervisor restarts what ended; nothing else helps it up."""
import os
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from plan import Strike
from supervisor import children, command_line, supervised_pids


def birth(pid: int) -> str | None:
    """When the process began, so that a pid that is used again is not taken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


class Striker:
    """One storm. `log` has one entry for each strike: when, what, which pid, what came of it."""

    def __init__(self, platform):
        self.platform = platform
        self.log: list[dict] = []
        self.paused: list[tuple[float, int, str | None, dict]] = []  # until, pid, birth, its entry in the log
        self.began = time.monotonic()
        self.supervisor_log = platform.log_dir / "supervisor.log"
        self.read_from = len(self.supervisor_log.read_text(encoding="utf-8", errors="replace"))

    # --- who

    def exits(self) -> list[dict]:
        """How processes ended since the storm began, by the supervisor's log, beside how often they were killed here. A signal is exit code -1 there."""
        ended: dict[str, Counter] = {}
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.supervisor_log.read_text(encoding="utf-8", errors="replace")[self.read_from:])
        for code, name in re.findall(r"Exited exit_code=(-?\d+) process=(\S+)", text):
            ended.setdefault(name, Counter())[code] += 1
        killed = Counter(entry["victim"] for entry in self.log if entry["done"] and entry["signal"] == "KILL")
        return [{"process": name, "killed": killed[name], "codes": dict(codes)} for name, codes in sorted(ended.items())]

    def find(self, strike: Strike) -> tuple[int | None, str]:
        """The pid to strike, and more about it."""
        pid = supervised_pids(self.platform).get("postgres" if strike.victim == "backend" else strike.victim)
        if pid is None:
            return None, "not running"
        if strike.victim != "backend":
            return pid, ""
        backends = sorted((command_line(pid), pid) for pid in children(pid))
        backends = [(text, pid) for text, pid in backends if "127.0.0.1(" in text]
        if not backends:
            return None, "no backend"
        text, pid = backends[int(strike.place * len(backends))]
        return pid, text.strip()

    # --- what

    def strike(self, strike: Strike) -> bool:
        """True when a process was killed."""
        pid, more = self.find(strike)
        entry = {"number": strike.number, "at_s": round(time.monotonic() - self.began, 3), "wall": time.time(), "victim": strike.victim, "signal": strike.signal,
                 "pid": pid, "pause_s": strike.pause_s, "more": more, "done": False}
        self.log.append(entry)
        if pid is None:
            return False
        born = birth(pid)
        try:
            os.kill(pid, signal.SIGKILL if strike.signal == "KILL" else signal.SIGSTOP)
        except ProcessLookupError:
            return False
        entry["done"] = True
        if strike.signal == "STOP":
            self.paused.append((time.monotonic() + strike.pause_s, pid, born, entry))
        return strike.signal == "KILL"

    def resume(self, now: float = float("inf")) -> None:
        """Continues what has been stopped for long enough; without `now`, everything."""
        due = [one for one in self.paused if one[0] <= now]
        self.paused = [one for one in self.paused if one[0] > now]
        for _, pid, born, entry in due:
            if born and birth(pid) == born:
                os.kill(pid, signal.SIGCONT)
                entry["resumed_at_s"] = round(time.monotonic() - self.began, 3)

    def run(self, plan: Iterator[Strike], kills: int, until: float) -> int:
        """Strikes until `kills` processes were killed or the time is over; how many were."""
        killed, due = 0, time.monotonic()
        try:
            while killed < kills and time.monotonic() < until:
                strike = next(plan)
                # Not from the plan's own clock: a late strike must not be followed by a heap of others.
                due = max(due + strike.after_s, time.monotonic() - 1)
                while (left := due - time.monotonic()) > 0:
                    self.resume(time.monotonic())
                    time.sleep(min(left, 0.05))
                self.resume(time.monotonic())
                killed += self.strike(strike)
        finally:
            self.resume()
        return killed

    def wait_until_ready(self, within_s: float) -> list[str]:
        """Every program of ours says so itself; those that did not."""
        waiting = {name: about["admin_port"] for name, about in self.platform.processes.items() if about["admin_port"]}
        deadline = time.monotonic() + within_s
        while waiting and time.monotonic() < deadline:
            time.sleep(0.2)
            waiting = {name: port for name, port in waiting.items() if not ready(port)}
        return sorted(waiting)


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=3) as answer:
            return answer.status == 200
    except OSError:
        return False
