"""A charge point that we did not write: the PyPI package `ocpp` over `websockets`, on a station of the network that is not simulated."""
import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import secrets
from contextlib import asynccontextmanager
from datetime import datetime, timezone

import psycopg
import pytest
import requests
import websockets
from ocpp.exceptions import NotImplementedError as OcppNotImplementedError
from ocpp.exceptions import OccurrenceConstraintViolationError, PropertyConstraintViolationError, TypeConstraintViolationError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action, AuthorizationStatus, ChargePointErrorCode, ChargePointStatus, RegistrationStatus, RemoteStartStopStatus

CHOSEN = itertools.count(int.from_bytes(os.urandom(2), "big"))


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def password(platform, station_id: str) -> str:
    """services/integrations/README.md, "Passwords"."""
    return hmac.new(platform.secret("charge-points").encode(), station_id.encode(), hashlib.sha256).hexdigest()[:40]


@pytest.fixture
def site(platform):
    """A site with a CCS2 connector that no simulated charge point plays; another one each time."""
    listing = requests.get(f"https://localhost:{platform.port('CHARGE_POINTS_PORT')}/stations", cert=platform.certificate("platform-admin"),
                           verify=str(platform.ca_file), timeout=10)
    simulated = {station["stationId"] for station in listing.json()["stations"]}
    sites = json.loads((platform.root / "data/network/sites.json").read_text(encoding="utf-8"))["sites"]
    free = [site for site in sites if site["id"] not in simulated and site["connectors"][0]["type"] == "CCS2"]
    return free[next(CHOSEN) % len(free)]


class ForeignPoint(ChargePoint):
    """What a driver needs of a station, by the foreign package's own rules: it validates every message of ours against OCPP's schemas."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tags: asyncio.Queue = asyncio.Queue()
        self.stops: asyncio.Queue = asyncio.Queue()

    @on(Action.remote_start_transaction)
    def on_remote_start(self, id_tag, connector_id=None, **_):
        self.tags.put_nowait(id_tag)
        return call_result.RemoteStartTransaction(status=RemoteStartStopStatus.accepted)

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id, **_):
        self.stops.put_nowait(transaction_id)
        return call_result.RemoteStopTransaction(status=RemoteStartStopStatus.accepted)

    async def boot(self):
        answer = await self.call(call.BootNotification(charge_point_vendor="Foreign", charge_point_model="PyPI ocpp"), suppress=False)
        assert answer.status == RegistrationStatus.accepted and answer.interval > 0
        for connector in (0, 1):
            await self.status(connector, ChargePointStatus.available)

    async def status(self, connector: int, status):
        await self.call(call.StatusNotification(connector_id=connector, error_code=ChargePointErrorCode.no_error, status=status, timestamp=now()), suppress=False)

    async def meter(self, transaction_id: int, wh: int, power_w: int = 50_000):
        sampled = [{"value": str(wh)}, {"value": str(power_w / 1000), "measurand": "Power.Active.Import", "unit": "kW"}]
        await self.call(call.MeterValues(connector_id=1, transaction_id=transaction_id, meter_value=[{"timestamp": now(), "sampledValue": sampled}]), suppress=False)


def dial(platform, station_id: str, secret: str | None = None, **options):
    token = base64.b64encode(f"{station_id}:{secret or password(platform, station_id)}".encode()).decode()
    return websockets.connect(f"wss://localhost:{platform.port('CHARGE_POINT_PORT')}/ocpp/{station_id}", subprotocols=["ocpp1.6"], ssl=platform.tls_context(),
                              additional_headers={"Authorization": f"Basic {token}"}, open_timeout=10, **options)


@asynccontextmanager
async def connected(platform, station_id: str):
    async with dial(platform, station_id) as socket:
        assert socket.subprotocol == "ocpp1.6"
        point = ForeignPoint(station_id, socket)
        listening = asyncio.create_task(point.start())
        try:
            yield point
        finally:
            listening.cancel()


def rows(platform, sql: str, *values):
    with psycopg.connect(platform.postgres("integrations", "integrations", "integrations")) as connection:
        return connection.execute(sql, values).fetchall()


def test_strangers_are_not_let_in(platform, site):
    async def refused(station_id, secret):
        with pytest.raises(websockets.InvalidStatus) as error:
            async with dial(platform, station_id, secret):
                pass
        return error.value.response.status_code

    assert asyncio.run(refused(site["id"], "wrong")) == 401
    assert asyncio.run(refused("BR-XX-9999", None)) == 401


def test_a_repeated_start_and_a_repeated_stop(platform, site):
    """Nobody asked for this transaction: it is refused by status, kept, and billed once."""
    start = call.StartTransaction(connector_id=1, id_tag=secrets.token_hex(10), meter_start=1000, timestamp=now())

    async def run():
        async with connected(platform, site["id"]) as point:
            await point.boot()
            assert (await point.call(call.Authorize(id_tag=start.id_tag), suppress=False)).id_tag_info["status"] == AuthorizationStatus.invalid
            first = await point.call(start, suppress=False)
            again = await point.call(start, suppress=False)
            assert again == first
            await point.meter(first.transaction_id, 1500)
            stop = call.StopTransaction(transaction_id=first.transaction_id, meter_stop=2000, timestamp=now(), id_tag=start.id_tag)
            for _ in range(2):
                await point.call(stop, suppress=False)
            return first

    answer = asyncio.run(run())
    assert answer.id_tag_info["status"] == AuthorizationStatus.invalid and answer.transaction_id > 0
    assert rows(platform, "SELECT transaction_id, received FROM ocpp_transaction WHERE id_tag = %s", start.id_tag) == [(answer.transaction_id, 2)]
    assert rows(platform, "SELECT meter_stop_wh FROM ocpp_transaction_stop WHERE transaction_id = %s", answer.transaction_id) == [(2000,)]
    assert rows(platform, "SELECT kind FROM reconciliation_case WHERE transaction_id = %s", answer.transaction_id) == [("unknown-tag",)]
    told = rows(platform, "SELECT convert_from(payload, 'UTF8') FROM outbox WHERE key = %s AND created_at > now() - interval '5 minutes' ORDER BY seq", site["id"])
    kinds = [data["kind"] for data in (json.loads(payload)["data"] for payload, in told) if data.get("transactionId") == str(answer.transaction_id)]
    assert kinds == ["transactionStarted", "meterValues", "transactionEnded"]


def test_our_errors_are_the_protocols_errors(platform, site):
    async def run():
        async with connected(platform, site["id"]) as point:
            for payload, error in (({}, OccurrenceConstraintViolationError), ({"idTag": 5}, TypeConstraintViolationError),
                                   ({"idTag": "x" * 21}, PropertyConstraintViolationError)):
                await expect(point, "Authorize", payload, error)
            await expect(point, "MakeCoffee", {}, OcppNotImplementedError)
            await point.boot()

    asyncio.run(run())


async def expect(point, action: str, payload: dict, error: type):
    """Past the package's own validation, which would refuse to send it."""
    unique = secrets.token_hex(8)
    await point._send(json.dumps([2, unique, action, payload]))  # pylint: disable=protected-access
    answer = await asyncio.wait_for(point._response_queue.get(), 10)  # pylint: disable=protected-access
    assert answer.unique_id == unique
    assert answer.error_code == {"OccurrenceConstraintViolation": "OccurenceConstraintViolation"}.get(error.code, error.code)


