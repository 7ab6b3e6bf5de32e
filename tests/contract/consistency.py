"""What must be true between the files of contracts/. Each check returns the problems it sees, in words; the tests want none, and the mutation tests
want at least one for every change on one side only."""
import importlib.util
import pathlib
import re

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from contract_files import ROOT, Contracts
from schema_compatibility import incompatibilities

KEY_PROBLEMS = {"idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused", "request-in-progress"}
LANGUAGES = {"pt-BR", "en", "es"}
ENVELOPE = ("eventId", "occurredAt", "correlationId", "traceId", "sequence")


def check(contracts: Contracts):
    """Every problem, one after the other; after a reference that leads nowhere the other checks have nothing to stand on."""
    lost = references_lead_somewhere(contracts)
    yield from lost
    for one in [] if lost else CHECKS:
        yield from one(contracts)


def references_lead_somewhere(contracts: Contracts) -> list[str]:
    files = [contracts.folder / "asyncapi.yaml", *sorted(contracts.http.glob("*.yaml"))]
    return [f"{path.name}: {reference} leads nowhere" for path in files for reference in dangling(contracts, contracts.document(path), path)]


def openapi_is_valid(contracts: Contracts) -> list[str]:
    found = []
    for path in sorted(contracts.http.glob("*.yaml")):
        try:
            OpenAPIV31SpecValidator(contracts.document(path), base_uri=path.as_uri()).validate()
        except Exception as error:  # the validator raises many kinds; each one means that the file is not valid
            found.append(f"http/{path.name}: {str(error).splitlines()[0]}")
    return found


def route_table_is_sound(contracts: Contracts) -> list[str]:
    """The generator's own rules, so that the tests say the same as the build."""
    return [f"routes.yaml: {problem}" for problem in generator_of("routes").check(contracts.routes)]


def generator_of(name: str):
    """The module tools/gen/<name>.py."""
    spec = importlib.util.spec_from_file_location(f"{name}_generator", ROOT / "tools/gen" / f"{name}.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    return generator


def routes_and_operations_agree(contracts: Contracts) -> list[str]:
    rows = {row["operation"]: row for row in contracts.routes["routes"]}
    operations = {operation.id: operation for operation in contracts.operations}
    found = [f"routes.yaml: {name} has no operation in http/{rows[name]['service']}.yaml" for name in rows.keys() - operations.keys()]
    found += [f"http/{operations[name].service}.yaml: {name} has no row in routes.yaml" for name in operations.keys() - rows.keys()]
    if len(operations) != len(contracts.operations):
        found.append("http: an operationId is used twice")
    for name in rows.keys() & operations.keys():
        found += [f"{name}: {problem}" for problem in compare(rows[name], operations[name])]
    return found


def compare(row: dict, operation) -> list[str]:
    """Where one row of routes.yaml and its OpenAPI operation say different things."""
    security = [set(option) for option in operation.node.get("security", operation._contracts.document(operation.base).get("security", []))]
    wanted = {"public": [], "driver": [{"bearer"}], "operator": [{"bearer"}], "hmac": [{"signature"}], "peer": [{"mutualTls"}], "service": [{"mutualTls", "bearer"}]}
    headers = {parameter["name"].lower() for parameter in operation.parameters if parameter["in"] == "header"}
    in_path = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "path"}
    success = [node for status, node in operation.node["responses"].items() if status.startswith("2")]
    streams = any("text/event-stream" in node.get("content", {}) for node in success)
    takes_body = row["method"] in ("POST", "PUT", "PATCH") or (row["method"] == "DELETE" and row.get("body_limit_bytes", 0) > 0)
    checks = [
        ((row["method"], row["path"], row["service"]) == (operation.method, operation.path, operation.service), f"{operation.service} {operation.name} is {row['service']} {row['method']} {row['path']} in routes.yaml"),
        (bool(row.get("internal")) == operation.internal, "x-internal and `internal` differ"),
        (security == wanted[row["access"]], f"access {row['access']} and security {security} differ"),
        (("key" in row) == ("idempotency-key" in headers), "Idempotency-Key is required on one side only"),
        (("key" in row) == KEY_PROBLEMS.issubset(operation.problems), "the problems of Idempotency-Key belong to keyed operations, all four"),
        ((row["access"] == "hmac") == ({"webhook-id", "webhook-timestamp", "webhook-signature"} <= headers), "the webhook headers belong to access hmac"),
        (bool(row.get("stream")) == streams, "stream and text/event-stream go together"),
        (takes_body or operation.request_body() is None, "this method takes no body"),
        (in_path == set(re.findall(r"\{(\w+)\}", row["path"])), "the path's parameters are not those declared"),
        (bool(success) or any(status.startswith("3") for status in operation.node["responses"]), "no success is documented"),
        ({"4XX", "5XX"} <= set(operation.node["responses"]), "4XX and 5XX must be documented"),
    ]
    return [problem for good, problem in checks if not good]


