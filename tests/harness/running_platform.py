"""A platform that runs, as whatever tests it reaches it: addresses, certificates, databases, its supervisor's table."""
import json
import os
import ssl
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Platform:
    """Paths, addresses, certificates and databases of one running platform."""

    def __init__(self, run_dir: Path):
        about = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))
        self.root = ROOT
        self.run_dir = run_dir
        self.base_url = about["base_url"]
        self.processes = about["processes"]
        self.left_out = about["left_out"]
        self.speaks = {name: port["speaks"] for name, port in about["ports"].items()}
        self.ports = {name: port["port"] for name, port in about["ports"].items()}
        self.kafka = about["kafka"]
        self.ca_file = run_dir / "tls/ca.pem"
        self.log_dir = run_dir / "log"
        self.mail_dir = run_dir / "mail"

    def port(self, name: str) -> int:
        """By its name in deploy/processes.yaml, for example GATEWAY_PORT."""
        return self.ports[name]

    def certificate(self, name: str) -> tuple[str, str]:
        """(certificate, key) of a process, as `requests` and `ssl` want them."""
        return str(self.run_dir / f"tls/{name}.crt"), str(self.run_dir / f"tls/{name}.key")

    def secret(self, name: str) -> str:
        return (self.run_dir / "secrets" / name).read_text(encoding="utf-8").strip()

    def admin_url(self, process: str) -> str:
        return f"http://127.0.0.1:{self.processes[process]['admin_port']}"

    def tls_context(self, certificate: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if certificate:
            context.load_cert_chain(*self.certificate(certificate))
        return context

    def postgres(self, database: str, role: str, certificate: str) -> str:
        """A libpq conninfo."""
        crt, key = self.certificate(certificate)
        return (f"host=localhost port={self.port('POSTGRES_PORT')} dbname={database} user={role} sslmode=verify-full "
                f"sslrootcert={self.ca_file} sslcert={crt} sslkey={key}")

    def kafka_settings(self, principal: str) -> dict:
        """For confluent_kafka."""
        crt, key = self.certificate(principal)
        return {"bootstrap.servers": self.kafka, "security.protocol": "ssl", "ssl.ca.location": str(self.ca_file),
                "ssl.certificate.location": crt, "ssl.key.location": key}

    def evcosta(self, *arguments: str, timeout: float = 120, typed: str = "") -> subprocess.CompletedProcess:
        """Runs ./evcosta against this platform."""
        return subprocess.run([str(ROOT / "evcosta"), *arguments], env={**os.environ, "EVCOSTA_RUN_DIR": str(self.run_dir)},
                              input=typed, capture_output=True, text=True, timeout=timeout, check=False)

    def supervised(self) -> dict:
        """Process name → pid, state, restarts, as the supervisor knows them."""
        answer = self.evcosta("status", "--json")
        assert answer.returncode == 0, answer.stderr
        return {process["name"]: process for process in json.loads(answer.stdout)}
