"""How the commands of `./evcosta` reach a service's own database, with the service's own certificate. Standard library only."""
import json
from pathlib import Path


def conninfo(run_dir: Path, service: str) -> str:
    server = json.loads((run_dir / "platform.json").read_text(encoding="utf-8"))["postgres"]
    tls = run_dir / "tls"
    return (f"host={server['host']} port={server['port']} dbname={service} user={service} sslmode=verify-full sslrootcert={tls}/ca.pem "
            f"sslcert={tls}/{service}.crt sslkey={tls}/{service}.key connect_timeout=10")