def requests_are_closed(contracts: Contracts) -> list[str]:
    found = []
    for operation in contracts.operations:
        body = operation.request_body()
        for media, uri in (body[0] if body else {}).items():
            schema = contracts.registry.resolver().lookup(uri).contents
            found += [f"{operation.id}: {media}{place}: an object is open" for place in open_objects(contracts, schema, uri)]
    return found


def open_objects(contracts: Contracts, schema, uri: str, place: str = "", seen: frozenset = frozenset()) -> list[str]:
    """Places in a schema where an object takes members that are not written, and nobody says why (`x-open`: somebody else's specification)."""
    if not isinstance(schema, dict):
        return []
    found = []
    if "$ref" in schema:
        resolved = contracts.registry.resolver(uri).lookup(schema["$ref"])
        target = (resolved.resolver._base_uri, schema["$ref"])
        if target not in seen:
            found += open_objects(contracts, resolved.contents, resolved.resolver._base_uri, place, seen | {target})
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False and "x-open" not in schema:
        found.append(place or "/")
    for key in ("properties", "$defs"):
        for name, child in schema.get(key, {}).items():
            found += open_objects(contracts, child, uri, f"{place}/{name}", seen)
    for key in ("oneOf", "anyOf"):
        for index, child in enumerate(schema.get(key, [])):
            found += open_objects(contracts, child, uri, f"{place}/{index}", seen)
    return found + open_objects(contracts, schema.get("items"), uri, f"{place}/items", seen)


def error_codes_are_known(contracts: Contracts) -> list[str]:
    known = set(contracts.errors)
    found = [f"x-general-problems: {code} is not in errors.yaml" for code in contracts.general_problems if code not in known]
    in_events = contracts.asyncapi["components"]["schemas"]["DeadLetterHeaders"]["x-event-problems"]
    found += [f"x-event-problems: {code} is not in errors.yaml" for code in in_events if code not in known]
    for operation in contracts.operations:
        found += [f"{operation.id}: {code} is not in errors.yaml" for code in operation.problems if code not in known]
        found += [f"{operation.id}: {code} may be answered by any operation, it need not be listed" for code in operation.problems if code in contracts.general_problems]
    return found


def error_codes_are_complete(contracts: Contracts) -> list[str]:
    found = []
    for code, row in contracts.errors.items():
        text = row.get("text", {})
        if set(text) != LANGUAGES:
            found.append(f"errors.yaml: {code} needs text in {sorted(LANGUAGES)}")
        found += [f"errors.yaml: {code}: {language} is not a short sentence" for language, words in text.items() if not words.endswith(".") or len(words) > 200]
        if not (400 <= row["status"] <= 599 and isinstance(row["retryable"], bool) and row["title"].strip()):
            found.append(f"errors.yaml: {code}: status, retryable and title")
        if row["status"] in (503, 504, 429, 408) and not row["retryable"]:
            found.append(f"errors.yaml: {code}: {row['status']} says that it may succeed later")
    return found


