"""The operator console in Debian's Chromium, against the running platform: every page in every language and both colour schemes without a violation of
axe or an error on its console; what operators do there has its effect. The checks are those of web/tests/browser; here is what the platform must hold for
them. Behind the gateway's place stands web/tests/browser/edge.mjs with an operator's token."""
import json
import os
import subprocess
import time

import confluent_kafka
import pytest
from background import InBackground
from console import TIME_LIMIT_S, browse, person
from contract_files import ROOT
from operators import make_operator
from planted_events import authorised, event, now, produce, uuid7

CHECKS = ("firstLoad", "everyPage", "narrow", "supportCode", "keyboard", "eventToPixel", "rolesAreHonest", "signedOut", "honestTrouble", "twoPeople", "refund")


class MadeStation:
    """A station that is only in events: it changes when a test says so."""

    def __init__(self, platform, producer: confluent_kafka.Producer | None = None):
        self.id, self.sequence = f"ZZ-{uuid7()[-12:]}", 0
        # One that is connected already: what is measured begins with the event.
        self.producer = producer or confluent_kafka.Producer({**platform.kafka_settings("integrations"), "enable.idempotence": True, "linger.ms": 0})

    def say(self, **data) -> float:
        """The moment, in milliseconds, before the event was handed to Kafka."""
        at = self.mention(**data)
        assert self.producer.flush(15) == 0
        return at

    def mention(self, **data) -> float:
        """The same without waiting until Kafka has it."""
        self.sequence += 1
        value, headers = event("integration.events", "integrations", "ExternalUpdate", self.id, self.sequence,
                               {"provider": "ocpp", "stationId": self.id, "timestamp": now(), **data})
        at = time.time() * 1000
        self.producer.produce("integration.events", key=self.id, value=json.dumps(value), headers=list(headers.items()))
        self.producer.poll(0)
        return at

    def register(self) -> "MadeStation":
        self.mention(kind="stationRegistered", protocol="ocpp1.6", vendor="EV-Costa", model="Sim-60", firmwareVersion="1.0.0", connectors=[{"connectorId": 1, "type": "CCS2", "maxPowerW": 60000}])
        self.mention(kind="connectorStatus", connectorId=1, status="available")
        self.producer.flush(15)
        return self


class ChangingStations(InBackground):
    """So many stations, each of which changes every ten seconds."""

    EVERY_S = 10

    def __init__(self, platform, count: int):
        super().__init__(self.change)
        producer = confluent_kafka.Producer({**platform.kafka_settings("integrations"), "enable.idempotence": True, "linger.ms": 0})
        self.stations, self.changes = [MadeStation(platform, producer) for _ in range(count)], 0
        for station in self.stations:
            station.register()

    def change(self) -> None:
        due = time.monotonic()
        while not self.ending.is_set():
            station = self.stations[self.changes % len(self.stations)]
            station.mention(kind="connectorStatus", connectorId=1, status=("charging", "available")[self.changes // len(self.stations) % 2])
            self.changes += 1
            due += self.EVERY_S / len(self.stations)
            self.ending.wait(max(0.0, due - time.monotonic()))


@pytest.fixture(scope="module")
def held(platform, eventually, driver) -> dict:
    """What the pages show: a whole charge with its trace, a station of the test's own, an event that cannot be applied."""
    admin, charge = make_operator(platform, "admin"), driver.charged()
    station = MadeStation(platform).register()
    session_id = uuid7()
    value, headers = authorised(driver.claims()["puid"], session_id)
    produce(platform, "payment", "payment.events", session_id, value, headers)
    path = f"/operations/charging/dead-letters/{value['eventId']}"
    eventually(lambda: admin.request("GET", path).status_code == 200, 60, 0.2, "a dead letter")
    eventually(lambda: admin.request("GET", f"/operations/stations/{station.id}").status_code == 200, 30, 0.2, "the station")
    eventually(lambda: admin.request("GET", f"/operations/traces/{charge['traceId']}").status_code == 200, 30, 0.5, "the trace")
    return {"admin": admin, "station": station, "letter": value["eventId"], "charge": charge}


def order_of(platform, held, **more) -> dict:
    people = {"admin": person(held["admin"], "admin"), "second": person(make_operator(platform, "admin"), "admin"), "viewer": person(make_operator(platform, "viewer"), "viewer")}
    charge = held["charge"]
    return {"gateway": platform.base_url, "ca": str(platform.ca_file), "people": people, **more,
            "held": {"sessionId": charge["sessionId"], "traceId": charge["traceId"], "stationId": charge["station"]["stationId"],
                     "deadLetter": {"owner": "charging", "eventId": held["letter"]}, "madeStation": held["station"].id}}


@pytest.fixture(scope="module")
def said(platform, held, request) -> dict[str, str]:
    subprocess.run([str(ROOT / "tools/web")], check=True, timeout=120)
    return browse(order_of(platform, held, full=request.config.getoption("--long") or os.environ.get("EVCOSTA_E2E_LONG") == "1"), held["station"], *CHECKS)


@pytest.mark.timeout(TIME_LIMIT_S + 120)
@pytest.mark.parametrize("check", CHECKS)
def test_in_the_browser(said, check):
    assert said.get(check, "it was never run").startswith("ok "), said.get(check)


@pytest.mark.long
@pytest.mark.timeout(TIME_LIMIT_S + 120)
def test_an_event_reaches_the_pixel_in_time_while_a_thousand_stations_change(platform, held, eventually, capsys):
    with ChangingStations(platform, 1000) as crowd:
        last = crowd.stations[-1].id
        eventually(lambda: held["admin"].request("GET", f"/operations/stations/{last}").status_code == 200, 60, 0.5, "the last of a thousand stations")
        said = browse(order_of(platform, held, looks=40, words="ZZ"), held["station"], "eventToPixel")["eventToPixel"]
    with capsys.disabled():
        print(f"\n    {crowd.changes} changes of 1,000 stations meanwhile; {said.strip()}")
    assert said.startswith("ok "), said
