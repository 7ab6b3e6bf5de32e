"""A charge point at a site that nobody simulates. Asked to start, it hangs up; asked again, it hangs up again; the third time it refuses.
So what becomes of a command that nobody answers, or that was repeated, happens on purpose."""
import asyncio
import itertools
import json
import threading
import uuid

import requests
import websockets
from test_ocpp_foreign_client import dial, now

HANGS_UP = 2


class DeafStation:
    """Connected from the beginning to close(), whatever happens to the other side. `places`: its connectors, as an order names them."""

    def __init__(self, platform):
        self.platform = platform
        listing = requests.get(f"https://localhost:{platform.port('CHARGE_POINTS_PORT')}/stations", cert=platform.certificate("platform-admin"),
                               verify=str(platform.ca_file), timeout=10)
        simulated = {station["stationId"] for station in listing.json()["stations"]}
        sites = json.loads((platform.root / "data/network/sites.json").read_text(encoding="utf-8"))["sites"]
        # From the end: the tests with other foreign stations count from anywhere.
        site = next(site for site in reversed(sites) if site["id"] not in simulated and site["connectors"][0]["type"] == "CCS2")
        self.station_id = site["id"]
        self.places = [({"stationId": site["id"]}, {"connectorId": connector["id"]}) for connector in site["connectors"]]
        self.asked = itertools.count()
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.leaving.set()
        self.thread.join(15)

    async def _live(self) -> None:
        while not self.leaving.is_set():
            try:
                async with dial(self.platform, self.station_id) as socket:
                    await self._say(socket, "BootNotification", {"chargePointVendor": "Deaf", "chargePointModel": "Post"})
                    for connector in (0, *(place[1]["connectorId"] for place in self.places)):
                        await self._say(socket, "StatusNotification", {"connectorId": connector, "errorCode": "NoError", "status": "Available", "timestamp": now()})
                    # Of a transaction that nobody knows.
                    await self._say(socket, "StopTransaction", {"transactionId": 2_000_000_000, "meterStop": 0, "timestamp": now()})
                    await self._listen(socket)
            except (OSError, TimeoutError, websockets.WebSocketException):
                await asyncio.sleep(0.2)

    async def _say(self, socket, action: str, payload: dict) -> None:
        """A call, and its answer; what comes in between is answered as ever."""
        call_id = str(uuid.uuid4())
        await socket.send(json.dumps([2, call_id, action, payload]))
        while True:
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))
            if message[0] == 2:
                await self._answer(socket, message)
            elif message[1] == call_id:
                return

    async def _listen(self, socket) -> None:
        while not self.leaving.is_set():
            try:
                message = json.loads(await asyncio.wait_for(socket.recv(), 0.5))
            except TimeoutError:
                continue
            if message[0] == 2:
                await self._answer(socket, message)

    async def _answer(self, socket, message: list) -> None:
        _, call_id, action, _ = message
        if action == "RemoteStartTransaction" and next(self.asked) % (HANGS_UP + 1) < HANGS_UP:
            await socket.close()
            raise ConnectionResetError("hangs up")
        status = "Rejected" if action.startswith("Remote") else "Accepted"
        await socket.send(json.dumps([3, call_id, {"status": status}]))
