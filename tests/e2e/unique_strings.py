"""Strings that a run of tests gives to its people, each with one mark of the run inside; and the search for such marks in everything the platform
keeps, in whatever form they may stand there. All marks of a run begin alike, so that one search finds any string of anybody."""
import base64
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import redis

REDIS_USERS = ("gateway", "auth", "routing", "charging")
PIECE = 16 << 20


def new_run() -> str:
    """Letters and digits only, so that no rule for names, addresses or mails changes it."""
    return "q" + secrets.token_hex(6)[1:]


def new_mark(run: str) -> str:
    return run + secrets.token_hex(4)


def forms(mark: str) -> dict[str, bytes]:
    """Name → how the mark may stand: base64 at each of the three offsets loses the characters that its neighbours share."""
    raw = mark.encode()
    found = {"raw": raw, "upper case": mark.upper().encode(), "hex": raw.hex().encode(), "hex in capitals": raw.hex().upper().encode(), "UTF-16": mark.encode("utf-16-le"),
             "percent": "".join(f"%{byte:02X}" for byte in raw).encode(), "percent in small letters": "".join(f"%{byte:02x}" for byte in raw).encode(),
             "escapes": "".join(f"\\u{byte:04x}" for byte in raw).encode()}
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw + b"\0" * ((-offset - len(raw)) % 3))
        end = len(whole) - (4 if (offset + len(raw)) % 3 else 0)
        found[f"base64, offset {offset}"] = whole[4 if offset else 0:end]
    # The alphabet of base64url is another in two places only.
    found |= {f"{name}, url": form.translate(bytes.maketrans(b"+/", b"-_")) for name, form in list(found.items()) if name.startswith("base64")}
    return found


class Search:
    """Holds everything against the marks of a run; `hits` says where which form was. Mails that go out are not looked at: they are meant to say it."""

    def __init__(self, run: str, *marks: str):
        self.beginnings = forms(run)
        self.wholes = {mark: forms(mark) for mark in marks}
        self.longest = max(len(form) for whole in self.wholes.values() for form in whole.values())
        self.hits: set[tuple[str, str, str]] = set()  # mark, place, form
        self.read_bytes = 0

    def look(self, place: str, content: bytes) -> None:
        self.read_bytes += len(content)
        for name, beginning in self.beginnings.items():
            at = content.find(beginning)
            while at >= 0:
                self.hits |= {(mark, place, name) for mark, whole in self.wholes.items() if content.startswith(whole[name], at)}
                at = content.find(beginning, at + 1)

    def look_in_file(self, path: Path, place: str) -> None:
        try:
            with path.open("rb") as file:
                before = b""
                while piece := file.read(PIECE):
                    self.look(place, before + piece)
                    before = piece[-self.longest:]
        except FileNotFoundError:
            pass  # deleted meanwhile: a segment, a temporary table

    def found_in(self, mark: str) -> set[str]:
        return {place.split(":")[0] for seen, place, _ in self.hits if seen == mark}


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def redis_values(platform, user: str) -> Iterator[bytes]:
    crt, key = platform.certificate(user)
    client = redis.Redis(host="localhost", port=platform.port("REDIS_PORT"), username=user, password=platform.secret(f"redis-{user}"), ssl=True, ssl_ca_certs=str(platform.ca_file), ssl_certfile=crt,
                         ssl_keyfile=key)
    readers = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers, b"list": lambda name: client.lrange(name, 0, -1), b"zset": lambda name: client.zrange(name, 0, -1)}
    for name in client.scan_iter(f"{user}:*", count=1000):
        reader = readers.get(client.type(name))
        yield name + b"\n" + (repr(reader(name)).encode() if reader else b"")


def search_stores(platform, search: Search) -> None:
    """As they lie on the disk; Redis, which has nothing there, by what it answers."""
    kept = {"Kafka": platform.run_dir / "data", "PostgreSQL": Path(json.loads((platform.run_dir / "platform.json").read_text(encoding="utf-8"))["postgres"]["data"]), "logs": platform.log_dir}
    for path in sorted(kept["Kafka"].glob("kafka*/**/*.log")):
        if path.is_file():
            search.look_in_file(path, f"Kafka: {path.name}")
    for path in sorted(kept["PostgreSQL"].rglob("*")):
        if path.is_file():
            search.look_in_file(path, f"{'WAL' if 'pg_wal' in path.parts else 'PostgreSQL'}: {path.relative_to(kept['PostgreSQL'])}")
    for path in sorted(kept["logs"].rglob("*")):
        if path.is_file():
            search.look_in_file(path, f"logs: {path.name}")
    for user in REDIS_USERS:
        for value in redis_values(platform, user):
            search.look(f"Redis: {user}", value)


def search_telemetry(platform, search: Search, minutes: int) -> None:
    """By what it answers: on the disk it is compressed."""
    jaeger = f"http://127.0.0.1:{platform.port('JAEGER_QUERY_PORT')}/api"
    for service in json.loads(fetched(f"{jaeger}/services"))["data"] or []:
        search.look(f"traces: {service}", fetched(f"{jaeger}/traces?service={urllib.parse.quote(service)}&limit=1500&lookback={minutes}m"))
    query = urllib.parse.urlencode({"query": f"_time:{minutes}m"})
    search.look("log store: all", fetched(f"http://127.0.0.1:{platform.port('VICTORIA_LOGS_PORT')}/select/logsql/query?{query}"))
    for name, about in platform.processes.items():
        if about["admin_port"] and name != "charge-points":
            search.look(f"metrics: {name}", fetched(platform.admin_url(name) + "/metrics"))
    series = urllib.parse.urlencode({"match[]": '{__name__=~".+"}', "start": time.time() - 60 * minutes, "end": time.time()})
    search.look("metrics: Prometheus", fetched(f"http://127.0.0.1:{platform.port('PROMETHEUS_PORT')}/api/v1/series?{series}"))


def post_otlp(platform, kind: str, body: dict) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{platform.port('OTLP_HTTP_PORT')}/v1/{kind}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
