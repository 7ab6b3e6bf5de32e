#!/usr/bin/python3
"""compose.py [--ports]: writes RUN_DIR/config from deploy/: the servers' configuration, process-compose.yaml, and platform.json.

Input is deploy/processes.yaml and the environment that ./evcosta sets (ROOT, RUN_DIR, BIN_DIR, PORT_BASE, the tools' paths, …).
platform.json tells status, trace and the tests which processes, ports and folders there are.
A program that is not built is left out and named on standard output; REQUIRE_ALL=1 makes that an error.
--ports only prints the TCP ports that are going to be used.
"""
import json
import os
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
from render import render

# The log file of a foreign program is what it wrote, line by line. Ours append to theirs and keep its size themselves (log.file):
# each line through the supervisor costs it as much CPU as the line cost its writer.
LOGGING = {"rotation": {"max_size_mb": 20, "max_backups": 3}, "no_metadata": True, "disable_json": True, "flush_each_line": True,
           "no_color": True, "fields_order": ["message"]}
# Probes only say ready or not. A failing one must never stop a process: readiness is lost while a dependency is away.
NEVER = 1_000_000_000


def expand(value, values):
    if isinstance(value, str):
        if value == "${POSTGRES_COMMAND}":
            return values["POSTGRES_COMMAND"].splitlines()
        return render(value, values)
    if isinstance(value, list):
        return [expand(item, values) for item in value]
    if isinstance(value, dict):
        return {key: expand(item, values) for key, item in value.items()}
    return value


def read_inputs():
    values = dict(os.environ)
    spec = yaml.safe_load((Path(values["ROOT"]) / "deploy/processes.yaml").read_text(encoding="utf-8"))
    run = values["RUN_DIR"]
    values |= {
        "CONFIG_DIR": f"{run}/config",
        "DATA_DIR": f"{run}/data",
        "TLS_DIR": f"{run}/tls",
        "SECRETS_DIR": f"{run}/secrets",
        "MAIL_DIR": f"{run}/mail",
        "ERASURES_DIR": f"{run}/erasures",
        "REDIS_DIR": f"{run}/data/redis",
    }
    brokers = int(values.setdefault("KAFKA_BROKERS", "1"))
    faults = values.get("EVCOSTA_FAULTS") == "yes"
    values["FAULTS_DIR"] = f"{run}/faults" if faults else ""
    for part in ("ports", "processes"):
        spec[part] = {name: about for name, about in spec[part].items() if about.get("brokers", 1) <= brokers and (faults or not about.get("faults"))}
    base = int(values["PORT_BASE"])
    ports = {name: base + port["offset"] for name, port in spec["ports"].items()}
    # A server that is somebody else's keeps its own address.
    for name, port in ports.items():
        values.setdefault(name, str(port))
    # The gates stand between the programs and these servers; everybody else goes straight.
    for way, gate, straight in (("POSTGRES", "POSTGRES_GATE_PORT", "POSTGRES_PORT"), ("REDIS", "REDIS_GATE_PORT", "REDIS_PORT"),
                                ("PROVIDER", "PROVIDER_GATE_PORT", "PAYMENT_PROVIDER_PORT")):
        values[f"WAY_TO_{way}"] = values[gate if faults else straight]
    values["CERTIFICATE_LIFE_S"] = values.get("EVCOSTA_CERTIFICATE_LIFE_S") or str(90 * 24 * 3600)
    values.setdefault("POSTGRES_HOST", "localhost")
    values.setdefault("REDIS_HOST", "localhost")
    if "KAFKA_BOOTSTRAP" in values:
        values["KAFKA_BROKERS"] = "0"  # however many it has
    values.setdefault("KAFKA_BOOTSTRAP", ",".join(f"localhost:{ports[f'{prefix}_PORT']}" for _, prefix in brokers_of(brokers)))
    values["KAFKA_BROKER_LIST"] = json.dumps(values["KAFKA_BOOTSTRAP"].split(","))
    values.setdefault("OTLP_ENDPOINT", f"http://127.0.0.1:{ports['OTLP_HTTP_PORT']}")
    return spec, ports, values


def brokers_of(count):
    """(process, prefix of its ports) of each of our own brokers."""
    return [("kafka" if number == 1 else f"kafka-{number}", "KAFKA" if number == 1 else f"KAFKA_{number}") for number in range(1, count + 1)]


