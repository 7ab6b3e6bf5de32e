"""contracts/telemetry.yaml as data, and what the code names."""
import re
from functools import lru_cache

import yaml
from contract_files import ROOT

FOLDERS = ("kit", "services", "simulators", "tools")
METRIC = re.compile(r'\b(counter|gauge|histogram|gauge_callback|counter_callback)\(\s*"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)"')
TYPES = {"counter": "counter", "counter_callback": "counter", "gauge": "gauge", "gauge_callback": "gauge", "histogram": "histogram"}
ATTRIBUTE = re.compile(r'"((?:db|http|url|messaging|ev|error|peer|server)\.[a-z_.]+)"')
# Keys of log lines are a list of their own.
LOG_KEYS = "kit/telemetry/log_keys.hpp"


@lru_cache(maxsize=1)
def registry() -> dict:
    return yaml.safe_load((ROOT / "contracts/telemetry.yaml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def sources() -> dict[str, str]:
    """Path → text of the shipped C++."""
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.[ch]pp"):
            name = str(path.relative_to(ROOT))
            if not re.search(r"(_test|_fuzz)\.cpp$|/testing/", name):
                found[name] = path.read_text(encoding="utf-8")
    return found


def metrics_in_code() -> dict[str, str]:
    """Name → type of every metric that the code makes."""
    return {name: TYPES[call] for text in sources().values() for call, name in METRIC.findall(text)}


def attributes_in_code() -> set[str]:
    return {name for path, text in sources().items() if path != LOG_KEYS for name in ATTRIBUTE.findall(text)}


def span_row(kind: str, name: str) -> dict | None:
    """The row of the registry that a span belongs to."""
    return next((row for row in registry()["spans"] if row["kind"] == kind and re.fullmatch(row["pattern"], name)), None)


def rate_classes() -> dict[str, list[tuple[str, str]]]:
    """Rate class → (method, path) of its public operations, without streams."""
    table = yaml.safe_load((ROOT / "contracts/routes.yaml").read_text(encoding="utf-8"))
    found: dict[str, list[tuple[str, str]]] = {}
    for row in table["routes"]:
        found.setdefault(row["rate_class"], []).append((row["method"], row["path"]))
    return found
