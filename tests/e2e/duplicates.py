"""One command, sent by a thousand clients at the same moment to the processes of a service themselves: the public port would limit one
person's requests long before. TLS with the gateway's certificate, as the gateway comes."""
import asyncio
import random
import time

PATIENT = 5  # so many go on asking while the first request runs; the others ask again when these have heard the answer
FINAL = (200, 201, 202, 402, 404, 422)


class Duplicates:
    """One burst. `answers`: (status, body) of every client, in the end."""

    def __init__(self, platform, ports: list[int], count: int, path: str, body: bytes, headers: dict[str, str], within_s: float = 180):
        self.context = platform.tls_context("gateway")
        self.ports, self.count, self.within_s = ports, count, within_s
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}", "evc-deadline-ms: 5000",
                 *(f"{name}: {value}" for name, value in headers.items())]
        self.request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self.answers: list[tuple[int, bytes]] = []
        self.at_first: dict[int, int] = {}  # status → how many, of the burst itself; 0: the connection was lost
        self.went_out = asyncio.Event()  # the burst has been answered or lost
        self.known = asyncio.Event()  # somebody has the answer
        self.die = None  # a coroutine function that is called when everybody is connected, to kill somebody

    async def run(self) -> None:
        self.open = asyncio.Barrier(self.count + 1)
        await asyncio.gather(self._killer(), *(self._client(number) for number in range(self.count)))

    async def _killer(self) -> None:
        await self.open.wait()
        if self.die:
            await self.die()

    async def _client(self, number: int) -> None:
        port, deadline, connection = self.ports[number % len(self.ports)], time.monotonic() + self.within_s, None
        while connection is None:
            connection = await self._connect(port, deadline)
        await self.open.wait()
        status, headers, body = await self._ask(connection, self.request)
        self.at_first[status] = self.at_first.get(status, 0) + 1
        if sum(self.at_first.values()) == self.count:
            self.went_out.set()
        while status not in FINAL:
            assert time.monotonic() < deadline, f"no answer within {self.within_s} s; the last one: {status} {body!r}"
            if number >= PATIENT:
                await self.known.wait()
            # Nobody comes back sooner than told, and not all in the same moment.
            await asyncio.sleep(float(headers.get("retry-after", 0.2)) + random.random())
            if status == 0:
                connection = await self._connect(port, deadline)
            if connection is not None:
                status, headers, body = await self._ask(connection, self.request)
        self.known.set()
        self.answers.append((status, body))
        connection[1].close()

    async def _connect(self, port: int, deadline: float):
        """None when nobody listens there at the moment."""
        try:
            connection = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port, ssl=self.context, server_hostname="localhost"), 20)
            # A connection that has asked something may be idle for longer than a new one.
            status, _, _ = await self._ask(connection, b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if status == 0:
                raise ConnectionResetError("lost at once")
            return connection
        except (OSError, TimeoutError):
            assert time.monotonic() < deadline, f"nobody listens on {port}"
            await asyncio.sleep(0.2)
            return None

    async def _ask(self, connection, request: bytes) -> tuple[int, dict[str, str], bytes]:
        reader, writer = connection
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            return int(head[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return 0, {}, b""
