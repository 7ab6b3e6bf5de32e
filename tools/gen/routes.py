"""contracts/routes.yaml → routes.hpp and routes.cpp: the table of REST operations, its rate classes and its scopes.

Usage: routes.py ROUTES_YAML OUTPUT_DIR
A row that says too little or something impossible ends the build with its name: the table fails closed.
"""
import json
import pathlib
import re
import sys

import yaml

ACCESS = {"public": "kPublic", "driver": "kDriver", "operator": "kOperator", "service": "kService", "peer": "kPeer", "hmac": "kHmac"}
COUNTED = {"none": "kNone", "address": "kAddress", "subject": "kSubject"}
WITHOUT_CACHE = {"local": "kLocalBucket", "refuse": "kRefuse"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SERVICES = ("gateway", "auth", "user", "routing", "charging", "payment", "integrations", "registry")
# Certificates that call and are no service of this table.
CALLERS = (*SERVICES, "relay-charging", "relay-payment", "relay-integrations", "observability", "platform-admin")
REQUIRED = {"method", "path", "service", "operation", "access", "rate_class", "idempotent"}
OPTIONAL = {"scope", "key", "deadline_ms", "try_ms", "body_limit_bytes", "stream", "internal", "callers", "subtree"}
SEGMENT = re.compile(r"^(?:[A-Za-z0-9._-]+|\{[a-z][A-Za-z]*\})$")


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def flag(value: bool) -> str:
    return "true" if value else "false"


def problems_of(route: dict, table: dict) -> list[str]:
    """What is wrong with one row, in words."""
    found = []
    missing, unknown = REQUIRED - route.keys(), route.keys() - REQUIRED - OPTIONAL
    if missing or unknown:
        return [f"missing {sorted(missing)}, unknown {sorted(unknown)}"]
    driver_scopes = set(table["scopes"]["driver"])
    operator_scopes = {scope for scopes in table["scopes"]["operator"].values() for scope in scopes}
    service_scopes = {scope for scopes in table["scopes"]["service"].values() for scope in scopes}
    allowed = {"driver": driver_scopes, "operator": operator_scopes, "service": service_scopes}
    checks = [
        (route["method"] in METHODS, "unknown method"),
        (route["service"] in SERVICES, "unknown service"),
        (route["access"] in ACCESS, "unknown access"),
        (route["rate_class"] in table["rate_classes"], "unknown rate class"),
        (route["path"].startswith("/") and all(SEGMENT.match(part) for part in route["path"][1:].split("/")), "malformed path"),
        (route.get("key", "required") == "required", "key can only be `required`"),
        (not route.get("key") or route["idempotent"], "a keyed operation is idempotent by its key"),
        (route["method"] != "GET" or route.get("body_limit_bytes", 0) == 0, "this method takes no body"),
        (route["method"] != "GET" or route["idempotent"], "GET is always idempotent"),
        ((route["access"] in ("service", "peer")) == bool(route.get("internal")), "service or peer access and internal go together"),
        (bool(route.get("internal")) == bool(route.get("callers")), "internal operations, and only they, name their callers"),
        (all(caller in CALLERS for caller in route.get("callers", [])), "unknown caller"),
        (not route.get("subtree") or route["path"].endswith("}"), "a subtree's path ends with a parameter"),
        ("scope" not in route or route["scope"] in allowed.get(route["access"], set()), "scope is not granted to this kind of caller"),
        # Of their own sign-in people dispose whatever they may do else, operators too.
        ("scope" in route or route["access"] in ("public", "hmac", "service", "peer") or route["path"].startswith("/auth/"), "scope missing"),
        (route.get("internal") or table["rate_classes"].get(route["rate_class"], {}).get("counted") != "none", "a public route needs a limit"),
        (route["access"] not in ("public", "hmac") or table["rate_classes"].get(route["rate_class"], {}).get("counted") != "subject",
         "without a token there is no subject to count by"),
    ]
    return found + [message for good, message in checks if not good]


def check(table: dict) -> list[str]:
    """Every problem of the table, each with the row's name."""
    found, seen, operations = [], set(), set()
    for route in table["routes"]:
        name = f"{route.get('method')} {route.get('path')}"
        found += [f"{name}: {problem}" for problem in problems_of(route, table)]
        shape = (route.get("method"), re.sub(r"\{[^}]*\}", "{}", str(route.get("path"))))
        if shape in seen:
            found.append(f"{name}: written twice")
        if route.get("operation") in operations:
            found.append(f"{name}: operation {route.get('operation')} is used twice")
        seen.add(shape)
        operations.add(route.get("operation"))
    for name, row in table["rate_classes"].items():
        if row["counted"] not in COUNTED or row["without_cache"] not in WITHOUT_CACHE:
            found.append(f"rate class {name}: unknown `counted` or `without_cache`")
        elif row["counted"] != "none" and (row["per_minute"] < 1 or row["burst"] < 1):
            found.append(f"rate class {name}: a limit is at least 1")
    return found


def complete(route: dict, defaults: dict) -> dict:
    """The row with every default filled in."""
    takes_body = route["method"] not in ("GET", "DELETE")  # a DELETE takes one where its row says so
    single = defaults["single_try_deadline_ms"]
    return {
        "deadline_ms": defaults["deadline_ms"] if route["idempotent"] else single,
        "try_ms": defaults["try_ms"],
        "body_limit_bytes": defaults["body_limit_bytes"] if takes_body else 0,
        "scope": "", "stream": False, "internal": False, "subtree": False, "callers": ["gateway"],
        **route,
    }


HEADER = """// Generated from contracts/routes.yaml: do not edit.
// The table of REST operations: constant data, valid for the whole life of the process, safe to read from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
namespace evc::contracts {
enum class Access : std::uint8_t { kPublic, kDriver, kOperator, kService, kPeer, kHmac };
enum class Counted : std::uint8_t { kNone, kAddress, kSubject };        // by what a rate class counts
enum class WithoutCache : std::uint8_t { kLocalBucket, kRefuse };       // when Redis cannot be asked
struct RateClass {
  std::string_view name;
  Counted counted;
  std::uint32_t per_minute;  // evenly, after the burst
  std::uint32_t burst;       // at once
  WithoutCache without_cache;
};
struct Route {
  std::string_view method;
  std::string_view path;       // template: /charging/{sessionId}/stop
  std::string_view service;    // who answers
  std::string_view operation;  // operationId in contracts/http/<service>.yaml
  Access access;
  std::string_view scope;      // empty: none asked
  std::size_t rate_class;      // index into rate_classes()
  std::uint32_t deadline_ms;   // all tries together
  std::uint32_t try_ms;        // one try
  std::size_t body_limit_bytes;  // 0: takes no body
  bool idempotent;             // may be sent again
  bool key_required;           // Idempotency-Key
  bool stream;                 // server-sent events
  bool internal;               // never routed by the gateway
  bool subtree;                // the last parameter takes everything that follows
  std::span<const std::string_view> callers;  // certificate names that may call it
};
struct RoleScopes {
  std::string_view role;       // "driver", an operator's role, or a service's name
  std::span<const std::string_view> scopes;
};
std::span<const RateClass> rate_classes();
std::span<const Route> routes();             // every operation, internal ones too
std::span<const RoleScopes> driver_scopes();    // one row
std::span<const RoleScopes> operator_scopes();  // a row per role
std::span<const RoleScopes> service_scopes();   // a row per service that has any
}  // namespace evc::contracts
"""


def array(name: str, values: list[str]) -> str:
    return f"constexpr std::array<std::string_view, {len(values)}> {name}{{{', '.join(text(value) for value in values)}}};"


def scope_table(name: str, rows: dict) -> list[str]:
    lines = [array(f"k{name}Scopes{index}", scopes) for index, scopes in enumerate(rows.values())]
    lines.append(f"constexpr std::array<RoleScopes, {len(rows)}> k{name}{{{{")
    lines += [f"    {{{text(role)}, k{name}Scopes{index}}}," for index, role in enumerate(rows)]
    return lines + ["}};"]


def body(table: dict) -> str:
    classes = list(table["rate_classes"])
    lines = [
        "// Generated from contracts/routes.yaml: do not edit.",
        '#include "contracts/routes.hpp"',
        "#include <array>",
        "namespace evc::contracts {",
        "namespace {",
        f"constexpr std::array<RateClass, {len(classes)}> kRateClasses{{{{",
    ]
    for name, row in table["rate_classes"].items():
        lines.append(f"    {{{text(name)}, Counted::{COUNTED[row['counted']]}, {row['per_minute']}, {row['burst']}, "
                     f"WithoutCache::{WITHOUT_CACHE[row['without_cache']]}}},")
    lines.append("}};")
    routes = [complete(route, table["defaults"]) for route in table["routes"]]
    lines += [array(f"kCallers{index}", route["callers"]) for index, route in enumerate(routes)]
    lines.append(f"constexpr std::array<Route, {len(routes)}> kRoutes{{{{")
    for index, route in enumerate(routes):
        flags = ", ".join(flag(value) for value in (route["idempotent"], "key" in route, route["stream"], route["internal"], route["subtree"]))
        lines.append(
            f"    {{{text(route['method'])}, {text(route['path'])}, {text(route['service'])}, {text(route['operation'])}, "
            f"Access::{ACCESS[route['access']]}, {text(route['scope'])}, {classes.index(route['rate_class'])}, {route['deadline_ms']}, "
            f"{route['try_ms']}, {route['body_limit_bytes']}, {flags}, kCallers{index}}},")
    lines.append("}};")
    lines += scope_table("Driver", {"driver": table["scopes"]["driver"]})
    lines += scope_table("Operator", table["scopes"]["operator"])
    lines += scope_table("Service", table["scopes"]["service"])
    return "\n".join(lines + [
        "}  // namespace",
        "std::span<const RateClass> rate_classes() { return kRateClasses; }",
        "std::span<const Route> routes() { return kRoutes; }",
        "std::span<const RoleScopes> driver_scopes() { return kDriver; }",
        "std::span<const RoleScopes> operator_scopes() { return kOperator; }",
        "std::span<const RoleScopes> service_scopes() { return kService; }",
        "}  // namespace evc::contracts",
        "",
    ])


def main() -> int:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    table = yaml.safe_load(source.read_text(encoding="utf-8"))
    found = check(table)
    for problem in found:
        print(f"{source}: {problem}", file=sys.stderr)
    if found:
        return 1
    out.mkdir(parents=True, exist_ok=True)
    (out / "routes.hpp").write_text(HEADER, encoding="utf-8")
    (out / "routes.cpp").write_text(body(table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
