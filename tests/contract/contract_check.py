"""Holds what is served and what is published against the contracts: every recorded HTTP exchange against its OpenAPI operation, every Kafka record
against its schema and the header rules. For the whole-system tests:

    session = checked_session(requests.Session())          # raises ContractViolation on any answer that is not in the contract
    check = StreamCheck(); check.add(topic, key, headers, value); assert not check.problems
"""
import collections
import functools
import json
import re
import urllib.parse

from jsonschema import Draft202012Validator

from contract_files import Contracts

ADDED_BY_EDGE = ("traceresponse", "server-timing")
SESSION_TOPICS = ("charging.events", "payment.events")


class ContractViolation(AssertionError):
    """An answer or a record that the contracts do not know."""


@functools.cache
def contracts() -> Contracts:
    return Contracts()


def first_error(validator: Draft202012Validator, value) -> str | None:
    """The deepest complaint of the validator, in words."""
    errors = sorted(validator.iter_errors(value), key=lambda error: -len(error.absolute_path))
    while errors and errors[0].context:
        errors = sorted(errors[0].context, key=lambda error: -len(error.absolute_path))
    return f"{errors[0].json_path}: {errors[0].message}" if errors else None


# --- HTTP -----------------------------------------------------------------------------------------------------------------------

def check_exchange(method: str, target: str, status: int, headers, body: bytes, request_body: bytes | None = None, request_type: str = "",
                   edge: bool = True, source: Contracts | None = None) -> list[str]:
    """What is wrong with one answer. `headers` is any mapping; `edge`: it came through the gateway."""
    known = source or contracts()
    fields = {name.lower(): value for name, value in headers.items()}
    path = urllib.parse.unquote(urllib.parse.urlparse(target).path)
    operation = known.operation_of(method, path)
    name = f"{method} {path} → {status}"
    found = [f"{name}: no {field}" for field in ADDED_BY_EDGE if edge and field not in fields]
    if operation is None or (edge and operation.internal):
        if status < 400:
            return found + [f"{name}: served, but no public operation"]
        return found + [f"{name}: {problem}" for problem in check_problem(known, None, status, fields, body, edge)]
    answer = operation.response(status)
    if answer is None:
        return found + [f"{name}: {operation.id} does not document this status"]
    node, uri = answer
    found += [f"{name}: {problem}" for problem in check_headers(known, node, uri, status, fields)]
    found += [f"{name}: {problem}" for problem in check_body(known, node, uri, method, fields, body)]
    if status >= 400 and media_type(fields) == "application/problem+json":
        found += [f"{name}: {problem}" for problem in check_problem(known, operation, status, fields, body, edge)]
    if status < 300 and request_body:
        found += [f"{name}: accepted a request that is not in the contract: {problem}" for problem in check_request(known, operation, request_body, request_type)]
    return found


def media_type(fields: dict) -> str:
    return fields.get("content-type", "").split(";")[0].strip().lower()


def check_headers(known: Contracts, node: dict, uri: str, status: int, fields: dict) -> list[str]:
    found = []
    for field, header in node.get("headers", {}).items():
        header = known.resolve(header, uri)
        value = fields.get(field.lower())
        required = field in ("Location",) or (field == "Cache-Control" and header.get("schema", {}).get("const"))
        if value is None:
            found += [f"no {field}"] if required else []
        elif problem := first_error(Draft202012Validator(header.get("schema", {})), value):
            found.append(f"{field}: {problem}")
    if status in (429, 503) and "retry-after" not in fields:
        found.append("no Retry-After")
    return found


def check_body(known: Contracts, node: dict, uri: str, method: str, fields: dict, body: bytes) -> list[str]:
    content = node.get("content", {})
    if not content or method == "HEAD":
        return [f"a body of {len(body)} bytes where none is documented"] if body else []
    media = media_type(fields)
    if "*/*" in content:
        return []  # files of any kind
    if media not in content:
        return [f"content type {media or 'missing'}, documented are {', '.join(content)}"]
    if "json" not in media:
        return []
    try:
        value = json.loads(body)
    except ValueError as error:
        return [f"the body is not JSON: {error}"]
    base, _, fragment = uri.partition("#")
    schema_uri = f"{base}#{fragment}/content/{media.replace('/', '~1').replace('+', '%2B')}/schema"
    problem = first_error(known.validator(schema_uri), value)
    return [problem] if problem else []