def examples_are_valid(contracts: Contracts) -> list[str]:
    """`example` beside a schema or inside one, in all OpenAPI files."""
    found = []

    def walk(node, base: pathlib.Path, where: tuple):
        if isinstance(node, dict):
            if "example" in node and ("schema" in node or "properties" in node):
                uri = base.as_uri() + "#/" + "/".join(part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D") for part in
                                                      (*where, *(("schema",) if "schema" in node else ())))
                found.extend(f"http/{base.name}: example at {'/'.join(where)}: {error.message}" for error in contracts.validator(uri).iter_errors(node["example"]))
            for key, child in node.items():
                if key != "example":
                    walk(child, base, (*where, key))

    for path in sorted(contracts.http.glob("*.yaml")):
        walk(contracts.document(path), path, ())
    return found


def events_are_the_same_everywhere(contracts: Contracts) -> list[str]:
    in_topics = {event: topic["name"] for topic in contracts.topics["topics"] for event in topic["events"]}
    messages = set(contracts.asyncapi["components"]["messages"]) - {"DeadLetter"}
    found = [f"{event}: in topics.yaml, without a schema" for event in in_topics.keys() - contracts.event_schemas.keys()]
    found += [f"{event}: has a schema, but no topic" for event in contracts.event_schemas.keys() - in_topics.keys()]
    found += [f"{event}: in topics.yaml, not in asyncapi.yaml" for event in in_topics.keys() - messages]
    found += [f"{event}: in asyncapi.yaml, not in topics.yaml" for event in messages - in_topics.keys()]
    channels = {channel["address"]: set(channel["messages"]) for channel in contracts.asyncapi["channels"].values()}
    for topic in contracts.topics["topics"]:
        if channels.get(topic["name"]) != set(topic["events"]):
            found.append(f"asyncapi.yaml: the channel of {topic['name']} carries other messages than topics.yaml says")
    for event, schema in contracts.event_schemas.items():
        if not re.fullmatch(rf"urn:evcosta:schema:{re.escape(in_topics.get(event, '?'))}-{event}:[1-9][0-9]*", schema.get("$id", "")):
            found.append(f"{event}: $id does not name its topic and type")
    return found


def event_schemas_are_closed_and_alike(contracts: Contracts) -> list[str]:
    found, first = [], None
    for event, schema in contracts.event_schemas.items():
        try:
            Draft202012Validator.check_schema(schema)
        except Exception as error:
            found.append(f"{event}: {str(error).splitlines()[0]}")
            continue
        uri = (contracts.folder / "events" / f"{event}.schema.json").as_uri()
        local = {key: value for key, value in schema.items() if key != "$id"}
        found += [f"{event}{place}: an object is open" for place in open_objects(contracts, local, uri)]
        properties = schema["properties"]
        if properties["eventType"] != {"const": event}:
            found.append(f"{event}: eventType is not its own name")
        definitions = {name: schema["$defs"].get(name) for name in ("uuid7", "time", "traceId", "pseudonym")}
        envelope = [properties[name] for name in ENVELOPE] + [definitions, sorted(schema["required"])]
        first = first or envelope
        if envelope != first:
            found.append(f"{event}: the envelope differs from the others'")
        validator = Draft202012Validator(schema)
        if not schema.get("examples"):
            found.append(f"{event}: no example")
        for example in schema.get("examples", []):
            found += [f"{event}: example{error.json_path[1:]}: {error.message}" for error in validator.iter_errors(example)]
    return found + kinds_have_examples(contracts)


