"""Drivers made before the clock starts: registered, verified and signed in through the public port, each from a loopback address of its own,
because limits of sign-in count addresses and all others count drivers. No limit is changed."""
import copy
import http.client
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from driver import Driver, StepFailed

PASSWORD = "uma-viagem-pela-costa"
# More at once only wait for the one hashing thread of auth.
AT_ONCE = 6


class LoadDriver(Driver):
    """One driver; `number` chooses the address inside 127/8."""

    def __init__(self, run_dir: Path, number: int):
        super().__init__(run_dir)
        self.address = f"127.{100 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"
        self.email = f"load-{secrets.token_hex(8)}@correio.example"
        self.tls.check_hostname = True

    def connect(self, timeout_s: float = 20):
        return http.client.HTTPSConnection(self.host, self.port, timeout=timeout_s, context=self.tls, source_address=(self.address, 0))

    def twin(self) -> "LoadDriver":
        """The same person over another connection."""
        other = copy.copy(self)
        other._connection = None
        return other

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def persistently(step, what: str):
    """Sign-in answers 503 when its queue is full, and 504 when the machine is; that is no failure of the preparation."""
    for attempt in range(10):
        try:
            return step()
        except StepFailed as failure:
            if not any(f" {status} " in str(failure) for status in (429, 503, 504)):
                raise
            time.sleep(0.2 * (attempt + 1))
    raise StepFailed(f"{what}: refused ten times")


def links_of(mail_dir: Path, addresses: set[str], within_s: float = 30) -> dict[str, str]:
    """Address → path of the verification link; each mail is read once."""
    links, read, deadline = {}, set(), time.monotonic() + within_s
    while len(links) < len(addresses):
        for mail in mail_dir.glob("*.eml"):
            if mail.name in read:
                continue
            text = mail.read_text(encoding="utf-8")
            found, receiver = re.search(r"/auth/verify\?token=[A-Za-z0-9_-]+", text), re.search(r"<(load-[0-9a-f]+@correio\.example)>", text)
            read.add(mail.name)
            if found and receiver and receiver.group(1) in addresses:
                links[receiver.group(1)] = found.group()
        if time.monotonic() > deadline:
            raise StepFailed(f"{len(addresses) - len(links)} verification mails are missing in {mail_dir}")
        time.sleep(0.05)
    return links


def load_drivers(run_dir: Path, count: int) -> list[LoadDriver]:
    started = time.monotonic()
    offset = secrets.randbelow(1_000_000)
    drivers = [LoadDriver(run_dir, offset + number) for number in range(count)]
    links: dict[str, str] = {}

    def register(driver: LoadDriver) -> None:
        persistently(lambda: driver.register(driver.email, PASSWORD, "Carga de Teste"), "registration")

    def sign_in(driver: LoadDriver) -> None:
        persistently(lambda: driver.call("GET", links[driver.email]), "verification")
        persistently(lambda: driver.login(driver.email, PASSWORD), "sign-in")
        driver.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(register, drivers))
        links |= links_of(run_dir / "mail", {driver.email for driver in drivers})
        list(pool.map(sign_in, drivers))
    print(f"{count} drivers made in {time.monotonic() - started:.1f} s", flush=True)
    return drivers
