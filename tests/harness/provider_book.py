"""The simulated provider's own book, read from its journal."""
import json
from pathlib import Path


def read_book(journal: Path) -> list[dict]:
    """One row for each hold of the provider: how it stands, and how often it was captured or let go."""
    book: dict[str, dict] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        hold = entry["authorisation"]
        row = book.setdefault(hold["id"], {"id": hold["id"], "reference": hold["reference"], "authorised": 0, "captures": 0, "voids": 0})
        row |= {"status": hold["status"], "token": hold["token"], "amount": hold["amount"]["amount"], "captured": hold["captured"]["amount"], "expires_at": hold["expiresAt"]}
        step = entry["fingerprint"].split(" ", 1)[0] if entry["key"] else ""
        counter = {"authorise": "authorised", "capture": "captures", "void": "voids"}.get(step)
        if counter:
            row[counter] += 1
    return list(book.values())
