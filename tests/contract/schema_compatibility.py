"""Whether a schema takes everything that an earlier version of it took (BACKWARD), without a registry. Told as JSON pointers into the event.

Conservative: a keyword that is not compared here must stay as it is. The registry judges again when a producer starts; what passes here must
pass there too (tests/e2e/test_schema_registry.py).
"""
# Words about the schema, which no event is judged by.
SAYS_NOTHING = {"$schema", "$id", "$defs", "$ref", "title", "description", "examples", "$comment"}
# A limit may only become wider: keyword → does the new value allow what the old one did?
LOWER = ("minimum", "minLength", "minItems", "exclusiveMinimum")
UPPER = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")


def incompatibilities(old: dict, new: dict) -> list[str]:
    """`pointer: what` for every place where the new schema refuses something that the old one took."""
    return compare(old, new, old, new, "", frozenset())


def resolved(node, document: dict):
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key not in SAYS_NOTHING}}
    return node


def compare(old, new, old_document: dict, new_document: dict, place: str, seen: frozenset) -> list[str]:
    old, new = resolved(old, old_document), resolved(new, new_document)
    here = place or "/"
    if (id(old), id(new)) in seen:
        return []
    seen = seen | {(id(old), id(new))}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new or new is True else [f"{here}: other than before"]
    if "oneOf" in old or "oneOf" in new:
        return compare_branches(old, new, old_document, new_document, place, seen)
    found = compare_values(old, new, here)
    found += compare_members(old, new, old_document, new_document, place, seen)
    if "items" in new:
        found += compare(old.get("items", True), new["items"], old_document, new_document, f"{place}/*", seen)
    known = SAYS_NOTHING | {"type", "const", "enum", "required", "properties", "additionalProperties", "items", *LOWER, *UPPER}
    found += [f"{here}: {key} is other than before" for key in sorted((old.keys() | new.keys()) - known) if old.get(key) != new.get(key)]
    return found


def allowed(node: dict):
    """The listed values, or None when they are not listed."""
    return [node["const"]] if "const" in node else node.get("enum")


def compare_values(old: dict, new: dict, here: str) -> list[str]:
    found = []
    types = [set([node["type"]] if isinstance(node.get("type"), str) else node.get("type", [])) for node in (old, new)]
    if types[1] and not (types[0] and types[0] <= widened(types[1])):
        found.append(f"{here}: was {words(types[0])}, is {words(types[1])}")
    before, now = allowed(old), allowed(new)
    if now is not None:
        gone = ["every other value"] if before is None else [value for value in before if value not in now]
        found += [f"{here}: {value} is not allowed any more" for value in gone]
    for keys, wider in ((LOWER, lambda was, is_: is_ <= was), (UPPER, lambda was, is_: is_ >= was)):
        for key in keys:
            if key in new and (key not in old or not wider(old[key], new[key])):
                found.append(f"{here}: {key} was {old.get(key, 'open')}, is {new[key]}")
    return found


def widened(types: set) -> set:
    return types | {"integer"} if "number" in types else types


def words(types: set) -> str:
    return " or ".join(sorted(types)) or "anything"


def compare_members(old: dict, new: dict, old_document: dict, new_document: dict, place: str, seen: frozenset) -> list[str]:
    before, now = old.get("properties", {}), new.get("properties", {})
    found = [f"{place}/{name}: is required now" for name in new.get("required", []) if name not in old.get("required", [])]
    closed = new.get("additionalProperties") is False
    if closed and "properties" in old:
        found += [f"{place}/{name}: is gone" for name in before if name not in now]
    if closed and old.get("type") == "object" and old.get("additionalProperties") is not False:
        found.append(f"{place or '/'}: took any member, is closed now")
    for name in before.keys() & now.keys():
        found += compare(before[name], now[name], old_document, new_document, f"{place}/{name}", seen)
    return sorted(found)


def compare_branches(old: dict, new: dict, old_document: dict, new_document: dict, place: str, seen: frozenset) -> list[str]:
    """Each branch of the old schema needs one of the new schema that takes all of it; the closest one's reasons are told."""
    found = []
    for branch in old.get("oneOf", [old]):
        reasons = [compare(branch, candidate, old_document, new_document, place, seen) for candidate in new.get("oneOf", [new])]
        found += min(reasons, key=len)
    return found
