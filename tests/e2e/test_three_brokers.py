"""Three brokers: any one of them may die under load. What was acknowledged stays, and events stand still for a few seconds at most."""
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from contract_check import contracts
from settled import PRODUCERS, assert_streams_whole
from supervisor import Supervisor

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
LOOPS, STATIONS_A_LOOP = 6, 8
LONGEST_STOP_S = 10


def run(*arguments, run_dir, base, timeout=400):
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(run_dir), "EVCOSTA_PORT_BASE": str(base)}
    return subprocess.run([str(ROOT / "evcosta"), *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def cluster():
    """A platform of its own with three brokers and the load fleet; needs no other one."""
    sys.path[:0] = [str(ROOT / folder) for folder in ("tools", "tests/storm")]
    from load_fleet import load_fleet_settings
    from running_platform import Platform

    run_dir = ROOT / "build/three-brokers-run"
    base = int(os.environ.get("EVCOSTA_E2E_PORT_BASE", "17440")) + 400
    subprocess.run(["rm", "-rf", str(run_dir)], check=True)
    os.environ |= load_fleet_settings(run_dir, LOOPS * STATIONS_A_LOOP)
    up = run("up", "--no-build", "--brokers", "3", run_dir=run_dir, base=base)
    try:
        assert up.returncode == 0, up.stdout[-3000:] + up.stderr[-3000:]
        yield Platform(run_dir)
    finally:
        down = run("down", run_dir=run_dir, base=base)
        assert down.returncode == 0, down.stderr


class Delays(threading.Thread):
    """The age of the oldest committed event that is not delivered, of each relay, five times a second."""

    def __init__(self, platform):
        super().__init__(daemon=True)
        self.platform, self.ending, self.longest = platform, threading.Event(), dict.fromkeys(PRODUCERS, 0.0)

    def run(self):
        while not self.ending.wait(0.2):
            for service in PRODUCERS:
                with urllib.request.urlopen(self.platform.admin_url(f"relay-{service}") + "/metrics", timeout=10) as answer:
                    found = re.search(r"^outbox_relay_lag_seconds\{[^}]*\} (\S+)$", answer.read().decode(), re.MULTILINE)
                self.longest[service] = max(self.longest[service], float(found.group(1)))

    def take(self) -> dict:
        taken, self.longest = self.longest, dict.fromkeys(PRODUCERS, 0.0)
        return taken


def test_status_knows_them_and_every_topic_has_three_replicas(cluster):
    states = {name: about["state"] for name, about in cluster.supervised().items()}
    assert {name: states[name] for name in ("kafka", "kafka-2", "kafka-3", "topics")} == {"kafka": "running", "kafka-2": "running", "kafka-3": "running", "topics": "done"}
    assert "EVCOSTA_KAFKA_BROKERS=3" in (cluster.run_dir / "settings").read_text(encoding="utf-8")
    found = AdminClient(cluster.kafka_settings("platform-admin")).list_topics(timeout=20)
    assert len(found.brokers) == 3
    for row in contracts().topics["topics"] + contracts().topics["dead_letters"]:
        assert {len(partition.replicas) for partition in found.topics[row["name"]].partitions.values()} == {3}, row["name"]


def test_any_broker_may_die_under_load(cluster):
    from load import Load
    from load_driver import load_drivers
    from load_fleet import wait_for_fleet

    supervisor, load, delays = Supervisor(cluster), Load(random.SystemRandom().randrange(1 << 31), 3), Delays(cluster)
    print(f"seed {load.seed}")
    drivers = load_drivers(cluster.run_dir, LOOPS)
    wait_for_fleet(drivers[0], LOOPS * STATIONS_A_LOOP)
    load.run(drivers, LOOPS * STATIONS_A_LOOP)
    delays.start()
    stops = {}
    try:
        time.sleep(10)  # the load itself: charges are on their way
        delays.take()
        for broker in ("kafka", "kafka-2", "kafka-3"):
            killed = supervisor.kill(broker)
            supervisor.wait_for_return(broker, killed, 120)
            time.sleep(10)  # load again, with all of them
            stops[broker] = delays.take()
    finally:
        late = load.end(240)
        delays.ending.set()
    print(stops)
    assert not late
    longest = {broker: max(of_relays.values()) for broker, of_relays in stops.items()}
    assert max(longest.values()) <= LONGEST_STOP_S, stops
    assert_streams_whole(cluster, 120)


def test_another_number_of_brokers_begins_empty_and_is_filled_from_the_outboxes(cluster):
    """The same platform with one broker again: everything that its outboxes have is there."""
    base = cluster.port("GATEWAY_PORT") - 3
    assert run("down", run_dir=cluster.run_dir, base=base).returncode == 0
    up = run("up", "--no-build", "--brokers", "1", run_dir=cluster.run_dir, base=base)
    assert up.returncode == 0, up.stdout[-3000:] + up.stderr[-3000:]
    assert "1 Kafka brokers instead of 3" in up.stdout
    from running_platform import Platform
    assert_streams_whole(Platform(cluster.run_dir), 180)
