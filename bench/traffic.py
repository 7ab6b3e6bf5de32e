"""Requests at a fixed rate over kept connections from many addresses: a process of its own, so that it delays nobody who measures.

traffic.py HOST PORT CA RATE SECONDS CONNECTIONS login|nothing|search [TOKENS]
Prints "connected" when every client has its connection, and at the end {"sent": …, "answers": {status: count}}. `login`: sign-ins of people who do
not exist; `nothing`: a path that does not exist, what the traffic by itself does to this machine; `search`: trips between Brazilian towns, each by
the next of the drivers whose tokens TOKENS holds, a line each. More than can be answered makes a closed loop: each client's next
request follows its last answer."""
import asyncio
import collections
import json
import random
import secrets
import ssl
import sys
import time
from pathlib import Path


# São Paulo, Rio de Janeiro, Vitória, Curitiba, Florianópolis, Paraty, Belo Horizonte, Santos
TOWNS = ((-23.5505, -46.6333), (-22.9068, -43.1729), (-20.3155, -40.3128), (-25.4284, -49.2733), (-27.5954, -48.5480), (-23.2178, -44.7131), (-19.9167, -43.9345), (-23.9608, -46.3336))


def request_of(kind: str) -> tuple[str, bytes]:
    if kind == "nothing":
        return "GET /there-is-no-such-path", b""
    if kind == "search":
        begin, end = random.sample(TOWNS, 2)
        return f"GET /routing?from={begin[0]},{begin[1]}&to={end[0]},{end[1]}&vehicle=byd-dolphin-gs&soc={random.uniform(0.4, 0.9):.2f}", b""
    return "POST /auth/login", json.dumps({"email": f"{secrets.token_hex(8)}@correio.example", "password": "uma-senha-que-ninguem-tem"}).encode()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """(status, whether the connection goes on)"""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    await reader.readexactly(int(fields.get("content-length", "0")))
    return int(head[0].split()[1]), fields.get("connection", "").lower() != "close"


class Traffic:
    def __init__(self, host: str, port: int, ca: str, rate: float, seconds: float, addresses: int, kind: str, tokens: list[str]):
        self.host, self.port, self.tls = host, port, ssl.create_default_context(cafile=ca)
        self.rate, self.seconds, self.addresses, self.kind = rate, seconds, addresses, kind
        self.signed_in = [f"Authorization: Bearer {token}\r\n" for token in tokens] or [""]
        self.answers: collections.Counter = collections.Counter()
        self.sent = 0

    async def connect(self, number: int):
        address = f"127.{90 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        return await asyncio.open_connection("localhost", self.port, ssl=self.tls, local_addr=(address, 0))

    async def one_client(self, number: int, streams) -> None:
        """Its requests are due at their times, whatever the answers take; what would be late is left out."""
        every, begin = self.addresses / self.rate, time.monotonic()
        due = begin + number / self.rate
        while due < begin + self.seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + every, time.monotonic())
            try:
                if streams is None:
                    streams = await self.connect(number)
                first, body = request_of(self.kind)
                streams[1].write(f"{first} HTTP/1.1\r\nHost: {self.host}\r\n{self.signed_in[self.sent % len(self.signed_in)]}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                self.sent += 1
                status, goes_on = await read_answer(streams[0])
                self.answers[status] += 1
                if not goes_on:
                    streams[1].close()
                    streams = None
            except (OSError, asyncio.IncompleteReadError):
                self.answers["lost"] += 1
                streams = None

    async def run(self) -> dict:
        connections = await asyncio.gather(*(self.connect(number) for number in range(self.addresses)))
        print("connected", flush=True)
        await asyncio.gather(*(self.one_client(number, streams) for number, streams in enumerate(connections)))
        return {"sent": self.sent, "answers": {str(status): count for status, count in sorted(self.answers.items(), key=str)}}


def main() -> int:
    host, port, ca, rate, seconds, addresses, kind, *tokens = sys.argv[1:]
    words = Path(tokens[0]).read_text(encoding="ascii").split() if tokens else []
    print(json.dumps(asyncio.run(Traffic(host, int(port), ca, float(rate), float(seconds), int(addresses), kind, words).run())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
