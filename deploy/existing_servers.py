#!/usr/bin/python3
"""existing_servers.py --addresses | --check: servers that run already, named by EVCOSTA_POSTGRES_URL, EVCOSTA_REDIS_URL,
EVCOSTA_KAFKA_BOOTSTRAP and EVCOSTA_OTLP_ENDPOINT.

--addresses prints their hosts and ports as shell assignments. --check makes what is missing on them and may be made (roles, databases,
Redis users), tries every door that the services will use, with the services' own certificates, and says what is not offered.
What they must offer: deploy/README.md.
"""
import os
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).resolve().parent
# database, role, certificate: as in postgres/init.sql and postgres/pg_ident.conf.
POSTGRES_DOORS = [
    ("auth", "auth", "auth"), ("auth_keystore", "auth", "auth"), ("users", "users", "user"), ("charging", "charging", "charging"),
    ("payment", "payment", "payment"), ("integrations", "integrations", "integrations"), ("charging", "charging_relay", "relay-charging"),
    ("payment", "payment_relay", "relay-payment"), ("integrations", "integrations_relay", "relay-integrations"), ("registry", "registry", "apicurio"),
    ("postgres", "observability", "observability"),
]
problems = []


def run(*command, text=None, **environment):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **environment})
    return done.returncode, done.stdout.strip(), (done.stderr.strip() or done.stdout.strip())


def address(variable, default_port):
    parts = urlsplit(os.environ[variable])
    if not parts.hostname:
        sys.exit(f"{variable} is not a URL with a host: {parts.scheme or '?'}://…")
    return parts.hostname, parts.port or default_port


def print_addresses():
    if os.environ.get("EVCOSTA_POSTGRES_URL"):
        print("export POSTGRES_HOST={} POSTGRES_PORT={}".format(*address("EVCOSTA_POSTGRES_URL", 5432)))
    if os.environ.get("EVCOSTA_REDIS_URL"):
        print("export REDIS_HOST={} REDIS_PORT={}".format(*address("EVCOSTA_REDIS_URL", 6379)))
    if os.environ.get("EVCOSTA_KAFKA_BOOTSTRAP"):
        print(f"export KAFKA_BOOTSTRAP={shlex.quote(os.environ['EVCOSTA_KAFKA_BOOTSTRAP'])}")
    if os.environ.get("EVCOSTA_OTLP_ENDPOINT"):
        print(f"export OTLP_ENDPOINT={shlex.quote(os.environ['EVCOSTA_OTLP_ENDPOINT'])}")


def statements():
    """init.sql's statements, without the one about the maintenance database, which is not ours here."""
    text = "\n".join(line for line in (HERE / "postgres/init.sql").read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    return [one.strip() for one in text.split(";") if one.strip() and "DATABASE postgres " not in one]


def check_postgres(tls):
    url = os.environ["EVCOSTA_POSTGRES_URL"]
    host, port = address("EVCOSTA_POSTGRES_URL", 5432)

    def query(sql):
        status, output, error = run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url, "-c", sql)
        return (output, None) if status == 0 else (None, error)

    version, error = query("SHOW server_version_num")
    if error:
        problems.append(f"PostgreSQL at {host}:{port}: {error}")
        return
    if int(version) < 150000:
        problems.append(f"PostgreSQL {version} is too old: 15 or newer is needed")
    for setting, wanted in (("wal_level", "logical"), ("ssl", "on")):
        value, _ = query(f"SHOW {setting}")
        if value != wanted:
            problems.append(f"PostgreSQL: {setting} is {value}, it must be {wanted}")
    free_slots, _ = query("SELECT current_setting('max_replication_slots')::int - count(*) FROM pg_replication_slots WHERE slot_name NOT LIKE '%\\_outbox'")
    if free_slots is not None and int(free_slots) < 3:
        problems.append(f"PostgreSQL: {free_slots} replication slots are free, three are needed (max_replication_slots)")
    existing = set((query("SELECT rolname FROM pg_roles UNION SELECT datname FROM pg_database")[0] or "").split())
    databases = set((query("SELECT datname FROM pg_database")[0] or "").split())
    for statement in statements():
        words = statement.split()
        present = databases if words[1] == "DATABASE" else existing
        if words[0] == "CREATE" and words[2] in present:
            continue
        error = query(statement)[1]
        if error:
            problems.append(f"PostgreSQL: '{statement}' was refused: {error}")
    for database, role, certificate in POSTGRES_DOORS:
        conninfo = (f"host={host} port={port} dbname={database} user={role} sslmode=verify-full sslrootcert={tls}/ca.pem "
                    f"sslcert={tls}/{certificate}.crt sslkey={tls}/{certificate}.key")
        status, _, error = run("psql", "-XAtq", conninfo, "-c", "SELECT 1")
        if status != 0:
            problems.append(f"PostgreSQL: role {role} cannot enter database {database} with certificate {certificate}: {error.splitlines()[-1]}")


