"""Each session has one start, one way, and one end; each key one answer. And no process ends but by the storm's hand."""
from collections import Counter, defaultdict

from driver import TERMINAL
from evidence import Evidence
from violation import Found, Violation

# Theirs are other codes: a PostgreSQL that finds its lock file ends with 1 and is started again.
SERVERS = ("postgres", "kafka", "redis", "collector", "jaeger", "victoria-logs", "prometheus")


def check_sessions(evidence: Evidence) -> Found:
    yield from ended(evidence)
    yield from histories(evidence)
    yield from answers(evidence)
    yield from starts(evidence)
    yield from charges(evidence)
    yield from crashes(evidence)


def ended(evidence: Evidence) -> Found:
    for session in evidence["sessions"]:
        if session["state"] not in TERMINAL:
            yield Violation("hanging", session["id"], f"still {session['state']}, trace {session['trace_id']}")


def histories(evidence: Evidence) -> Found:
    states = defaultdict(list)
    for row in sorted(evidence["timeline"], key=lambda row: (row["session_id"], row["version"], row["at"])):
        states[row["session_id"]].append(row["state"])
    for session in evidence["sessions"]:
        way = states.get(session["id"], [])
        # What began although it was given up goes on from there; before that, its end was one like any other.
        last_part = way[len(way) - way[::-1].index("LATE_STARTED"):] if "LATE_STARTED" in way else way
        if not way or way[0] != "REQUESTED" or way[-1] != session["state"] or sum(state in TERMINAL for state in last_part) > 1:
            yield Violation("timeline", session["id"], f"state {session['state']}, history {' '.join(way)}")


def answers(evidence: Evidence) -> Found:
    told = defaultdict(dict)
    for answer in evidence["answers"]:
        if answer["decided"]:
            told[answer["key"]].setdefault((answer["status"], answer["code"], answer["sha"]), answer["phase"])
    for key, different in told.items():
        if len(different) > 1:
            yield Violation("answer", key, "; ".join(f"{status} {code} {sha[:12]} ({phase})" for (status, code, sha), phase in different.items()))


def starts(evidence: Evidence) -> Found:
    keys = Counter(row["recovery_point"].split(":", 1)[1] for row in evidence["keys"])
    for session in evidence["sessions"]:
        if keys[session["id"]] != 1:
            yield Violation("two-starts", session["id"], f"{keys[session['id']]} keys stand for it; state {session['state']}")
    known = {session["id"] for session in evidence["sessions"]}
    for session in {answer["session"] for answer in evidence["answers"] if answer["decided"] and answer["session"]} - known:
        yield Violation("two-starts", session, "a driver was told of it, and it does not exist")


def charges(evidence: Evidence) -> Found:
    transactions = Counter(row["session_id"] for row in evidence["transactions"] if row["session_id"])
    begun = Counter(row["session_id"] for row in evidence["commands"] if row["kind"] == "remoteStart")
    for counted, what in ((transactions, "transactions"), (begun, "remote starts")):
        for session, times in counted.items():
            if times > 1:
                yield Violation("two-charges", session, f"{times} {what}")


def crashes(evidence: Evidence) -> Found:
    """A service whose database is away at its start ends with 69 and is started again: that is its way. A signal that was not ours is not, nor any other code."""
    for row in evidence["exits"]:
        codes = dict(row["codes"])
        by_signal = codes.pop("-1", 0) - row["killed"]
        bad = {code: times for code, times in codes.items() if code not in ("0", "69") and row["process"] not in SERVERS}
        if by_signal > 0 or bad:
            yield Violation("crashed", row["process"], f"{row['killed']} times killed here, ended {row['codes']}")
