"""Drivers who ask at fixed times, whatever the answers take: an open loop, so that latency counts from when a request was due."""
import statistics
import threading
import time

ROUTES = ("/users/me/vehicles", "/stations/BR-SP-0069")
DRIVERS, PER_SECOND = 8, 40
SHARE, MS = 1.2, 5


class Reader(threading.Thread):
    def __init__(self, driver, number: int, seconds: float, routes: tuple[str, ...]):
        super().__init__(daemon=True)
        self.driver, self.number, self.seconds, self.routes, self.ms, self.refused = driver, number, seconds, routes, [], 0

    def run(self) -> None:
        every = DRIVERS / PER_SECOND
        due, end = time.monotonic() + self.number / PER_SECOND, time.monotonic() + self.seconds
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self.driver.call("GET", self.routes[len(self.ms) % len(self.routes)])
            except Exception:  # whatever it was, it was no answer in order
                self.refused += 1
            self.ms.append((time.monotonic() - due) * 1000)
            due += every


def read_for(drivers: list, seconds: float, routes: tuple[str, ...] = ROUTES) -> dict:
    """p50 and p95 of all drivers' requests together, and how many were refused."""
    readers = [Reader(driver, number, seconds, routes) for number, driver in enumerate(drivers)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    ms = sorted(value for reader in readers for value in reader.ms)
    return {"p50_ms": round(statistics.median(ms), 2), "p95_ms": round(ms[int(len(ms) * 0.95)], 2), "requests": len(ms), "refused": sum(reader.refused for reader in readers)}


def p95_medians(windows: list[dict], kinds: tuple[str, ...]) -> dict[str, float]:
    return {kind: round(statistics.median(one["p95_ms"] for one in windows if one["kind"] == kind), 2) for kind in kinds}


def about_the_same(p95: float, quiet: float) -> bool:
    """Not higher than on a quiet platform by more than 20 % and 5 ms."""
    return p95 <= max(quiet * SHARE, quiet + MS)
