"""Each step of a charge has a name in the code (EVC_STEP): here every process of the chain dies, once before and once after each of them,
while charges of every kind go on. It comes back by itself, and in the end each charge has one end and each command its one answer."""
import asyncio
import json
import os
import random
import signal
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
# In the bounded share, each step on one side only, and the kit's steps in these alone.
OF_THE_SHARE = ("charging", "relay-charging")
# Relays move their safe point at every heartbeat.
QUICK = {"EVC_RELAY_HEARTBEAT_MS": "300"}
# Small holds that grow at the first reading: the simulated cars charge several kWh between two of them.
SMALL_HOLDS = {"EVC_CHARGING_HOLD_WH": "10000", "EVC_CHARGING_INCREMENT_WH": "10000", "EVC_CHARGING_INCREMENT_PERCENT": "10"}


@pytest.fixture(scope="module")
def supervisor(platform):
    return Supervisor(platform)


@pytest.fixture(scope="module")
def twins(platform, supervisor, eventually, somebody, tmp_path_factory):
    made = CrashingPlatform(platform, supervisor, CHAIN, tmp_path_factory.mktemp("crashing"), charging=SMALL_HOLDS, **{name: QUICK for name in CHAIN if name.startswith("relay")})
    try:
        yield made.start(eventually)
    finally:
        made.close()
        # A fleet of its own for whoever comes next: faults that no start has used up go with the old one.
        supervisor.wait_for_return("charge-points", supervisor.kill("charge-points"), 60)
        supervisor.wait_until_all_ready(120)
        eventually(lambda: len(live_places(somebody())) > 20, 60, every_s=1, what="the stations to be back")


@pytest.mark.parametrize("program", ["evcosta-charging", "evcosta-payment", "evcosta-integrations", "evcosta-relay"])
def test_a_shipped_program_cannot_die_and_knows_no_step(program, platform, supervisor, tmp_path):
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
    # As an entry of the section: some names of steps are those of SQL statements, too.
    assert not [name for name in of_crashing.places if name.encode().ljust(64, b"\0") in content]
    assert b"EVC_CRASH_TABLE" not in content


def owed(twins) -> list[tuple[str, str, str]]:
    """Orders that are still open and have to be carried out."""
    return [(process, name, side) for process, name, side in twins.open_orders()
            if not name.startswith(KIT) or twins.tables[process].reached(name, side)]


def borders(twins, whole: bool, seed: int) -> list[tuple[str, str, str]]:
    chosen = random.Random(seed)
    found = []
    for process, table in twins.tables.items():
        for name in sorted(table.places):
            side = chosen.choice(SIDES)
            if whole or not name.startswith(KIT) or process in OF_THE_SHARE:
                found += [(process, name, each) for each in (SIDES if whole else (side,))]
    return found


@pytest.mark.timeout(1000)
@pytest.mark.parametrize("whole", [pytest.param(False, id="one-side"), pytest.param(True, id="both-sides", marks=pytest.mark.long)])
def test_every_step_is_died_at(platform, twins, eventually, somebody, capsys, whole):
    seed = int.from_bytes(os.urandom(4), "big")
    crowd = Crowd(platform, somebody, size=13)
    began, before, ended_s = time.monotonic(), twins.deaths(), float("nan")
    chosen = borders(twins, whole, seed)
    for process, name, side in chosen:
        twins.tables[process].order(name, side)
    limit_s = 600 if whole else 180
    crowd.run(lambda: [step for _, step, _ in owed(twins)] if time.monotonic() - began < limit_s else [])
    charged_s = time.monotonic() - began
    open_orders = owed(twins)
    twins.cancel_orders()
    unreached = {step for _, step, _ in chosen if not any(step in table.places and table.reached(step, side) for table in twins.tables.values() for side in SIDES)}
    try:
        assert not open_orders, f"never died at {open_orders} in {charged_s:.0f} s"
        assert all(step.startswith(KIT) for step in unreached), unreached
        eventually(twins.ready, 60, what="everything to be ready again")
        ends = Counter(code for twin in twins.twins.values() for code in twin.ends)
        assert ends == {-signal.SIGKILL: twins.deaths()}, "nobody ends but by an order"
        eventually(crowd.all_ended, 150, every_s=1, what="the end of every session")
        ended_s = time.monotonic() - began
        assert_ends(platform, [session for _, session in crowd.sessions()])
        crowd.assert_answers_stand()
        assert_streams_whole(platform)
    finally:
        states = Counter(session["state"] for _, session in crowd.sessions())
        steps = {step for table in twins.tables.values() for step, side in table.borders() if table.died(step, side)}
        with capsys.disabled():
            print(f"\n    {twins.deaths() - before} deaths at {len(steps)} steps of {len(CHAIN)} processes in {charged_s:.0f} s, all sessions ended after {ended_s:.0f} s, "
                  f"everything was counted after {time.monotonic() - began:.0f} s; {len(crowd.answers)} commands, {dict(states)}; seed {seed}")


