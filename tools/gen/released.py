"""contracts/events/released.json: the digest of every schema version that producers may have written. What stands there never changes.

Usage: released.py          adds the versions that are not recorded yet; refuses when a recorded one was changed
"""
import hashlib
import json
import pathlib
import sys

EVENTS = pathlib.Path(__file__).resolve().parents[2] / "contracts/events"


def digest(schema: dict) -> str:
    """Of the content: white space and the order of members do not count."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def versions(folder: pathlib.Path) -> dict[str, dict[str, str]]:
    """Subject → version → digest of the schemas in the folder."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        subject, version = schema["$id"].removeprefix("urn:evcosta:schema:").rsplit(":", 1)
        found.setdefault(subject, {})[version] = digest(schema)
    return found


def main() -> int:
    target = EVENTS / "released.json"
    recorded = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    present = versions(EVENTS)
    changed = [f"{subject}:{version}" for subject, rows in recorded.items() for version, value in rows.items() if present.get(subject, {}).get(version) != value]
    if changed:
        print(f"released and changed or gone: {', '.join(changed)}; what was released stays, a change is a new version", file=sys.stderr)
        return 1
    target.write_text(json.dumps(present, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
