"""contracts/topics.yaml and contracts/events/*.schema.json → events.hpp and events.cpp: which event goes to which topic, and its schema's name.

Usage: events.py TOPICS_YAML OUTPUT_DIR      (the schemas are in the folder events/ beside TOPICS_YAML)
"""
import json
import pathlib
import sys

import yaml

HEADER = """// Generated from contracts/topics.yaml and contracts/events/: do not edit.
// Which event goes to which topic: constant data, valid for the whole life of the process, safe to read from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
namespace evc::contracts {
struct Topic {
  std::string_view name;
  std::string_view producer;      // the principal that writes it
  std::string_view source;        // ce_source
  std::uint32_t linger_ms;        // the relay's producer
  std::size_t batch_bytes;
  std::uint32_t delivery_timeout_ms;
  std::uint32_t gap_alarm_ms;     // a consumer's alarm for a missing sequence
};
struct EventType {
  std::string_view type;          // ce_type
  std::string_view topic;
  std::string_view data_schema;   // ce_dataschema
};
struct DeadLetterTopic {
  std::string_view name;
  std::string_view source;        // the topic whose records it takes
  std::string_view group;         // the group that failed
};
std::span<const Topic> topics();
std::span<const EventType> event_types();
std::span<const DeadLetterTopic> dead_letter_topics();
const Topic* find_topic(std::string_view name);                // null: there is none
const EventType* find_event_type(std::string_view type);       // null: there is none
const DeadLetterTopic* find_dead_letter_topic(std::string_view source, std::string_view group);
}  // namespace evc::contracts
"""

FINDERS = """
const Topic* find_topic(std::string_view name) {
  for (const Topic& row : kTopics) {
    if (row.name == name) return &row;
  }
  return nullptr;
}
const EventType* find_event_type(std::string_view type) {
  for (const EventType& row : kEventTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}
const DeadLetterTopic* find_dead_letter_topic(std::string_view source, std::string_view group) {
  for (const DeadLetterTopic& row : kDeadLetterTopics) {
    if (row.source == source && row.group == group) return &row;
  }
  return nullptr;
}
"""


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def table(kind: str, name: str, rows: list[str]) -> list[str]:
    return [f"constexpr std::array<{kind}, {len(rows)}> {name}{{{{", *[f"    {{{row}}}," for row in rows], "}};"]


def body(contract: dict, schema_ids: dict[str, str]) -> str:
    topics, types = [], []
    for topic in contract["topics"]:
        producer = topic["producer"]
        topics.append(f"{text(topic['name'])}, {text(topic['producer_principal'])}, {text(topic['ce_source'])}, {producer['linger_ms']}, "
                      f"{producer['batch_bytes']}, {producer['delivery_timeout_ms']}, {topic['parking']['gap_alarm_ms']}")
        types += [f"{text(event)}, {text(topic['name'])}, {text(schema_ids[event])}" for event in topic["events"]]
    dead = [", ".join(text(row[key]) for key in ("name", "source", "group")) for row in contract["dead_letters"]]
    lines = ["// Generated from contracts/topics.yaml and contracts/events/: do not edit.", '#include "contracts/events.hpp"', "#include <array>",
             "namespace evc::contracts {", "namespace {", *table("Topic", "kTopics", topics), *table("EventType", "kEventTypes", types),
             *table("DeadLetterTopic", "kDeadLetterTopics", dead), "}  // namespace",
             "std::span<const Topic> topics() { return kTopics; }",
             "std::span<const EventType> event_types() { return kEventTypes; }",
             "std::span<const DeadLetterTopic> dead_letter_topics() { return kDeadLetterTopics; }"]
    return "\n".join(lines) + FINDERS + "}  // namespace evc::contracts\n"


def main() -> int:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    contract = yaml.safe_load(source.read_text(encoding="utf-8"))
    schema_ids = {}
    for topic in contract["topics"]:
        for event in topic["events"]:
            schema = json.loads((source.parent / "events" / f"{event}.schema.json").read_text(encoding="utf-8"))
            if not schema["$id"].startswith(f"urn:evcosta:schema:{topic['name']}-{event}:"):
                print(f"{source.parent}/events/{event}.schema.json: $id does not name {topic['name']}-{event}", file=sys.stderr)
                return 1
            schema_ids[event] = schema["$id"]
    out.mkdir(parents=True, exist_ok=True)
    (out / "events.hpp").write_text(HEADER, encoding="utf-8")
    (out / "events.cpp").write_text(body(contract, schema_ids), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
