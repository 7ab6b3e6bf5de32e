"""Kafka's disk is lost in the middle of charges: `./evcosta kafka rebuild` makes a new cluster, and the outboxes fill it with the same events
in the same order. Whoever had read them already does nothing a second time."""
import subprocess
import time

import pytest
from settled import PRODUCERS, assert_one_end, assert_streams_whole, outboxes
from streams import first_occurrences, read_topics
from supervisor import Supervisor


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


def metric(platform, process: str, name: str) -> float:
    import re
    import urllib.request
    with urllib.request.urlopen(platform.admin_url(process) + "/metrics", timeout=10) as answer:
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", answer.read().decode(), re.MULTILINE))


@pytest.mark.timeout(420)
def test_a_lost_disk_is_filled_again_from_the_outboxes(platform, eventually, supervisor, somebody):
    first, second = somebody(), somebody()
    charging, _ = first.started()
    first.until_charging(charging["sessionId"])
    known = {(record.topic, record.key): record.event["eventId"] for record in first_occurrences(read_topics(platform)) if record.event["sequence"] == 1}
    emitted_before = {service: metric(platform, f"relay-{service}", "outbox_relay_emitted_again_total") for service in PRODUCERS}

    before = supervisor.processes()["kafka"]["restarts"]
    subprocess.run(["rm", "-rf", str(platform.run_dir / "data/kafka")], check=True)
    supervisor.wait("kafka", lambda about: about["restarts"] > before, 60, "to end without its disk, and not to come back")
    # Without Kafka people are still served, and the outboxes take what they do.
    meanwhile = second.start(second.order(*second.free_connector()))
    assert meanwhile.status_code == 201, meanwhile.text
    written = outboxes(platform)
    began = time.monotonic()
    rebuilt = platform.evcosta("kafka", "rebuild", timeout=300)
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    print(rebuilt.stdout, f"rebuilt in {time.monotonic() - began:.1f} s")
    assert "has not joined" not in rebuilt.stdout, rebuilt.stdout

    first.stop_patiently(charging["sessionId"])
    assert assert_one_end(platform, eventually, first, charging["sessionId"])["state"] == "CAPTURED"
    # Its station may have heard of it too late, for Kafka was away: it has one end all the same.
    second.until(meanwhile.json()["sessionId"], lambda session: session["state"] not in ("REQUESTED", "AUTHORISED"), 120, "leaving AUTHORISED")
    second.stop_patiently(meanwhile.json()["sessionId"])
    assert_one_end(platform, eventually, second, meanwhile.json()["sessionId"])
    supervisor.wait_until_all_ready(120)
    assert_streams_whole(platform)
    again = {(record.topic, record.key): record.event["eventId"] for record in first_occurrences(read_topics(platform)) if record.event["sequence"] == 1}
    assert {place: again.get(place) for place in known} == known, "the same events as before"
    # Telemetry hears of the new topics too.
    trace_id = first.charged()["traceId"]
    eventually(lambda: "ChargingSessionEnded" in platform.evcosta("trace", trace_id).stdout, 30, every_s=1, what="the event beside its trace")
    emitted = sum(metric(platform, f"relay-{service}", "outbox_relay_emitted_again_total") - emitted_before[service] for service in PRODUCERS)
    assert emitted >= len(written), f"{emitted} of {len(written)} rows were emitted again"


@pytest.mark.timeout(120)
def test_rebuild_asks_for_a_running_platform(tmp_path):
    import os

    from running_platform import ROOT
    done = subprocess.run([str(ROOT / "evcosta"), "kafka", "rebuild"], env={**os.environ, "EVCOSTA_RUN_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "not running" in done.stderr
    done = subprocess.run([str(ROOT / "evcosta"), "kafka", "destroy"], env={**os.environ, "EVCOSTA_RUN_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "kafka knows: rebuild" in done.stderr
