"""contracts/topics.yaml and contracts/events/*.schema.json → event_schemas.hpp and event_schemas.cpp: every version of every event's schema, as text.

Usage: event_schemas.py TOPICS_YAML OUTPUT_DIR      (the schemas are in the folder events/ beside TOPICS_YAML)
"""
import json
import pathlib
import re
import sys

import yaml

HEADER = """// Generated from contracts/topics.yaml and contracts/events/: do not edit.
// The schemas that this program was built with: constant data, valid for the whole life of the process, safe to read
// from any thread. Linked only by who talks to the schema registry.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
namespace evc::contracts {
struct SchemaVersion {
  std::string_view subject;    // <topic>-<eventType>
  std::string_view topic;
  std::string_view reference;  // its $id: ce_dataschema of the events written with it
  std::uint32_t version;       // 1, 2, 3 …
  std::string_view text;       // JSON Schema 2020-12
};
std::span<const SchemaVersion> schema_versions();  // by topic and type, the versions of a subject in order
}  // namespace evc::contracts
"""


def versions_of(folder: pathlib.Path, event: str) -> list[dict]:
    """Oldest first: <event>.v<n>.schema.json, then <event>.schema.json."""
    earlier = {int(re.search(r"\.v(\d+)\.", path.name)[1]): path for path in folder.glob(f"{event}.v*.schema.json")}
    paths = [path for _, path in sorted(earlier.items())] + [folder / f"{event}.schema.json"]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def row(topic: str, schema: dict) -> str:
    subject, version = schema["$id"].removeprefix("urn:evcosta:schema:").rsplit(":", 1)
    text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    return f'    {{"{subject}", "{topic}", "{schema["$id"]}", {version}, R"evc({text})evc"}},'


def main() -> int:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    contract = yaml.safe_load(source.read_text(encoding="utf-8"))
    rows = [row(topic["name"], schema) for topic in contract["topics"] for event in topic["events"] for schema in versions_of(source.parent / "events", event)]
    lines = ["// Generated from contracts/topics.yaml and contracts/events/: do not edit.", '#include "contracts/event_schemas.hpp"', "#include <array>",
             "namespace evc::contracts {", "namespace {", f"constexpr std::array<SchemaVersion, {len(rows)}> kSchemaVersions{{{{", *rows, "}};", "}  // namespace",
             "std::span<const SchemaVersion> schema_versions() { return kSchemaVersions; }", "}  // namespace evc::contracts", ""]
    out.mkdir(parents=True, exist_ok=True)
    (out / "event_schemas.hpp").write_text(HEADER, encoding="utf-8")
    (out / "event_schemas.cpp").write_text("\n".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