def check_problem(known: Contracts, operation, status: int, fields: dict, body: bytes, edge: bool) -> list[str]:
    """The rules of problem details that a schema cannot say."""
    if media_type(fields) != "application/problem+json":
        return [f"an error must be application/problem+json, not {media_type(fields) or 'without a type'}"]
    try:
        problem = json.loads(body)
    except ValueError as error:
        return [f"the problem is not JSON: {error}"]
    shape = first_error(known.validator((known.http / "shared.yaml").as_uri() + "#/components/schemas/Problem"), problem)
    if shape:
        return [shape]
    row = known.errors.get(problem["code"])
    if row is None:
        return [f"code {problem['code']} is not in errors.yaml"]
    found = []
    if (problem["status"], problem["type"], problem["title"]) != (status, f"/problems/{problem['code']}", row["title"]) or status != row["status"]:
        found.append(f"status, type or title are not those of {problem['code']} in errors.yaml ({row['status']})")
    if operation is not None and problem["code"] not in operation.problems + known.general_problems:
        found.append(f"{operation.id} does not list the problem {problem['code']}")
    # A replayed answer is the first one byte for byte, with the trace of then.
    if edge and fields.get("idempotency-replayed") != "true" and problem["traceId"] not in fields.get("traceresponse", ""):
        found.append("traceId is not that of traceresponse")
    return found


def check_request(known: Contracts, operation, body: bytes, media: str) -> list[str]:
    documented = operation.request_body()
    if documented is None:
        return ["it has a body"]
    media = media.split(";")[0].strip().lower()
    if media not in documented[0]:
        return [f"content type {media or 'missing'}"]
    if media == "application/x-www-form-urlencoded":
        value = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    else:
        value = json.loads(body)
    problem = first_error(known.validator(documented[0][media]), value)
    return [problem] if problem else []


def checked_session(session, edge: bool = True):
    """A requests.Session (or a subclass) whose every answer is held against the contract. Streams are checked by their head alone."""
    def check(response, *_, **__):
        request = response.request
        stream = response.headers.get("content-type", "").startswith("text/event-stream")
        sent = request.body.encode() if isinstance(request.body, str) else request.body
        found = check_exchange(request.method, request.url, response.status_code, response.headers, b"" if stream else response.content,
                               sent, request.headers.get("content-type", "") or "", edge)
        if found:
            raise ContractViolation("\n".join(found))
        return response

    session.hooks["response"].append(check)
    return session


# --- Kafka ----------------------------------------------------------------------------------------------------------------------

def check_record(topic: str, key: str, headers: list[tuple[str, bytes]], value: bytes, source: Contracts | None = None) -> list[str]:
    """What is wrong with one record of the three topics."""
    known = source or contracts()
    rows = {row["name"]: row for row in known.topics["topics"]}
    if topic not in rows:
        return [f"{topic}: not a topic of events"]
    try:
        event = json.loads(value)
        event_type = event["eventType"]
    except (ValueError, TypeError, KeyError) as error:
        return [f"{topic}/{key}: the value is no event: {error!r}"]
    name = f"{topic}/{key} {event_type}"
    if event_type not in rows[topic]["events"]:
        return [f"{name}: not an event of this topic"]
    fields = {field: content.decode("utf-8", errors="replace") for field, content in headers}
    # A stored event keeps the version that it was written with.
    schema = known.schema_of(event_type, fields.get("ce_dataschema", "")) or known.event_schemas[event_type]
    problem = first_error(Draft202012Validator(schema), event)
    if problem:
        return [f"{name}: {problem}"]
    found = [f"{name}: a header stands there twice"] if len(fields) != len(headers) else []
    problem = first_error(known.validator((known.folder / "asyncapi.yaml").as_uri() + "#/components/schemas/EventHeaders"), fields)
    if problem:
        return [*found, f"{name}: headers: {problem}"]
    return found + [f"{name}: {problem}" for problem in disagreements(rows[topic], key, fields, event, schema["$id"])]