def event_schemas_evolve(contracts: Contracts) -> list[str]:
    """BACKWARD_TRANSITIVE without a registry: each version takes what every earlier one took, and what was released stays as it was."""
    found = [f"{event}: earlier versions of an event that is not there" for event in contracts.earlier_schemas.keys() - contracts.event_schemas.keys()]
    for event, newest in contracts.event_schemas.items():
        versions = contracts.earlier_schemas.get(event, {}) | {version_of(newest): newest}
        if sorted(versions) != list(range(1, version_of(newest) + 1)):
            found.append(f"{event}: versions {sorted(versions)} are there, 1 to {version_of(newest)} are due (<event>.v<n>.schema.json)")
        found += [f"{event}: the file of version {number} says {schema['$id']}" for number, schema in versions.items() if version_of(schema) != number]
        for number, schema in sorted(versions.items()):
            for earlier in range(1, number):
                if earlier in versions:
                    found += [f"{event}: version {number} does not take what version {earlier} took: {reason}" for reason in incompatibilities(versions[earlier], schema)]
                    found += [f"{event}: version {number} refuses an example of version {earlier}: {problem.message}" for example in versions[earlier].get("examples", [])
                              for problem in Draft202012Validator(schema).iter_errors(example)]
    return found + released_schemas_stay(contracts)


def version_of(schema: dict) -> int:
    return int(schema["$id"].rsplit(":", 1)[1])


def released_schemas_stay(contracts: Contracts) -> list[str]:
    """Stored events and other processes hold what was released: a change of it is a new version."""
    releases = generator_of("released")
    found, known = [], releases.versions(contracts.folder / "events")
    for subject, versions in contracts.released_schemas.items():
        for number, digest in versions.items():
            if known.get(subject, {}).get(number) is None:
                found.append(f"{subject}: version {number} was released and is not there any more")
            elif known[subject][number] != digest:
                found.append(f"{subject}: version {number} was released and may not change: keep it as <event>.v{number}.schema.json and give the change the version {int(number) + 1}")
    for subject, versions in known.items():
        found += [f"{subject}: version {number} is not recorded as released: tools/gen/released.py" for number in versions if number not in contracts.released_schemas.get(subject, {})]
    return found


def kinds_have_examples(contracts: Contracts) -> list[str]:
    """Each kind of ExternalUpdate has an example."""
    schema = contracts.event_schemas.get("ExternalUpdate")
    if schema is None:
        return []
    kinds = {branch["$ref"].removeprefix("#/$defs/") for branch in schema["properties"]["data"]["oneOf"]}
    shown = {example["data"]["kind"] for example in schema["examples"]}
    return [f"ExternalUpdate: no example of {kind}" for kind in sorted(kinds - shown)]


def asyncapi_fits_topics(contracts: Contracts) -> list[str]:
    document, topics = contracts.asyncapi, contracts.topics
    found = [] if document.get("asyncapi", "").startswith("3.") else ["asyncapi.yaml: not AsyncAPI 3"]
    partitions = {row["name"]: row["partitions"] for row in topics["topics"]} | {row["name"]: topics["dead_letter_defaults"]["partitions"] for row in topics["dead_letters"]}
    channels = {name: channel for name, channel in document["channels"].items()}
    if {channel["address"]: channel["bindings"]["kafka"]["partitions"] for channel in channels.values()} != partitions:
        found.append("asyncapi.yaml: channels or partitions are not those of topics.yaml")
    written = {(operation["x-principal"], {"send": "WRITE", "receive": "READ"}[operation["action"]], channels[operation["channel"]["$ref"].removeprefix("#/channels/")]["address"])
               for operation in document["operations"].values() if operation["channel"]["$ref"].removeprefix("#/channels/") in channels}
    granted = {(row["name"], operation, access["topic"]) for row in topics["principals"] for access in row["topics"] for operation in access["operations"]}
    found += [f"asyncapi.yaml: {who} may {what} {where} in topics.yaml, no operation says so" for who, what, where in granted - written]
    found += [f"asyncapi.yaml: {who} {what} {where} is not granted in topics.yaml" for who, what, where in written - granted]
    return found


