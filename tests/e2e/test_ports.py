"""The platform's surface: every port is the one that deploy/processes.yaml says, on loopback, and speaks what it says."""
import re
import shutil
import socket
import ssl
import struct
import subprocess
import urllib.request
from pathlib import Path

import pytest

POSTGRES_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def process_tree(platform):
    """The pids of the platform: every supervised process and what it started."""
    pids = {process["pid"] for process in platform.supervised().values() if process["pid"]}
    pids.add(int((platform.run_dir / "supervisor.pid").read_text()))
    while True:
        added = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) in pids:
                added.add(int(stat.parent.name))
        if added <= pids:
            return pids
        pids |= added


def listeners(platform):
    """(protocol, address, port) of everything that the platform's processes listen on."""
    pids = process_tree(platform)
    found = set()
    for protocol, flags in (("tcp", "-Hltnp"), ("udp", "-Hlunp")):
        for line in subprocess.run(["ss", flags], check=True, capture_output=True, text=True).stdout.splitlines():
            owners = {int(pid) for pid in re.findall(r"pid=(\d+)", line)}
            if owners & pids:
                address, port = line.split()[3].rsplit(":", 1)
                found.add((protocol, address.strip("[]").removeprefix("::ffff:"), int(port)))
    return found


def open_ports(platform, *kinds):
    """The TCP ports of the kinds that something listens on: programs that are not part of this run have none."""
    listening = {port for protocol, _, port in listeners(platform) if protocol == "tcp"}
    return {name: port for name, port in platform.ports.items() if platform.speaks[name] in kinds and port in listening}


def connect(platform, name, context):
    """A TLS connection to a port; PostgreSQL asks for its own greeting first."""
    raw = socket.create_connection(("127.0.0.1", platform.port(name)), timeout=10)
    if platform.speaks[name] == "postgres":
        raw.sendall(POSTGRES_SSL_REQUEST)
        assert raw.recv(1) == b"S"
    return context.wrap_socket(raw, server_hostname="localhost")


def any_client(platform, version):
    context = platform.tls_context("platform-admin")
    context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_3:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def test_nothing_listens_that_is_not_listed(platform):
    listed = {("udp" if platform.speaks[name] == "udp" else "tcp", port) for name, port in platform.ports.items()}
    unlisted = {(protocol, address, port) for protocol, address, port in listeners(platform) if (protocol, port) not in listed}
    assert not unlisted


def test_everything_that_is_listed_listens(platform):
    listening = {(protocol, port) for protocol, _, port in listeners(platform)}
    assert not {name for name, port in platform.ports.items() if ("udp" if platform.speaks[name] == "udp" else "tcp", port) not in listening}


def test_everything_listens_on_loopback_only(platform):
    beyond = {(protocol, address, port) for protocol, address, port in listeners(platform) if not address.startswith("127.") and address != "::1"}
    assert not beyond


def test_every_tls_port_speaks_tls_1_3_with_a_certificate_of_our_ca(platform):
    ports = open_ports(platform, "public", "mtls", "tls", "postgres")
    assert {"POSTGRES_PORT", "REDIS_PORT", "KAFKA_PORT", "KAFKA_CONTROLLER_PORT"} <= ports.keys()
    for name in ports:
        with connect(platform, name, any_client(platform, ssl.TLSVersion.TLSv1_3)) as connection:
            assert connection.version() == "TLSv1.3", name


def test_tls_1_2_is_refused_on_every_port(platform):
    for name in open_ports(platform, "public", "mtls", "tls", "postgres"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect(platform, name, any_client(platform, ssl.TLSVersion.TLSv1_2)).close()
            pytest.fail(f"{name} accepted TLS 1.2")


def test_a_client_without_a_certificate_gets_nothing_from_an_inner_port(platform):
    """In TLS 1.3 the server's refusal arrives with the first read; whatever it is, no byte of an answer may come before it."""
    for name in open_ports(platform, "mtls"):
        request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n" if "REDIS" not in name else b"PING\r\n"
        answer = b""
        try:
            with connect(platform, name, platform.tls_context()) as connection:
                connection.sendall(request)
                answer = connection.recv(1024)
        except (ssl.SSLError, ConnectionError, TimeoutError):
            pass
        assert answer == b"", f"{name} answered a client without a certificate: {answer[:80]!r}"


def test_a_certificate_of_another_ca_gets_nothing_from_an_inner_port(platform, tmp_path):
    subprocess.run([str(platform.root / "deploy/pki.sh"), str(tmp_path), "charging"], check=True)
    for name in open_ports(platform, "mtls"):
        context = platform.tls_context()
        context.load_cert_chain(tmp_path / "charging.crt", tmp_path / "charging.key")
        answer = b""
        try:
            with connect(platform, name, context) as connection:
                connection.sendall(b"PING\r\n" if "REDIS" in name else b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = connection.recv(1024)
        except (ssl.SSLError, ConnectionError, TimeoutError):
            pass
        assert answer == b"", name


def test_tls_ports_do_not_answer_in_plain_text(platform):
    for name, port in open_ports(platform, "public", "mtls", "tls").items():
        with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            answer = b""
            try:
                connection.sendall(b"PING\r\n" if "REDIS" in name else b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = connection.recv(1024)
            except (ConnectionError, TimeoutError):
                pass
        # A TLS alert (content type 21) may come, never an HTTP or Redis answer.
        assert answer == b"" or answer[0] == 21, f"{name} answered in plain text: {answer[:80]!r}"


def test_postgres_refuses_a_connection_without_tls(platform):
    conninfo = platform.postgres("charging", "charging", "charging").replace("sslmode=verify-full", "sslmode=disable")
    answer = subprocess.run([shutil.which("psql"), conninfo, "-c", "select 1"], capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "no pg_hba.conf entry" in answer.stderr


def test_admin_listeners_answer_on_loopback(platform):
    for name, about in platform.processes.items():
        if about["admin_port"]:
            with urllib.request.urlopen(f"http://127.0.0.1:{about['admin_port']}/health/live", timeout=5) as answer:
                assert answer.status == 200, name


def test_secrets_and_keys_are_readable_by_their_owner_only(platform):
    private = [*(platform.run_dir / "secrets").iterdir(), *(platform.run_dir / "tls").glob("*.key"), platform.run_dir / "tls/kafka-broker.pem"]
    assert len(private) > 20
    for path in private:
        assert path.stat().st_mode & 0o077 == 0, path
