"""Supervision: whatever is killed comes back by itself, as a new process, and says truly when it is ready."""
import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import yaml
from settled import CONSUMERS
from supervisor import KILLED_IN_A_CHARGE, readiness

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = yaml.safe_load((ROOT / "deploy/processes.yaml").read_text(encoding="utf-8"))["processes"]


def all_running(platform):
    return all(process["state"] in ("running", "done") for process in platform.supervised().values())


@pytest.mark.parametrize("name", [name for name, process in PROCESSES.items() if not process.get("once") and not process.get("brokers") and not process.get("faults") and name not in KILLED_IN_A_CHARGE])
def test_a_killed_process_comes_back(platform, eventually, name):
    eventually(lambda: all_running(platform), 60, 0.3, "everything running before")
    before = platform.supervised()[name]
    os.kill(before["pid"], signal.SIGKILL)

    def is_back():
        now = platform.supervised()[name]
        return now["state"] == "running" and now["pid"] != before["pid"] and now["restarts"] == before["restarts"] + 1

    eventually(is_back, 30, 0.3, f"{name} running again")
    eventually(lambda: all_running(platform), 60, 0.3, "everything running afterwards")


def test_a_supervised_pid_is_the_program_itself(platform):
    """No shell or wrapper in between: a signal to the pid hits the program."""
    for name, process in platform.supervised().items():
        if process["pid"]:
            program = Path(os.readlink(f"/proc/{process['pid']}/exe")).name
            assert program not in ("bash", "sh", "dash", "setpriv", "sudo"), name


def test_postgres_does_not_run_as_root(platform):
    pid = platform.supervised()["postgres"]["pid"]
    uid = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:")).split()[1]
    assert uid != "0"


def test_the_launcher_tells_an_already_running_platform(platform):
    answer = platform.evcosta("up")
    assert answer.returncode == 0
    assert "Already running" in answer.stdout


@pytest.fixture
def status(tmp_path, monkeypatch):
    """tools/status as a module, with a supervisor of the test's own: the socket that it listens on."""
    monkeypatch.setenv("RUN_DIR", str(tmp_path))
    monkeypatch.setenv("SUPERVISOR_SOCKET", str(tmp_path / "s"))
    loader = importlib.machinery.SourceFileLoader("status", str(ROOT / "tools/status"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("status", loader))
    loader.exec_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(8)
        yield module, listener


def test_status_asks_a_supervisor_again_that_cuts_it_short(status):
    module, listener = status
    answer = json.dumps({"data": [{"name": "one"}]}).encode()

    def serve():
        for _ in range(2):
            listener.accept()[0].close()
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        connection.close()

    supervisor = threading.Thread(target=serve)
    supervisor.start()
    assert module.processes() == {"one": {"name": "one"}}
    supervisor.join()


def test_status_waits_once_for_a_supervisor_that_never_answers(status):
    module, _ = status
    began = time.monotonic()
    with pytest.raises(SystemExit, match="has not answered for 1 s"):
        module.processes(patience_s=1)
    assert time.monotonic() - began < 2


def test_logs_of_an_unknown_process_name_the_known_ones(platform):
    answer = platform.evcosta("logs", "nosuch")
    assert answer.returncode != 0
    assert "postgres" in answer.stderr


@pytest.mark.parametrize("service", CONSUMERS)
def test_readiness_shows_how_the_inbox_is(platform, eventually, service):
    """Without being required: a service whose Kafka is away still serves requests, and its events wait."""
    shown = eventually(lambda: [one for one in [readiness(platform, service)[1]["checks"]["inbox"]] if one["ok"]], 15, 0.3, f"{service}'s inbox reading")
    assert shown == [{"ok": True, "required": False}]
