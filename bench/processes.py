"""What the platform's processes cost: processor time and memory, from /proc, for the processes that `./evcosta status --json` names."""
import json
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
SUPERVISOR = "supervisor"  # process-compose: probes and logs; its children are counted by their own names


def pids(run_dir: Path) -> dict[str, int]:
    answer = subprocess.run([str(ROOT / "evcosta"), "status", "--json"], env={**os.environ, "EVCOSTA_RUN_DIR": str(run_dir)},
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    named = {process["name"]: process["pid"] for process in json.loads(answer.stdout) if process["pid"]}
    return named | {SUPERVISOR: int((run_dir / "supervisor.pid").read_text(encoding="ascii"))}


def stat(pid: int) -> list[str]:
    """The fields after the name; field 0 is the state, 1 the parent."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()


def families(named: dict[str, int]) -> dict[str, list[int]]:
    """Each process with its children: PostgreSQL is one per connection."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            children.setdefault(int(stat(int(entry.name))[1]), []).append(int(entry.name))
        except OSError:
            continue
    return {name: [pid, *(children.get(pid, []) if name != SUPERVISOR else [])] for name, pid in named.items()}


def cpu_ms(members: list[int], *, ended_children: bool) -> float:
    """utime + stime, and those of children that ended meanwhile."""
    ticks = 0
    for pid in members:
        try:
            ticks += sum(int(field) for field in stat(pid)[11 : 15 if ended_children else 13])
        except OSError:
            continue
    return ticks * TICK_MS


def memory_mb(members: list[int]) -> float:
    """The resident size; of a family the proportional one, because its members share memory."""
    wanted = "Rss:" if len(members) == 1 else "Pss:"
    total_kb = 0
    for pid in members:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith(wanted))
    return round(total_kb / 1024, 1)


class Meter:
    """Processor time of every process since the meter was made."""

    def __init__(self, run_dir: Path):
        self.named = pids(run_dir)
        self.before = self._now()
        self.started = time.monotonic()
        self.machine_before = machine_cpu_ms()
        self.load_before = own_cpu_ms()

    def _now(self) -> dict[str, float]:
        return {name: cpu_ms(members, ended_children=name != SUPERVISOR) for name, members in families(self.named).items()}

    def read(self) -> dict:
        after = self._now()
        seconds = time.monotonic() - self.started
        busy, total = (now - before for now, before in zip(machine_cpu_ms(), self.machine_before))
        spent = {name: round(after[name] - self.before[name], 1) for name in after}
        memory = {name: memory_mb(members) for name, members in families(self.named).items()}
        return {"seconds": round(seconds, 2), "machine_busy": round(busy / total, 3), "platform_share": round(sum(spent.values()) / total, 3),
                "load_share": round((own_cpu_ms() - self.load_before) / total, 3), "memory_mb": memory, "cpu_ms": spent}


def own_cpu_ms() -> float:
    """Of the load itself, wrk included."""
    return sum(os.times()[:4]) * 1000


def machine_cpu_ms() -> tuple[float, float]:
    """(busy, all) of all cores; a time that another machine took of ours counts as busy."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) * TICK_MS, sum(fields) * TICK_MS


def idle_cost(run_dir: Path, seconds: float = 5) -> dict[str, float]:
    """CPU milliseconds a second of each process without load."""
    meter = Meter(run_dir)
    time.sleep(seconds)
    read = meter.read()
    return {name: round(spent / read["seconds"], 2) for name, spent in read["cpu_ms"].items()}