def outboxes_answer_their_consumers(contracts: Contracts) -> list[str]:
    """Who consumes a topic for good (it has a dead-letter topic of its own) may ask the producer's outbox for what is missing; nobody else."""
    routes, found = contracts.routes, []
    rows = {row["service"]: row for row in routes["routes"] if row["path"] == f"/internal/{row['service']}/events"}
    for topic in contracts.topics["topics"]:
        consumers = {row["group"] for row in contracts.topics["dead_letters"] if row["source"] == topic["name"]}
        row = rows.get(topic["producer_principal"], {"callers": []})
        if set(row["callers"]) != consumers:
            found.append(f"routes.yaml: the callers of {topic['producer_principal']}'s outbox are not the consumers of {topic['name']}")
        found += [f"routes.yaml: {name} has no scope {row['scope']}" for name in row["callers"] if row.get("scope") not in routes["scopes"]["service"].get(name, [])]
    return found


def dangling(contracts: Contracts, node, base: pathlib.Path) -> list[str]:
    found = []
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            try:
                contracts.registry.resolver(base.as_uri()).lookup(node["$ref"])
            except Exception:
                found.append(node["$ref"])
        for child in node.values():
            found += dangling(contracts, child, base)
    elif isinstance(node, list):
        for child in node:
            found += dangling(contracts, child, base)
    return found


def topics_are_sound(contracts: Contracts) -> list[str]:
    topics = contracts.topics
    rows = {row["name"]: row for row in topics["topics"]}
    dead = {row["name"]: row for row in topics["dead_letters"]}
    access = {(row["name"], operation, entry["topic"]) for row in topics["principals"] for entry in row["topics"] for operation in entry["operations"]}
    found = []
    for who, operation, topic in access:
        if topic not in rows and topic not in dead:
            found.append(f"topics.yaml: {who} has a right on {topic}, which does not exist")
        elif topic in rows and operation == "WRITE" and rows[topic]["producer_principal"] != who:
            found.append(f"topics.yaml: {who} may write {topic}, which belongs to {rows[topic]['producer_principal']}")
        elif topic in dead and dead[topic]["group"] != who:
            found.append(f"topics.yaml: {who} has a right on {topic}, which belongs to {dead[topic]['group']}")
    for name, row in rows.items():
        if (row["producer_principal"], "WRITE", name) not in access:
            found.append(f"topics.yaml: nobody may write {name}")
        if row["producer"]["batch_bytes"] >= int(row["config"]["max.message.bytes"]):
            found.append(f"topics.yaml: {name}: a batch may be larger than the topic takes")
        if int(topics["dead_letter_defaults"]["config"]["max.message.bytes"]) < int(row["config"]["max.message.bytes"]) + 65536:
            found.append(f"topics.yaml: a dead letter of {name} might not fit: 64 KiB more are needed")
    readers = {(topic, who) for who, operation, topic in access if operation == "READ" and topic in rows and who != "observability"}
    if readers != {(row["source"], row["group"]) for row in dead.values()}:
        found.append("topics.yaml: every consuming group, and only they, has a dead-letter topic of each topic it reads")
    found += [f"topics.yaml: {name} is not <topic>.<group>.dlq" for name, row in dead.items() if name != f"{row['source']}.{row['group']}.dlq"]
    producers = {row["producer_principal"] for row in rows.values()}
    found += [f"topics.yaml: the quota of {quota['principal']} is not on the client id of its relay" for quota in topics["quotas"]
              if quota["principal"] not in producers or quota["client_id"] != f"relay-{quota['principal']}"]
    if max(rows, key=lambda name: int(rows[name]["config"]["retention.ms"])) != "payment.events":
        found.append("topics.yaml: payment.events is kept longest")
    return found


CHECKS = [references_lead_somewhere, route_table_is_sound, routes_and_operations_agree, requests_are_closed, error_codes_are_known, error_codes_are_complete, examples_are_valid,
          events_are_the_same_everywhere, event_schemas_are_closed_and_alike, event_schemas_evolve, asyncapi_fits_topics, topics_are_sound, outboxes_answer_their_consumers, openapi_is_valid]
