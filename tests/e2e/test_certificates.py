"""Certificates are renewed under load: every process and server takes them over, no request fails, no event is lost.
`--long` runs a copy of the platform whose certificates live a minute, for EVCOSTA_E2E_CERTIFICATE_MINUTES (5)."""
import functools
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import requests
from background import InBackground
from cryptography import x509
from person import Person
from settled import assert_one_end, assert_streams_whole
from supervisor import Supervisor

# Who shows which certificate at which port.
TLS_PORTS = {"GATEWAY_PORT": "gateway", "CHARGE_POINT_PORT": "integrations", "AUTH_PORT": "auth", "USER_PORT": "user", "ROUTING_PORT": "routing",
             "CHARGING_PORT": "charging", "PAYMENT_PORT": "payment", "INTEGRATIONS_PORT": "integrations", "PAYMENT_PROVIDER_PORT": "payment-provider",
             "REDIS_PORT": "redis", "KAFKA_PORT": "kafka-broker"}


def on_disk(platform, name):
    return x509.load_pem_x509_certificate(Path(platform.certificate(name)[0]).read_bytes())


def shown(platform, port):
    """The certificate that the server at a port shows to a new connection."""
    context = platform.tls_context("platform-admin")
    with socket.create_connection(("localhost", platform.port(port)), timeout=10) as plain, context.wrap_socket(plain, server_hostname="localhost") as secured:
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True))


def shown_by_postgres(platform):
    said = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{platform.port('POSTGRES_PORT')}", "-starttls", "postgres"], input=b"", capture_output=True,
                          timeout=20, check=False).stdout
    return x509.load_pem_x509_certificate(re.search(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", said, re.DOTALL).group())


def behind(platform):
    """Servers that do not show the certificate on the disk, and programs that do not have it yet."""
    late = [port for port, name in TLS_PORTS.items() if shown(platform, port).serial_number != on_disk(platform, name).serial_number]
    late += ["POSTGRES_PORT"] if shown_by_postgres(platform).serial_number != on_disk(platform, "postgres").serial_number else []
    for process, about in platform.processes.items():
        if about["admin_port"] is None:
            continue
        with urllib.request.urlopen(platform.admin_url(process) + "/metrics", timeout=5) as answer:
            ends = re.search(r"^evc_certificate_not_after_seconds (\S+)$", answer.read().decode(), re.MULTILINE).group(1)
        if float(ends) != on_disk(platform, process).not_valid_after_utc.timestamp():
            late.append(process)
    return late


class Load(InBackground):
    """Requests of some drivers, one after the other, until the end of the block; every answer that is not good is kept."""

    def __init__(self, people):
        super().__init__(*(functools.partial(self.run, person) for person in people))
        self.bad, self.answers = [], 0

    def run(self, person):
        while not self.ending.is_set():
            for path in ("/stations?near=-23.55,-46.63&limit=5", "/charging/sessions?limit=1", "/users/me", "/payments"):
                try:
                    answer = person.request("GET", path)
                    if answer.status_code != 200:
                        self.bad.append((path, answer.status_code, answer.text[:200]))
                except requests.RequestException as error:
                    self.bad.append((path, repr(error)))
                self.answers += 1
                if self.ending.wait(0.06):  # a driver may read 20 times a second
                    return


@pytest.mark.timeout(240)
def test_renewed_certificates_cost_no_request_and_no_event(platform, eventually, somebody):
    driver = somebody()
    restarts = {name: about["restarts"] for name, about in platform.supervised().items()}
    with Load([somebody(), somebody()]) as load:
        accepted, _ = driver.started()
        for _ in range(2):
            renewed = platform.evcosta("certificates", "renew")
            assert renewed.returncode == 0, renewed.stdout + renewed.stderr
            eventually(lambda: not behind(platform), 20, 0.5, "every process and server with its new certificate")
            driver.until_charging(accepted["sessionId"])
        driver.stop_patiently(accepted["sessionId"])
        assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
    assert not load.bad, load.bad[:10]
    assert load.answers > 100
    assert_streams_whole(platform)
    assert {name: about["restarts"] for name, about in platform.supervised().items()} == restarts, "nobody had to start anew"


def test_a_certificate_that_nobody_has_is_not_renewed(platform):
    answer = platform.evcosta("certificates", "renew", "nosuch")
    assert answer.returncode != 0
    assert "there is no certificate nosuch" in answer.stderr


def test_status_says_when_each_ends(platform):
    answer = platform.evcosta("certificates", "status")
    assert answer.returncode == 0, answer.stderr
    for name in ("gateway", "kafka-broker", "observability"):
        assert f"{on_disk(platform, name).not_valid_after_utc:%Y-%m-%d %H:%M:%SZ}" in re.search(rf"^{name} .*$", answer.stdout, re.MULTILINE).group()


@pytest.fixture(scope="module")
def minute_platform(platform):
    """A copy whose certificates live a minute; stopped at the end."""
    from running_platform import Platform

    run_dir = platform.run_dir.parent / f"{platform.run_dir.name}-minute"
    subprocess.run(["rm", "-rf", str(run_dir)], check=True)
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(run_dir), "EVCOSTA_PORT_BASE": str(platform.port("GATEWAY_PORT") - 3 + 200), "EVCOSTA_CERTIFICATE_LIFE_S": "60"}

    def evcosta(*words):
        return subprocess.run([str(platform.root / "evcosta"), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)

    up = evcosta("up", "--no-build")
    try:
        assert up.returncode == 0, up.stdout[-2000:] + up.stderr[-2000:]
        yield Platform(run_dir)
    finally:
        assert evcosta("down").returncode == 0


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_certificates_that_live_a_minute(minute_platform, eventually):
    platform, minutes = minute_platform, float(os.environ.get("EVCOSTA_E2E_CERTIFICATE_MINUTES", "5"))
    restarts = {name: about["restarts"] for name, about in Supervisor(platform).processes().items()}
    first = {name: on_disk(platform, name).serial_number for name in TLS_PORTS.values()}
    people = [Person(platform).signed_in() for _ in range(2)]
    charges, end = 0, time.monotonic() + 60 * minutes
    with Load(people) as load:
        while time.monotonic() < end:
            driver = Person(platform).signed_in()
            accepted, _ = driver.started()
            driver.until_charging(accepted["sessionId"])
            driver.stop_patiently(accepted["sessionId"])
            assert assert_one_end(platform, eventually, driver, accepted["sessionId"])["state"] == "CAPTURED"
            charges += 1
            for person in people:  # a token lives 15 minutes
                person.login()
    assert not load.bad, load.bad[:10]
    assert all(on_disk(platform, name).serial_number != serial for name, serial in first.items())
    eventually(lambda: not behind(platform), 20, 0.5, "every process and server with its newest certificate")
    assert_streams_whole(platform)
    assert {name: about["restarts"] for name, about in Supervisor(platform).processes().items()} == restarts
    print(f"{minutes} min, {load.answers} answers, {charges} charges")
