"""The contracts as data: every file of contracts/, with references between the OpenAPI files resolved. One object per folder, so that tests can
look at a changed copy."""
import functools
import json
import pathlib
import re
import urllib.parse

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = ("get", "post", "put", "patch", "delete")
EARLIER = re.compile(r"\.v([1-9][0-9]*)\.schema\.json$")


class TextLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without guesses that JSON does not make: a date stays text."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_document(path: pathlib.Path):
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.load(text, TextLoader)


def pointer(*parts: str) -> str:
    """A JSON pointer as a URI fragment."""
    return "#/" + "/".join(urllib.parse.quote(part.replace("~", "~0").replace("/", "~1"), safe="~") for part in parts)


class Operation:
    """One operation of one OpenAPI file."""

    def __init__(self, contracts: "Contracts", file: str, path: str, method: str, node: dict, shared_parameters: list):
        self.service, self.path, self.method, self.node = node.get("x-service", file), path, method.upper(), node
        self.id = node.get("operationId", "")
        self.internal = bool(node.get("x-internal", False))
        self.problems = list(node.get("x-problems", []))
        self.base = contracts.http / f"{file}.yaml"
        self._contracts = contracts
        self.location = ("paths", path, method)
        self.parameters = [contracts.follow(parameter, self.base)[0] for parameter in [*shared_parameters, *node.get("parameters", [])]]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def request_body(self):
        """(pointer of the schema by media type, required) or None."""
        if "requestBody" not in self.node:
            return None
        body, where = self._contracts.follow(self.node["requestBody"], self.base, (*self.location, "requestBody"))
        return {media: where + pointer("content", media, "schema")[1:] for media in body.get("content", {})}, bool(body.get("required", False))

    def response(self, status: int):
        """The documented response for a status, with the URI where it stands; None when it is not documented."""
        for key in (str(status), f"{status // 100}XX"):
            if key in self.node["responses"]:
                return self._contracts.follow(self.node["responses"][key], self.base, (*self.location, "responses", key))
        return None


class Contracts:
    def __init__(self, folder: pathlib.Path = ROOT / "contracts"):
        self.folder = folder
        self.http = folder / "http"
        self.registry = Registry(retrieve=self._retrieve)

    def _retrieve(self, uri: str) -> Resource:
        path = pathlib.Path(urllib.parse.unquote(urllib.parse.urlparse(uri).path))
        return Resource(contents=self.document(path), specification=DRAFT202012)

    @functools.cache
    def document(self, path: pathlib.Path):
        return read_document(path)

    @functools.cached_property
    def routes(self) -> dict:
        return self.document(self.folder / "routes.yaml")

    @functools.cached_property
    def topics(self) -> dict:
        return self.document(self.folder / "topics.yaml")

    @functools.cached_property
    def errors(self) -> dict:
        return self.document(self.folder / "errors.yaml")["errors"]

    @functools.cached_property
    def asyncapi(self) -> dict:
        return self.document(self.folder / "asyncapi.yaml")

    @functools.cached_property
    def general_problems(self) -> list[str]:
        return self.document(self.http / "shared.yaml")["x-general-problems"]

    @functools.cached_property
    def services(self) -> list[str]:
        return sorted(path.stem for path in self.http.glob("*.yaml") if path.stem != "shared")

    @functools.cached_property
    def event_schemas(self) -> dict[str, dict]:
        """The newest version of each event's schema."""
        return {path.name.removesuffix(".schema.json"): self.document(path) for path in self._event_files() if not EARLIER.search(path.name)}

    @functools.cached_property
    def earlier_schemas(self) -> dict[str, dict[int, dict]]:
        """Event → version → schema, of the versions before the newest."""
        found: dict[str, dict[int, dict]] = {}
        for path in self._event_files():
            if match := EARLIER.search(path.name):
                found.setdefault(path.name[:match.start()], {})[int(match[1])] = self.document(path)
        return found

    @functools.cached_property
    def released_schemas(self) -> dict[str, dict[str, str]]:
        """Subject → version → digest, of everything that a producer may have written."""
        return self.document(self.folder / "events/released.json")

    def schema_of(self, event: str, reference: str) -> dict | None:
        """The version that a ce_dataschema names."""
        versions = [self.event_schemas[event], *self.earlier_schemas.get(event, {}).values()]
        return next((schema for schema in versions if schema["$id"] == reference), None)

    def _event_files(self) -> list[pathlib.Path]:
        return sorted((self.folder / "events").glob("*.schema.json"))

    @functools.cached_property
    def subtrees(self) -> set[str]:
        """Paths whose last parameter stands for everything below, nothing at all included."""
        return {route["path"] for route in self.routes["routes"] if route.get("subtree")}

    @functools.cached_property
    def operations(self) -> list[Operation]:
        found = []
        for service in self.services:
            for path, item in self.document(self.http / f"{service}.yaml").get("paths", {}).items():
                for method in METHODS:
                    if method in item:
                        found.append(Operation(self, service, path, method, item[method], item.get("parameters", [])))
        return found

    def follow(self, node, base: pathlib.Path, location: tuple = ()):
        """The node behind a $ref (or the node itself) and the URI where it stands."""
        if not (isinstance(node, dict) and "$ref" in node):
            return node, base.as_uri() + (pointer(*location) if location else "#")
        resolved = self.registry.resolver(base.as_uri()).lookup(node["$ref"])
        return resolved.contents, urllib.parse.urljoin(base.as_uri(), node["$ref"])

    def resolve(self, node, uri: str):
        """The node behind a $ref that stands at a URI of these files, or the node itself."""
        return self.registry.resolver(uri.partition("#")[0]).lookup(node["$ref"]).contents if "$ref" in node else node

    def validator(self, uri: str) -> Draft202012Validator:
        """A validator of the schema that stands at a URI of these files."""
        return Draft202012Validator({"$ref": uri}, registry=self.registry)

    def operation_of(self, method: str, path: str) -> Operation | None:
        """The operation that a request path belongs to; a literal segment wins over a parameter, and that over a whole subtree."""
        segments = path.split("/")
        fitting = []
        for operation in self.operations:
            template = operation.path.split("/")
            pairs = list(zip(template, segments))
            if operation.method == method and len(template) == len(segments) and all(a == b or (a.startswith("{") and b) for a, b in pairs):
                fitting.append((sum(a.startswith("{") for a in template), operation))
            elif operation.method == method and operation.path in self.subtrees and path.startswith(operation.path[:operation.path.index("{")]):
                fitting.append((len(segments), operation))
        return min(fitting, key=lambda pair: pair[0])[1] if fitting else None