def test_a_drivers_charge_at_a_foreign_station(platform, site, driver, eventually):
    """The whole way: the platform asks the foreign station to start, it charges, the driver stops, the money is captured for its meter's difference."""
    async def run():
        async with connected(platform, site["id"]) as point:
            await point.boot()
            connector = site["connectors"][0]["id"]

            def is_free():
                station = driver.get(f"/stations/{site['id']}")
                return next((c for c in station["connectors"] if c["connectorId"] == connector and c["status"] == "available"), None)

            found = await asyncio.to_thread(eventually, is_free, 15, 0.2, "a free connector")
            order = driver.order({"stationId": site["id"]}, found)
            accepted = await asyncio.to_thread(driver.start, order)
            assert accepted.status_code == 201, accepted.text
            session_id = accepted.json()["sessionId"]
            tag = await asyncio.wait_for(point.tags.get(), 30)
            assert len(tag) <= 20
            assert (await point.call(call.Authorize(id_tag=tag), suppress=False)).id_tag_info["status"] == AuthorizationStatus.accepted
            started = await point.call(call.StartTransaction(connector_id=1, id_tag=tag, meter_start=10_000, timestamp=now()), suppress=False)
            assert started.id_tag_info["status"] == AuthorizationStatus.accepted
            await point.status(1, ChargePointStatus.charging)
            await point.meter(started.transaction_id, 12_000)
            await asyncio.to_thread(driver.until_charging, session_id, kwh=1)
            assert (await asyncio.to_thread(driver.stop, session_id)).status_code == 202
            assert await asyncio.wait_for(point.stops.get(), 30) == started.transaction_id
            await point.call(call.StopTransaction(transaction_id=started.transaction_id, meter_stop=15_500, timestamp=now(), id_tag=tag, reason="Remote"), suppress=False)
            await point.status(1, ChargePointStatus.available)
            return session_id

    session_id = asyncio.run(run())
    session = driver.until_terminal(session_id)
    assert session["state"] == "CAPTURED"
    assert session["energyKwh"] == 5.5