def disagreements(topic: dict, key: str, fields: dict, event: dict, schema_id: str) -> list[str]:
    """Where key, headers and value of a valid record contradict each other."""
    expected = {"ce_id": event["eventId"], "ce_type": event["eventType"], "ce_time": event["occurredAt"], "ce_correlationid": event["correlationId"],
                "ce_sequence": str(event["sequence"]), "ce_source": topic["ce_source"], "ce_partitionkey": key, "ce_dataschema": schema_id}
    found = [f"{field} is {fields[field]}, the record says {value}" for field, value in expected.items() if fields[field] != value]
    if fields["traceparent"].split("-")[1] != event["traceId"]:
        found.append("traceparent and traceId differ")
    if event["userId"] is None and event["correlationId"] != event["eventId"]:
        found.append("without a person the correlationId is the event's own id")
    data = event["data"]
    if topic["name"] in SESSION_TOPICS:
        if (key, fields["ce_subject"]) != (data["sessionId"], data["sessionId"]):
            found.append("key and subject are not the session")
    else:
        station, connector = data["stationId"], data.get("connectorId")
        subjects = {station} if not connector else {f"{station}/{connector}"}
        if key != station or fields["ce_subject"] not in subjects:
            found.append(f"key and subject are not the station and the connector: {key}, {fields['ce_subject']}")
    return found


def check_dead_letter(topic: str, headers: list[tuple[str, bytes]], source: Contracts | None = None) -> list[str]:
    known = source or contracts()
    row = next((row for row in known.topics["dead_letters"] if row["name"] == topic), None)
    if row is None:
        return [f"{topic}: not a dead-letter topic"]
    fields = {field: content.decode("utf-8", errors="replace") for field, content in headers}
    problem = first_error(known.validator((known.folder / "asyncapi.yaml").as_uri() + "#/components/schemas/DeadLetterHeaders"), fields)
    if problem:
        return [f"{topic}: headers: {problem}"]
    found = []
    if (fields["dlq-original-topic"], fields["dlq-original-group"]) != (row["source"], row["group"]):
        found.append(f"{topic}: it came from {fields['dlq-original-topic']} and group {fields['dlq-original-group']}")
    if fields["dlq-error-code"] not in known.errors:
        found.append(f"{topic}: {fields['dlq-error-code']} is not in errors.yaml")
    return found


PERSONAL = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class StreamCheck:
    """Records one after the other: each for itself, and the sequences per topic and key without a gap, counted on first occurrences."""

    def __init__(self, source: Contracts | None = None):
        self.problems: list[str] = []
        self.counts: collections.Counter = collections.Counter()
        self._source = source
        self._seen: dict[str, bytes] = {}
        self._last: collections.Counter = collections.Counter()

    def add(self, topic: str, key: str, headers: list[tuple[str, bytes]], value: bytes) -> None:
        found = check_record(topic, key, headers, value, self._source)
        if PERSONAL.search(value) or any(PERSONAL.search(content) for _, content in headers):
            found.append(f"{topic}/{key}: something that looks like an e-mail address")
        self.problems += found
        if found:
            return
        event = json.loads(value)
        self.counts[event["eventType"]] += 1
        if event["eventId"] in self._seen:  # written again by a relay: the same record, byte for byte
            if self._seen[event["eventId"]] != value:
                self.problems.append(f"{topic}/{key}: {event['eventId']} came twice with different values")
            return
        self._seen[event["eventId"]] = value
        expected = self._last[(topic, key)] + 1
        if event["sequence"] != expected:
            self.problems.append(f"{topic}/{key}: sequence {event['sequence']} where {expected} was due")
        self._last[(topic, key)] = max(self._last[(topic, key)], event["sequence"])