START = ("idempotency.begin", "charging.start.order", "idempotency.advance", "charging.start.hold", "idempotency.complete", "charging.start.settle")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("deaths_at", [pytest.param([("charging.start.hold", "after")], id="after-the-hold"),
                                       pytest.param([(name, side) for name in START for side in SIDES], id="every-step", marks=pytest.mark.long)])
def test_a_thousand_duplicates_over_two_processes_one_of_which_dies(platform, twins, eventually, somebody, capsys, deaths_at):
    """One session, one hold, and the same bytes for everybody, wherever the first request was when its process died."""
    both = (twins.twins["charging"], twins.beside("charging", "charging-2"))
    table, person, began = twins.tables["charging"], somebody(), time.monotonic()
    places, bursts = iter(live_places(person)), []

    async def burst_at(name, side):
        """Until every first answer is there; who has none yet goes on asking in the background."""
        order, deaths = person.order(*next(places), energyLimitKwh=2), table.deaths()
        burst = Duplicates(platform, [twin.port for twin in both], 1000, "/charging/start", json.dumps(order).encode(),
                           {"Authorization": person.http.headers["Authorization"], "Idempotency-Key": str(uuid.uuid4())})
        bursts.append((name, side, burst))
        table.order(name, side)
        going = asyncio.create_task(burst.run())
        await asyncio.wait_for(burst.went_out.wait(), 120)
        assert table.deaths() == deaths + 1, f"nobody died {side} {name}: {burst.at_first}"
        while not all(twin.ready() for twin in both):
            await asyncio.sleep(0.05)
        return going

    async def kill_at_each():
        going = [await burst_at(name, side) for name, side in deaths_at]
        await asyncio.gather(*going)
    try:
        eventually(both[1].ready, 60, what="the second process to be ready")
        asyncio.run(kill_at_each())
        eventually(lambda: all(session["state"] in TERMINAL for session in person.get("/charging/sessions", limit=200)["sessions"]), 90, every_s=0.5, what="the end of every session")
    finally:
        both[1].close()
    for name, side, burst in bursts:
        assert burst.at_first.get(0, 0) <= 500, f"only who asked the one that died loses its connection: {burst.at_first}"
        assert len(burst.answers) == 1000 and len(set(burst.answers)) == 1, (name, side, Counter(status for status, _ in burst.answers))
    sessions = person.get("/charging/sessions", limit=200)["sessions"]
    assert sorted(json.loads(burst.answers[0][1])["sessionId"] for *_, burst in bursts) == sorted(session["sessionId"] for session in sessions)
    assert_ends(platform, sessions)
    with capsys.disabled():
        print(f"\n    {len(bursts)} × 1000 duplicates in {time.monotonic() - began:.0f} s")
        for name, side, burst in bursts:
            print(f"    {side} {name}: at first {dict(sorted(burst.at_first.items()))}, in the end 1000 × {burst.answers[0][0]}")
