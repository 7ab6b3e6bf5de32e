"""Processes of the platform as their twins with live crash points (kit/testing/crash_points): killed at a border of a step, by an order in
a table that they share with the test, and started again at once."""
import mmap
import os
import signal
import struct
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from gates import environment_of, free_port

HEAD, ROW, SIDES = struct.Struct("<8sQ48x"), struct.Struct("<64s6Q16x"), ("before", "after")
MAGIC = b"EVCRASH1"


class CrashTable:
    """The table's other end. Orders and counts are there before the process is, and after it."""

    def __init__(self, path: Path):
        self.path, self.memory = path, None
        self.places: dict[str, int] = {}

    def opened(self) -> bool:
        if self.memory is None:
            if not self.path.exists() or self.path.stat().st_size < HEAD.size:
                return False
            with self.path.open("r+b") as file:
                memory = mmap.mmap(file.fileno(), 0)
            magic, rows = HEAD.unpack_from(memory, 0)
            if magic != MAGIC:
                return False
            self.places = {ROW.unpack_from(memory, HEAD.size + ROW.size * row)[0].rstrip(b"\0").decode(): HEAD.size + ROW.size * row for row in range(rows)}
            self.memory = memory
        return True

    def _place(self, name: str, side: str, column: int) -> int:
        return self.places[name] + 64 + 24 * SIDES.index(side) + 8 * column

    def order(self, name: str, side: str, deaths: int = 1) -> None:
        struct.pack_into("<Q", self.memory, self._place(name, side, 0), deaths)

    def _count(self, name: str, side: str, column: int) -> int:
        return struct.unpack_from("<Q", self.memory, self._place(name, side, column))[0]

    def ordered(self, name: str, side: str) -> int:
        return self._count(name, side, 0)

    def reached(self, name: str, side: str) -> int:
        return self._count(name, side, 1)

    def died(self, name: str, side: str) -> int:
        return self._count(name, side, 2)

    def borders(self) -> list[tuple[str, str]]:
        return [(name, side) for name in self.places for side in SIDES]

    def deaths(self) -> int:
        return sum(self.died(*border) for border in self.borders())


class Twin:
    """One process in the place of the platform's own, or beside it when it has ports and a name of its own (`settings`)."""

    def __init__(self, platform, pid: int, name: str, table: CrashTable, **settings: str):
        """`pid`: of the process whose command and environment it takes over."""
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
        program = Path(os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)"))
        self.name, self.table = name, table
        self.program = program.parent.parent / "crashing" / f"{program.name.removesuffix('-crashing')}-crashing"
        assert self.program.exists(), f"{self.program} is not built: the target is `crashing`"
        self.command, self.folder = words, os.readlink(f"/proc/{pid}/cwd")
        self.log = platform.log_dir / f"{name}.log"
        self.environment = {**environment_of(pid), "EVC_CRASH_TABLE": str(table.path), "EVC_LOG_FILE": str(self.log), **settings}
        self.admin = f"http://127.0.0.1:{self.environment['EVC_ADMIN_PORT']}"
        self.port = int(self.environment.get("EVC_LISTEN_PORT", 0))
        self.starts: list[float] = []
        self.ends: list[int] = []  # exit codes
        self.leaving = threading.Event()
        self.process: subprocess.Popen | None = None
        self.keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> "Twin":
        self.keeper.start()
        return self

    def _keep(self) -> None:
        """What ends comes back, at once."""
        while not self.leaving.is_set():
            with self.log.open("ab") as output:
                self.process = subprocess.Popen(self.command, executable=self.program, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                                stdout=output, stderr=output)
            self.starts.append(time.monotonic())
            self.ends.append(self.process.wait())
            # One that cannot start must not be started a thousand times.
            self.leaving.wait(0 if self.ends[-1] == -signal.SIGKILL else 0.5)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.admin + "/health/ready", timeout=2) as answer:
                return answer.status == 200 and self.table.opened()
        except OSError:
            return False

    def close(self) -> None:
        """As a drain: SIGTERM, and what it takes."""
        self.leaving.set()
        while self.keeper.is_alive():
            if self.process is not None:
                self.process.terminate()
            self.keeper.join(30)


class CrashingPlatform:
    """The processes of `names` are twins from start() to close()."""

    def __init__(self, platform, supervisor, names: tuple[str, ...], folder: Path, **settings: dict[str, str]):
        self.platform, self.supervisor = platform, supervisor
        pids = {name: supervisor.pid(name) for name in names}
        self.tables = {name: CrashTable(folder / f"{name}.crash-table") for name in names}
        self.twins = {name: Twin(platform, pids[name], name, self.tables[name], **settings.get(name, {})) for name in names}

    def beside(self, process: str, name: str) -> Twin:
        """Another process of the same program, which shares the table: an order kills one of the two. Who asks for it closes it."""
        first = self.twins[process]
        return Twin(self.platform, first.process.pid, name, self.tables[process], EVC_SERVICE_INSTANCE=name, EVC_LISTEN_PORT=str(free_port()),
                    EVC_ADMIN_PORT=str(free_port())).start()

    def start(self, eventually) -> "CrashingPlatform":
        # Services first: a relay waits for its service's tables.
        for name in self.twins:
            self.supervisor.stop(name)
            self.twins[name].start()
        eventually(self.ready, 60, what="the twins to be ready")
        return self

    def ready(self) -> bool:
        return all(twin.ready() for twin in self.twins.values())

    def close(self) -> None:
        for twin in self.twins.values():
            twin.close()
        # One after the other: the supervisor gives up a process whose predecessor is not there yet.
        for name in self.twins:
            self.supervisor.start(name)
            self.supervisor.wait_for_return(name, None, 60)

    def cancel_orders(self) -> None:
        for table in self.tables.values():
            for border in table.borders():
                table.order(*border, deaths=0)

    def open_orders(self) -> list[tuple[str, str, str]]:
        return [(process, *border) for process, table in self.tables.items() for border in table.borders() if table.ordered(*border)]

    def deaths(self) -> int:
        return sum(table.deaths() for table in self.tables.values())
