"""What a storm was and what it found, as one page of Markdown and as JSON."""
import json
from collections import Counter
from pathlib import Path

from evidence import Evidence
from violation import KINDS, Violation


def by_victim(log: list[dict]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for entry in log:
        row = table.setdefault(entry["victim"], {"SIGKILL": 0, "SIGSTOP": 0, "not running": 0})
        row["not running" if not entry["done"] else f"SIG{entry['signal']}"] += 1
    return dict(sorted(table.items()))


def by_topic(evidence: Evidence) -> dict[str, dict[str, int]]:
    committed = Counter(row["topic"] for row in evidence["outbox"])
    written = Counter(row["topic"] for row in evidence["topic"])
    events = Counter(topic for topic, _ in {(row["topic"], row["event_id"]) for row in evidence["topic"]})
    effects: dict[str, Counter] = {}
    for row in evidence["inbox"]:
        effects.setdefault(row["topic"], Counter())[row["status"]] += 1
    return {topic: {"committed": committed[topic], "on the topic": events[topic], "written again": written[topic] - events[topic],
                    **{status: effects.get(topic, {})[status] if topic in effects else 0 for status in ("applied", "discarded", "parked", "dead")}}
            for topic in sorted(committed | written)}


def summary(evidence: Evidence, violations: list[Violation]) -> dict:
    found = Counter(violation.kind for violation in violations)
    phases = Counter(answer["phase"] for answer in evidence["answers"] if answer["decided"])
    return {
        "sessions": dict(sorted(Counter(session["state"] for session in evidence["sessions"]).items())),
        "topics": by_topic(evidence),
        "ended_with_69": {row["process"]: row["codes"]["69"] for row in evidence["exits"] if "69" in row["codes"]},
        "transfers": len(evidence["transfers"]),
        "holds_at_the_provider": dict(Counter(hold["status"] for hold in evidence["book"])),
        "answers_to_starts": {"decided": dict(phases), "undecided": sum(not answer["decided"] for answer in evidence["answers"])},
        "cases_for_a_person": dict(Counter(case["what"] for case in [*evidence["payment_cases"], *evidence["charging_cases"]])),
        "violations": {kind: found[kind] for kind in KINDS},
    }


def table(head: list[str], rows: list[list]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def markdown(result: dict) -> str:
    found = sum(result["violations"].values())
    machine, seconds = result["machine"], result["seconds"]
    kills = sum(row["SIGKILL"] for row in result["strikes"].values())
    pauses = sum(row["SIGSTOP"] for row in result["strikes"].values())
    parts = [
        f"# Kill storm, {result['date']}, seed {result['seed']}",
        f"{'Nothing was found wrong' if not found else f'**{found} violations**'} after {kills} kills and {pauses} pauses in {seconds['storm']:.0f} s under load. "
        f"Again: `{result['again']}`",
        table(["what must not be", "found"], [[f"{text} (`{kind}`)", result["violations"][kind]] for kind, text in KINDS.items()]),
        f"The checks were themselves checked on this run's evidence: {result['planted']} violations planted, {result['planted'] - len(result['not_found'])} found.",
        "## What was struck",
        table(["process", "SIGKILL", "SIGSTOP … SIGCONT", "was not running", "ended with 69"],
              [[name, row["SIGKILL"], row["SIGSTOP"], row["not running"], result["ended_with_69"].get(name, 0)] for name, row in result["strikes"].items()]),
        "`backend` is one server process of PostgreSQL; the postmaster ends all others after it. A service ends with 69 when its database is away at its start, and is started again.",
        "## What went on meanwhile",
        table(["sessions", "number"], [[state, number] for state, number in result["sessions"].items()]),
        table(["topic", "committed", "on the topic", "written again (allowed)", "applied", "discarded", "parked", "dead"],
              [[topic, *row.values()] for topic, row in result["topics"].items()]),
        f"Ledger: {result['transfers']} transfers. Holds at the provider: {text_of(result['holds_at_the_provider'])}. Starts: {result['answers_to_starts']['decided'].get('first', 0)} keys decided, "
        f"{sum(result['answers_to_starts']['decided'].values())} answers compared, {result['answers_to_starts']['undecided']} times no decision yet. "
        f"Cases opened for a person: {text_of(result['cases_for_a_person'])}.",
        "## Times",
        table(["from", "seconds"], [[name, round(value, 1)] for name, value in seconds.items()]),
        f"Machine: {machine['cores']} cores ({machine['model']}), load average before {machine['load_average'][0]}, SHA-256 of 64 KiB {machine['sha256_64k_us']} µs. "
        f"{result['loops']} drivers at once, mean distance of strikes {result['mean_s']} s.",
    ]
    if result["examples"]:
        parts += ["## What was found", "\n".join(f"* `{kind}` {about}: {text}" for kind, about, text in result["examples"])]
    return "\n\n".join(parts) + "\n"


def text_of(counted: dict) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted.items()) or "none"


def write(result: dict, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"storm-{result['date']}-seed{result['seed']}.md"
    path.write_text(markdown(result), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path