def kafka_properties(values, ports, number, brokers):
    """A broker's own configuration; what makes three of them a cluster comes last, and so it holds."""
    deploy = Path(values["ROOT"]) / "deploy/kafka"
    process, prefix = brokers_of(number)[-1]
    own = values | {"KAFKA_NODE": str(number), "KAFKA_DATA": f"{values['DATA_DIR']}/{process}", "KAFKA_PORT": str(ports[f"{prefix}_PORT"]),
                    "KAFKA_CONTROLLER_PORT": str(ports[f"{prefix}_CONTROLLER_PORT"]),
                    "KAFKA_VOTERS": ",".join(f"{place}@localhost:{ports[f'{its}_CONTROLLER_PORT']}" for place, (_, its) in enumerate(brokers_of(brokers), 1))}
    templates = ["server.properties", *(["cluster.properties"] if brokers > 1 else []), *(["behind_gate.properties"] if "KAFKA_GATE_PORT" in ports else [])]
    return process, "".join(render((deploy / template).read_text(encoding="utf-8"), own) for template in templates)


def included(name, process, values):
    """None when the process is part of the composition, else the reason why not."""
    replaced_by = process.get("replaced_by")
    if replaced_by and values.get(replaced_by):
        return f"an existing server is used ({replaced_by})"
    program = process.get("program")
    if program and not (Path(values["BIN_DIR"]) / program).exists():
        return f"{program} is not built"
    return None


def command_of(process, values):
    if "command" in process:
        return expand(process["command"], values)
    command = [str(Path(values["BIN_DIR"]) / process["program"])]
    if "config" in process:
        command += ["--config", str(Path(values["ROOT"]) / process["config"])]
    return command + expand(process.get("arguments", []), values)


def writes_its_own_log(process):
    return "program" in process and not process.get("once")


def entrypoint(process, command):
    # The shell replaces itself: the pid is the program's.
    return ["/bin/sh", "-c", 'exec "$0" "$@" >> "$EVC_LOG_FILE" 2>&1', *command] if writes_its_own_log(process) else command


def logging_of(process, log):
    return {} if writes_its_own_log(process) else {"log_location": log, "log_configuration": LOGGING}


