"""What may be found wrong. Each kind has a plant in plants.py that proves that it is found."""
from collections.abc import Iterator
from typing import NamedTuple

KINDS = {
    "lost": "committed events that are not on their topic",
    "altered": "events that arrived with another key or content",
    "phantom": "records on a topic that nobody committed",
    "numbering": "keys whose sequence in the outbox has a gap or a double",
    "topic-order": "keys whose first occurrences on the topic are out of order",
    "inbox-order": "keys that a consumer applied out of order",
    "unconsumed": "events that a consumer group has not seen",
    "stuck": "events that still wait at a consumer, and outbox rows that were refused",
    "dead-letter": "dead letters",
    "said-twice": "facts of a session that were said more than once",
    "hanging": "sessions that are not at an end",
    "timeline": "sessions whose history does not fit their state",
    "double-hold": "sessions with more than one hold",
    "double-capture": "holds that were captured or let go more than once",
    "leftover-hold": "holds that stay at the provider although the session has ended",
    "books-differ": "sessions whose price, receipt, payment and provider do not agree",
    "contradiction": "cases opened for a person that no fault of the card explains",
    "doubled-transfer": "payments whose transfers are more, less or others than they should be",
    "imbalance": "ledger sums that are not zero, or balances that their transfers do not explain",
    "chain": "links of the ledger's hash chain that do not fit",
    "answer": "starts whose repetitions were answered differently",
    "two-starts": "sessions that no key, or more than one, stands for",
    "two-charges": "sessions with more than one transaction or remote start at the station",
    "crashed": "processes that ended badly by themselves",
    "open-step": "steps at the provider that are still open",
}


class Violation(NamedTuple):
    kind: str
    about: str  # the key, session or event
    text: str


Found = Iterator[Violation]
