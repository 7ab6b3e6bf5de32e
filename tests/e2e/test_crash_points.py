"""Each step of a charge has a name in the code (EVC_STEP): here every process of the chain dies, once before and once after each of them,
while charges of every kind go on. It comes back by itself, and in the end each charge has one end and each command its one answer."""
import asyncio
import json
import os
import subprocess
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest
from charges import Crowd, live_places
from crashing import SIDES, CrashingPlatform, CrashTable
from duplicates import Duplicates
from person import TERMINAL
from settled import assert_ends, assert_streams_whole
from supervisor import Supervisor

CHAIN = ("charging", "payment", "integrations", "relay-charging", "relay-payment", "relay-integrations")
# Whose steps are these? A program's own have its name in front; what several programs share is the kit's. kit/messaging's own test
# (crash_points_component_test.cpp) dies at each of the kit's; here only those of them count that lie on a charge's way.
KIT = ("idempotency.", "inbox.", "relay.")
# Relays move their safe point at every heartbeat.
QUICK = {"EVC_RELAY_HEARTBEAT_MS": "300"}


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


@pytest.fixture
def twins(platform, supervisor, eventually, tmp_path):
    made = CrashingPlatform(platform, supervisor, CHAIN, tmp_path, **{name: QUICK for name in CHAIN if name.startswith("relay")})
    try:
        yield made.start(eventually)
    finally:
        made.close()


@pytest.mark.parametrize("program", ["evcosta-charging", "evcosta-payment", "evcosta-integrations", "evcosta-relay"])
def test_a_shipped_program_can_not_die_and_knows_no_step(program, platform, supervisor, tmp_path):
    shipped = Path(os.readlink(f"/proc/{supervisor.pid('charging')}/exe").removesuffix(" (deleted)")).parent / program
    tables = {}
    for built in (shipped, shipped.parent.parent / "crashing" / f"{program}-crashing"):
        tables[built] = CrashTable(tmp_path / f"{built.name}.crash-table")
        done = subprocess.run([built, "--version"], env={"EVC_CRASH_TABLE": str(tables[built].path)}, capture_output=True, check=True, timeout=20)
        assert done.stdout
    of_shipped, of_crashing = tables.values()
    assert of_crashing.opened() and len(of_crashing.places) > 10
    assert not of_shipped.path.exists()
    content = shipped.read_bytes()
    assert not [name for name in (*of_crashing.places, "EVC_CRASH_TABLE") if name.encode() in content]


def owed(twins) -> list[tuple[str, str, str]]:
    """Orders that are still open and have to be carried out."""
    return [(process, name, side) for process, name, side in twins.open_orders()
            if not name.startswith(KIT) or twins.tables[process].reached(name, side)]


@pytest.mark.timeout(420)
def test_every_step_is_died_at_before_and_after(platform, twins, eventually, somebody, capsys):
    crowd = Crowd(platform, somebody, size=7)
    began = time.monotonic()
    ordered = twins.order_everything()
    crowd.run(lambda: [step for _, step, _ in owed(twins)] if time.monotonic() - began < 150 else [])
    charged_s = time.monotonic() - began
    open_orders = owed(twins)
    twins.cancel_orders()
    deaths, ends = twins.deaths(), Counter(code for twin in twins.twins.values() for code in twin.ends)
    try:
        assert not open_orders, f"never died at {open_orders} in {charged_s:.0f} s"
        assert set(ends) == {-9} and ends[-9] == deaths, f"{deaths} deaths were ordered, the processes ended with {dict(ends)}"
        eventually(twins.ready, 60, what="everything to be ready again")
        eventually(crowd.all_ended, 150, every_s=1, what="the end of every session")
        assert_ends(platform, [session for _, session in crowd.sessions()])
        crowd.assert_answers_stand()
        assert_streams_whole(platform)
    finally:
        states = Counter(session["state"] for _, session in crowd.sessions())
        with capsys.disabled():
            print(f"\n    {deaths} deaths of {ordered} borders of steps in {charged_s:.0f} s, everything settled after {time.monotonic() - began:.0f} s; "
                  f"{len(crowd.answers)} commands, {dict(states)}")
            print("    per process: " + json.dumps({name: f"{table.deaths()} of {len(table.borders())}" for name, table in twins.tables.items()}))


START = ("idempotency.begin", "charging.start.order", "idempotency.advance", "charging.start.hold", "idempotency.complete", "charging.start.settle")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("steps", [pytest.param(("charging.start.hold",), id="the-hold"), pytest.param(START, id="every-step", marks=pytest.mark.long)])
def test_a_thousand_duplicates_over_two_processes_one_of_which_dies(platform, supervisor, eventually, somebody, tmp_path, capsys, steps):
    """One session, one hold, and the same bytes for everybody, wherever the first request was when its process died."""
    both = CrashingPlatform(platform, supervisor, ("charging",), tmp_path)
    second = both.beside("charging", "charging-2")
    person, bursts = somebody(), []
    try:
        both.start(eventually)
        ports = [twin.port for twin in (*both.twins.values(), second)]
        places = iter(live_places(person))

        async def kill_at_each():
            going = []
            for name, side in ((name, side) for name in steps for side in SIDES):
                table, before = both.tables["charging"], both.deaths()
                table.order(name, side)
                order = person.order(*next(places), energyLimitKwh=2)
                burst = Duplicates(platform, ports, 1000, "/charging/start", json.dumps(order).encode(),
                                   {"Authorization": person.http.headers["Authorization"], "Idempotency-Key": str(uuid.uuid4())})
                bursts.append((name, side, burst))
                going.append(asyncio.create_task(burst.run()))
                await asyncio.wait_for(burst.went_out.wait(), 60)
                assert both.deaths() == before + 1, f"nobody died {side} {name}: {burst.at_first}"
                while not both.ready():
                    await asyncio.sleep(0.05)
            await asyncio.gather(*going)
        asyncio.run(kill_at_each())
        eventually(lambda: all(session["state"] in TERMINAL for session in person.get("/charging/sessions", limit=200)["sessions"]), 90, every_s=0.5, what="the end of every session")
    finally:
        both.close()
    for name, side, burst in bursts:
        assert len(burst.answers) == 1000 and len(set(burst.answers)) == 1, (name, side, Counter(status for status, _ in burst.answers))
    sessions = person.get("/charging/sessions", limit=200)["sessions"]
    assert sorted(json.loads(burst.answers[0][1])["sessionId"] for *_, burst in bursts) == sorted(session["sessionId"] for session in sessions)
    assert_ends(platform, sessions)
    assert_streams_whole(platform)
    with capsys.disabled():
        for name, side, burst in bursts:
            print(f"\n    {side} {name}: at first {dict(sorted(burst.at_first.items()))}, in the end 1000 × {burst.answers[0][0]}", end="")