def environment_of(process, spec, values, log):
    environment = {"EVCOSTA_PROCESS_OF": values["RUN_DIR"]}
    if writes_its_own_log(process):
        environment["EVC_LOG_FILE"] = log
    if "program" in process:
        environment |= expand(spec["program_environment"], values)
        if "listen" in process:
            environment["EVC_LISTEN_PORT"] = values[process["listen"]]
        if "admin" in process:
            environment["EVC_ADMIN_PORT"] = values[process["admin"]]
    environment |= expand(process.get("environment", {}), values)
    if process.get("clock_can_be_moved") and "fault-gates" in spec["processes"]:
        environment |= {"LD_PRELOAD": values["CLOCK_LIBRARY"], "FAKETIME_TIMESTAMP_FILE": f"{values['RUN_DIR']}/faults/clock", "FAKETIME_CACHE_DURATION": "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return [f"{key}={value}" for key, value in environment.items()]


def readiness_of(process, values):
    if "log" in process.get("ready", {}):
        return {"ready_log_line": process["ready"]["log"]}
    if "ready" in process:
        port, path = values[process["ready"]["port"]], process["ready"]["path"]
    elif "admin" in process:
        port, path = values[process["admin"]], "/health/ready"
    else:
        return {}
    return {
        "readiness_probe": {
            "http_get": {"host": "127.0.0.1", "scheme": "http", "port": port, "path": path},
            "period_seconds": 1,
            "timeout_seconds": 2,
            "failure_threshold": NEVER,
        }
    }


def condition_for(dependency):
    if dependency.get("once"):
        return "process_completed_successfully"
    if "log" in dependency.get("ready", {}):
        return "process_log_ready"
    return "process_healthy"


def before(process):
    """What a process waits for: where there are gates, every program's way leads through them."""
    return [*process.get("after", []), *(["fault-gates"] if "program" in process else [])]


def compose(spec, values):
    chosen, left_out = {}, {}
    for name, process in spec["processes"].items():
        reason = included(name, process, values)
        unbuilt_before = [d for d in process.get("after", []) if left_out.get(d, "").endswith("is not built")]
        if not reason and unbuilt_before:
            reason = left_out[unbuilt_before[0]]  # a relay without its service would wait for ever
        if reason:
            left_out[name] = reason
        else:
            chosen[name] = process
    result = {}
    for name, process in chosen.items():
        log = f"{values['RUN_DIR']}/log/{name}.log"
        once = process.get("once", False)
        result[name] = {
            "entrypoint": entrypoint(process, command_of(process, values)),
            "working_dir": values["ROOT"],
            "environment": environment_of(process, spec, values, log),
            **logging_of(process, log),
            "availability": {"restart": "on_failure" if once else "always", "backoff_seconds": 1},
            "depends_on": {d: {"condition": condition_for(chosen[d])} for d in before(process) if d in chosen},
            "shutdown": process.get("stop", {"signal": 15, "timeout_seconds": 20}),
            **readiness_of(process, values),
        }
    document = {
        "version": "0.5",
        "log_level": "info",
        "disable_env_expansion": True,
        "processes": result,
    }
    return document, left_out


def foreign(values):
    """The port names that belong to servers which are not ours."""
    owners = {"EVCOSTA_POSTGRES_URL": ["POSTGRES_PORT"], "EVCOSTA_REDIS_URL": ["REDIS_PORT"],
              "EVCOSTA_KAFKA_BOOTSTRAP": [name for name in values if name.startswith("KAFKA_") and name.endswith("_PORT")], "EVCOSTA_OTLP_ENDPOINT": ["OTLP_HTTP_PORT", "OTLP_GRPC_PORT"]}
    return {port for variable, names in owners.items() if values.get(variable) for port in names}


def scrape_targets(spec, chosen, values):
    """Prometheus' file_sd: every admin listener of ours, and the servers that have /metrics."""
    targets = []
    for name, process in spec["processes"].items():
        port = process.get("admin") or process.get("metrics", {}).get("port")
        if name in chosen and port:
            targets.append({"targets": [f"127.0.0.1:{values[port]}"], "labels": {"process": name}})
    return targets


def write(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(path.suffix + ".new")
    new.write_text(text, encoding="utf-8")
    new.rename(path)


def main():
    spec, ports, values = read_inputs()
    if sys.argv[1:] == ["--ports"]:
        print("\n".join(str(port) for name, port in ports.items() if name not in foreign(values) and spec["ports"][name]["speaks"] != "udp"))
        return
    document, left_out = compose(spec, values)
    chosen = document["processes"]
    unbuilt = [reason for reason in left_out.values() if reason.endswith("is not built")]
    if unbuilt and values.get("REQUIRE_ALL") == "1":
        sys.exit("these programs are missing: " + "; ".join(sorted(set(unbuilt))))

    root, config = Path(values["ROOT"]), Path(values["CONFIG_DIR"])
    brokers = sum(name.startswith("kafka") for name in spec["processes"])
    for number in range(1, brokers + 1):
        process, properties = kafka_properties(values, ports, number, brokers)
        write(config / f"{process}.properties", properties)
    for template in ["redis/redis.conf", "apicurio/apicurio.properties", "collector/collector.yaml", "prometheus/prometheus.yml", "alertmanager/alertmanager.yml"]:
        write(config / Path(template).name, render((root / "deploy" / template).read_text(encoding="utf-8"), values))
    if "fault-gates" in chosen:
        write(config / "fault_gates.yaml", render((root / "deploy/fault_gates.yaml").read_text(encoding="utf-8"), values))
    write(config / "scrape.json", json.dumps(scrape_targets(spec, chosen, values), indent=1))
    write(config / "process-compose.yaml", yaml.safe_dump(document, sort_keys=False, width=200))
    platform = {
        "base_url": f"https://localhost:{ports['GATEWAY_PORT']}",
        "run_dir": values["RUN_DIR"],
        "port_base": int(values["PORT_BASE"]),
        "ports": {name: {"port": ports[name], "speaks": spec["ports"][name]["speaks"]} for name in ports},
        "postgres": {"host": values["POSTGRES_HOST"], "port": int(values["POSTGRES_PORT"]), "data": values.get("POSTGRES_DATA")},
        "redis": {"host": values["REDIS_HOST"], "port": int(values["REDIS_PORT"])},
        "kafka": values["KAFKA_BOOTSTRAP"],
        "brokers": [name for name in chosen if name.startswith("kafka")],
        "otlp": values["OTLP_ENDPOINT"],
        "processes": {
            name: {"once": spec["processes"][name].get("once", False),
                   "port": ports.get(spec["processes"][name].get("listen")),
                   "admin_port": ports.get(spec["processes"][name].get("admin"))}
            for name in chosen
        },
        "left_out": left_out,
        "faults": "fault-gates" in chosen,
    }
    write(Path(values["RUN_DIR"]) / "platform.json", json.dumps(platform, indent=1) + "\n")
    if unbuilt:
        print("  not built, so left out: " + ", ".join(name for name, reason in left_out.items() if reason in unbuilt))
    for name, reason in left_out.items():
        if reason not in unbuilt:
            print(f"  {name} is not started: {reason}")


if __name__ == "__main__":
    main()
