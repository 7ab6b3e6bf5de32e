"""A copy of a service beside the platform's own, on ports of its own: started as that one was, with other settings."""
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from free_port import free_port
from processes import pids

READY_WITHIN_S = 20


class SecondService:
    """Its spans and log lines go where those of the platform's own services go, unless a setting says otherwise. Ended by `with`."""

    def __init__(self, run_dir: Path, service: str, name: str, **settings: str):
        own = pids(run_dir)[service]
        environment = dict(pair.split("=", 1) for pair in Path(f"/proc/{own}/environ").read_bytes().decode().split("\0") if "=" in pair)
        self.port, admin = free_port(), free_port()
        environment |= {"EVC_LISTEN_PORT": str(self.port), "EVC_ADMIN_PORT": str(admin), "EVC_SERVICE_INSTANCE": name, "EVC_LOG_FILE": str(run_dir / f"log/{name}.log"), **settings}
        command = Path(f"/proc/{own}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
        self.process = subprocess.Popen(command, executable=os.readlink(f"/proc/{own}/exe"), cwd=os.readlink(f"/proc/{own}/cwd"), env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._ready(admin):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                sys.exit(f"{name} did not become ready: see {environment['EVC_LOG_FILE']}")
            time.sleep(0.1)

    @staticmethod
    def _ready(admin: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{admin}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def __enter__(self) -> "SecondService":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(20)
