"""The chain of the audit log calculated again from its entries: plain rows in, what does not fit out. Trusts nothing that the database calculated itself. Standard library only."""
import hashlib
from collections.abc import Iterator


def hash_of(entry: dict) -> str:
    """As services/auth/migrations/0004_audit_log.sql says."""
    fields = (entry["position"], entry["id"], entry["at_us"], entry["action"], entry["actor"], entry["subject"] or "-", entry["trace_id"] or "-", entry["detail"])
    return hashlib.sha256(bytes.fromhex(entry["previous_hash"]) + "|".join(map(str, fields)).encode()).hexdigest()


def check_chain(entries: list[dict], head: dict) -> Iterator[str]:
    previous, place = "", 0
    for entry in entries:
        place += 1
        about = f"entry {entry['position']} ({entry['action']})"
        if entry["position"] != place:
            yield f"{about} stands at place {place}: one is missing or was put in"
            place = entry["position"]
        if entry["previous_hash"] != previous:
            yield f"{about} does not follow the one before"
        if hash_of(entry) != entry["hash"]:
            yield f"{about} does not hash to what it says"
        previous = entry["hash"]
    if (head["position"], head["hash"]) != (place, previous):
        yield f"the head says {head['position']} entries, there are {place}: the end is missing or was put on"


def check_seen(entries: list[dict], seen: list[dict]) -> Iterator[str]:
    """`seen`: heads that earlier runs found whole."""
    hashes = {entry["position"]: entry["hash"] for entry in entries}
    for head in seen:
        if head["position"] not in hashes:
            yield f"there were {head['position']} entries once, and are fewer now"
        elif hashes[head["position"]] != head["hash"]:
            yield f"the first {head['position']} entries are not those that were seen before"
