"""The dependency rule over the #includes: layers of the kit, services apart, pure domains, third-party headers in their .cpp files."""
import re

from cpp_source import CppSource
from tree import Finding, Tree

RULES = {
    "include-root": "quoted includes are written from the root of the repository",
    "layer": "a kit layer includes lower ones only (telemetry may include runtime)",
    "kit-up": "the kit includes neither services nor simulators nor tools",
    "service-apart": "a service or simulator includes the kit and its own folders, never another's",
    "domain-pure": "domain/ includes the pure kit folders (base, tariff, ev, ocpp) and itself: no I/O, no SQL, no clock but the one passed in",
    "inward": "api/ and events/ call domain/ and store/, store/ knows domain/; only app.cpp knows everything",
    "testing-shipped": "kit/testing is for tests",
    "third-party": "Beast, libcurl, librdkafka, libpq and hiredis headers reach nobody outside their kit folder: .cpp files and private headers only",
}

LAYERS = [["base"], ["tariff", "ev", "ocpp", "runtime", "telemetry"], ["net", "resilience"], ["http", "postgres", "redis", "kafka"],
          ["registry", "auth", "messaging"], ["service"]]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
EXTRA = {("telemetry", "runtime")}
ROOTS = ("kit", "services", "simulators", "tools", "contracts", "bench", "tests", "proofs")
PURE = ("base", "tariff", "ev", "ocpp")
INWARD = {"store": {"store", "domain"}, "api": {"api", "domain", "store"}, "events": {"events", "domain", "store"}}
LAYERED = {"api", "events", "store", "domain"}
OWNERS = [
    (re.compile(r"^boost/beast"), "kit/http/", "Beast"),
    (re.compile(r"^curl/"), "kit/telemetry/", "libcurl"),
    (re.compile(r"^(librdkafka/|rdkafka)"), "kit/kafka/", "librdkafka"),
    (re.compile(r"^(postgresql/)?(libpq-fe|libpq/|pg_config)"), "kit/postgres/", "libpq"),
    (re.compile(r"^hiredis/"), "kit/redis/", "hiredis"),
]
IMPURE = re.compile(r"^(boost/asio|boost/beast|openssl/|sys/|thread$|mutex$|fstream$|iostream$|ctime$)")


def is_test(path: str) -> bool:
    return path.endswith(("_test.cpp", "_test.hpp"))


def check(repository: Tree) -> list[Finding]:
    found, includes = [], {}
    for path in repository.matching("*.cpp", "*.hpp"):
        includes[path] = CppSource(repository.text(path)).includes
        for line, target, quoted in includes[path]:
            found += [Finding(path, line, rule, message) for rule, message in judge(path, target, quoted)]
    return found + third_party(includes)


def third_party(includes: dict[str, list[tuple[int, str, bool]]]) -> list[Finding]:
    """Third-party headers outside their folder, and headers of the folder that carry them out of it."""
    included_by: dict[str, list[str]] = {}
    for path, rows in includes.items():
        for _, target, quoted in rows:
            if quoted:
                included_by.setdefault(target, []).append(path)
    found = []
    for path, rows in includes.items():
        for line, target, _ in rows:
            for pattern, folder, name in OWNERS:
                if pattern.match(target) and not path.startswith(folder):
                    found.append(Finding(path, line, "third-party", f"<{target}>: {name} belongs to {folder[:-1]}"))
                elif pattern.match(target) and (outside := reached_outside(path, folder, included_by)):
                    found.append(Finding(path, line, "third-party", f"<{target}>: {outside} sees {name} through this header"))
    return found


def reached_outside(path: str, folder: str, included_by: dict[str, list[str]]) -> str | None:
    """A file outside the folder that includes this one, directly or through other headers."""
    seen, waiting = {path}, [path]
    while waiting:
        for includer in included_by.get(waiting.pop(), []):
            if not includer.startswith(folder):
                return includer
            if includer not in seen:
                seen.add(includer)
                waiting.append(includer)
    return None


def judge(path: str, target: str, quoted: bool) -> list[tuple[str, str]]:
    """What is wrong with one #include, as (rule, message)."""
    found = []
    source, wanted = path.split("/"), target.split("/")
    if source[0] == "services" and len(source) > 3 and source[2] == "domain":
        found += judge_domain(path, source[1], target, quoted)
    if not quoted:
        return found
    if wanted[0] not in ROOTS or len(wanted) < 2:
        return found + [("include-root", f'"{target}" does not begin with one of {", ".join(ROOTS)}')]
    if wanted[:2] == ["kit", "testing"] and "testing" not in source[:-1] and not is_test(path) and source[0] in ("kit", "services", "simulators", "tools"):
        found.append(("testing-shipped", f'"{target}" in a file that is shipped'))
    if source[0] == "kit":
        found += judge_kit(source[1], wanted, target)
    elif source[0] in ("services", "simulators", "tools") and wanted[0] in ("services", "simulators", "tools"):
        found += judge_service(path, source, wanted, target)
    return found


def judge_kit(folder: str, wanted: list[str], target: str) -> list[tuple[str, str]]:
    if wanted[0] in ("services", "simulators", "tools", "bench", "tests"):
        return [("kit-up", f'"{target}"')]
    if wanted[0] != "kit" or wanted[1] in (folder, "testing") or folder == "testing":
        return []
    if folder not in RANK or wanted[1] not in RANK:
        unknown = folder if folder not in RANK else wanted[1]
        return [("layer", f"kit/{unknown} has no place among the layers")]
    if RANK[wanted[1]] >= RANK[folder] and (folder, wanted[1]) not in EXTRA:
        return [("layer", f'kit/{folder} must not include "{target}": kit/{wanted[1]} is not a lower layer')]
    return []


def judge_service(path: str, source: list[str], wanted: list[str], target: str) -> list[tuple[str, str]]:
    if source[:2] != wanted[:2]:
        return [("service-apart", f'{"/".join(source[:2])} must not include "{target}": they meet in contracts/ only')]
    if source[0] != "services" or len(source) < 4 or is_test(path):
        return []
    part, other = source[2], wanted[2] if len(wanted) > 3 else ""
    if wanted[-1] == "app.hpp" and other == "":
        return [("inward", f'"{target}": nothing includes the app')]
    if part in INWARD and other in LAYERED and other not in INWARD[part]:
        return [("inward", f'{part}/ must not include "{target}"')]
    return []


def judge_domain(path: str, service: str, target: str, quoted: bool) -> list[tuple[str, str]]:
    if not quoted:
        return [("domain-pure", f"<{target}>")] if IMPURE.match(target) and not is_test(path) else []
    allowed = [f"kit/{name}/" for name in PURE] + [f"services/{service}/domain/", "contracts/"] + (["kit/testing/"] if is_test(path) else [])
    return [] if target.startswith(tuple(allowed)) else [("domain-pure", f'"{target}"')]