def check_redis(tls, secrets):
    parts = urlsplit(os.environ["EVCOSTA_REDIS_URL"])
    host, port = address("EVCOSTA_REDIS_URL", 6379)
    base = ["redis-cli", "--no-auth-warning", "--tls", "-h", host, "-p", str(port), "--cacert", f"{tls}/ca.pem"]

    def ask(user, password, certificate, *words):
        login = ["--user", user] if user else []
        return run(*base, "--cert", f"{tls}/{certificate}.crt", "--key", f"{tls}/{certificate}.key", *login, *words, REDISCLI_AUTH=password)

    _, answer, error = ask(unquote(parts.username or ""), unquote(parts.password or ""), "platform-admin", "PING")
    if answer != "PONG":
        problems.append(f"Redis at {host}:{port} does not answer over TLS to the user of EVCOSTA_REDIS_URL: {error}")
        return
    for line in run(str(HERE / "redis/users.sh"), secrets)[1].splitlines():
        _, name, *rules = line.split()
        if name not in ("default", "platform-admin"):
            _, answer, error = ask(unquote(parts.username or ""), unquote(parts.password or ""), "platform-admin", "ACL", "SETUSER", name, *rules)
            if answer != "OK":
                problems.append(f"Redis: user {name} could not be made: {error}")
                continue
            password = (Path(secrets) / f"redis-{name}").read_text(encoding="utf-8")
            _, answer, error = ask(name, password, name, "PING")
            if answer != "PONG":
                problems.append(f"Redis: user {name} cannot sign in: {error}")


def check_kafka(tls):
    bootstrap = os.environ["EVCOSTA_KAFKA_BOOTSTRAP"]
    status, _, error = run("kcat", "-b", bootstrap, "-X", "security.protocol=ssl", "-X", f"ssl.ca.location={tls}/ca.pem", "-X",
                           f"ssl.certificate.location={tls}/platform-admin.crt", "-X", f"ssl.key.location={tls}/platform-admin.key", "-L", "-m", "10")
    if status != 0:
        problems.append(f"Kafka at {bootstrap} does not accept the certificate platform-admin: {error.splitlines()[-1] if error else 'no answer'}")


def check_otlp():
    endpoint = os.environ["EVCOSTA_OTLP_ENDPOINT"].rstrip("/")
    request = urllib.request.Request(f"{endpoint}/v1/traces", b'{"resourceSpans":[]}', {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except (OSError, urllib.error.URLError) as error:
        problems.append(f"OTLP endpoint {endpoint} does not take spans over HTTP: {error}")


def main():
    if sys.argv[1:] == ["--addresses"]:
        print_addresses()
        return 0
    run_dir = os.environ["RUN_DIR"]
    tls, secrets = f"{run_dir}/tls", f"{run_dir}/secrets"
    if os.environ.get("EVCOSTA_POSTGRES_URL"):
        check_postgres(tls)
    if os.environ.get("EVCOSTA_REDIS_URL"):
        check_redis(tls, secrets)
    if os.environ.get("EVCOSTA_KAFKA_BOOTSTRAP"):
        check_kafka(tls)
    if os.environ.get("EVCOSTA_OTLP_ENDPOINT"):
        check_otlp()
    for problem in problems:
        print(f"  ✗ {problem}", file=sys.stderr)
    if problems:
        print("What an existing server must offer stands in deploy/README.md.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
