"""A supervisor that is killed leaves its servers behind: `down` still stops all of them, and `up` starts anew over them.

It runs on a copy of its own with the servers alone (a build without programs), so that the platform under test goes on.
"""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest


@pytest.fixture
def copy(platform):
    """Runs ./evcosta for the copy; stops it at the end whatever happened."""
    # PostgreSQL's user must be able to enter, which pytest's own folders do not allow.
    run_dir = platform.run_dir.parent / "lost-supervisor-run"
    subprocess.run(["rm", "-rf", str(run_dir)], check=True)
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(run_dir), "EVCOSTA_PORT_BASE": "16440", "EVCOSTA_BUILD": "none", "REQUIRE_ALL": ""}

    def evcosta(*arguments):
        return subprocess.run([str(platform.root / "evcosta"), *arguments], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=200, check=False)

    evcosta.run_dir = run_dir
    yield evcosta
    evcosta("down")


def processes(copy):
    return {process["name"]: process["pid"] for process in json.loads(copy("status", "--json").stdout)}


def is_alive(pid):
    """A process that has ended and that nobody has reaped is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill_supervisor(copy):
    os.kill(int((copy.run_dir / "supervisor.pid").read_text()), signal.SIGKILL)
    time.sleep(0.2)  # the kernel takes it from /proc; nothing announces that


def test_down_and_up_after_the_supervisor_was_killed(copy):
    assert copy("up", "--no-build").returncode == 0
    first = processes(copy)
    assert {"postgres", "redis", "kafka", "collector"} <= first.keys()
    kill_supervisor(copy)

    again = copy("up", "--no-build")
    assert again.returncode == 0, again.stderr
    assert not [name for name, pid in first.items() if is_alive(pid)]

    second = processes(copy)
    kill_supervisor(copy)
    assert copy("down").returncode == 0
    assert not [name for name, pid in second.items() if is_alive(pid)]
