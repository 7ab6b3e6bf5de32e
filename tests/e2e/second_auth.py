"""A second process of auth beside the platform's own, over the same databases, which a test may kill."""
import asyncio
import os
import subprocess
import urllib.request
from pathlib import Path

from gates import ended, environment_of, free_port


class SecondAuth:
    """As the platform's own one was started, but for its ports and its name. What is killed comes back at once."""

    def __init__(self, platform, folder: Path):
        pid = platform.supervised()["auth"]["pid"]
        self.port, self.admin_port, self.deaths = free_port(), free_port(), 0
        self.command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
        self.program, self.folder = os.readlink(f"/proc/{pid}/exe"), os.readlink(f"/proc/{pid}/cwd")
        self.environment = {**environment_of(pid), "EVC_LISTEN_PORT": str(self.port), "EVC_ADMIN_PORT": str(self.admin_port), "EVC_SERVICE_INSTANCE": "auth-2",
                            "EVC_LOG_FILE": str(folder / "auth-2.log")}
        self.log = folder / "auth-2.out"
        self._start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, executable=self.program, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    async def kill(self, after_s: float) -> None:
        await asyncio.sleep(after_s)  # where in the work it dies is left to chance
        self.process.kill()
        self.process.wait()
        self.deaths += 1
        self._start()

    def close(self) -> None:
        ended(self.process)
