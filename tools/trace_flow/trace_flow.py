"""trace_flow.py record TRACE_ID | draw [--check]: docs/img/trace-flow.svg, the way of one real charge through services and topics.

record  takes the trace out of the running platform's trace store into docs/img/trace-flow.json: who called whom, by what, after how many milliseconds
draw    makes the picture of that file; --check only says whether it is up to date

The picture has no script, follows light and dark, moves only where motion is welcome, and is meant to be read 400 pixels wide.
"""
import json
import os
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD, PICTURE = ROOT / "docs/img/trace-flow.json", ROOT / "docs/img/trace-flow.svg"
WIDTH, MARGIN, HEAD, STEP, FONT = 640, 46, 96, 46, 17
# The parts in the order in which they stand; who is not named comes last. Long names get shorter ones.
LANES = ["app", "gateway", "charging", "user", "auth", "payment", "payment-provider", "integrations", "station"]
SHORT = {"payment-provider": "provider"}
TOPICS = ("charging.events", "payment.events", "integration.events")


def hops_of(spans: list[dict]) -> list[dict]:
    """[{from, to, by, topic?, after_ms, times}] of a trace in order of time; one row for what repeats itself."""
    by_id, rows = {span["id"]: span for span in spans}, {}
    first = min(span["begin"] for span in spans)

    def add(source, target, by, begin, topic=None):
        row = rows.setdefault((source, target, by, topic), {"from": source, "to": target, "by": by, **({"topic": topic} if topic else {}), "after_ms": round(1000 * (begin - first)), "times": 0})
        row["times"] += 1
    for span in sorted(spans, key=lambda one: one["begin"]):
        parents = [by_id[one] for one in span["parents"] if one in by_id]
        if span["name"].startswith("ocpp ") and span["kind"] in ("server", "client"):
            ends = ("station", span["service"]) if span["kind"] == "server" else (span["service"], "station")
            add(*ends, span["name"].removeprefix("ocpp "), span["begin"])
        elif span["kind"] == "consumer":
            for parent in parents:
                if parent["kind"] == "producer":
                    add(parent["service"], span["service"], span["tags"].get("ev.event.type", "event"), span["begin"], parent["name"].split()[1])
        elif span["kind"] == "server":
            callers = [parent["service"] for parent in parents] or ["app"]
            add(callers[0], span["service"], span["name"], span["begin"])
    return sorted(rows.values(), key=lambda row: row["after_ms"])


def parts_of(hops: list[dict]) -> tuple[set[str], set[str]]:
    """(services and outer ends, topics)"""
    return {hop[end] for hop in hops for end in ("from", "to")}, {hop["topic"] for hop in hops if "topic" in hop}


def lanes_of(hops: list[dict]) -> list[str]:
    there = parts_of(hops)[0]
    return [lane for lane in LANES if lane in there] + sorted(there - set(LANES))


STYLE = """
text{font:%dpx system-ui,sans-serif;fill:#1f2328}.s{fill:#57606a;font-size:14px}.h{font-weight:600;text-anchor:middle}.l{stroke:#d0d7de}
.b{fill:#fff}path{fill:none;stroke-width:2.5}.rest{stroke:#0969da}.ocpp{stroke:#57606a}.t0{stroke:#bc4c00}.t1{stroke:#1a7f37}.t2{stroke:#8250df}
.f0{fill:#bc4c00}.f1{fill:#1a7f37}.f2{fill:#8250df}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}.l{stroke:#3d444d}.b{fill:#0d1117}.rest{stroke:#4493f8}.ocpp{stroke:#9198a1}
.t0{stroke:#f0883e}.t1{stroke:#3fb950}.t2{stroke:#ab7df8}.f0{fill:#f0883e}.f1{fill:#3fb950}.f2{fill:#ab7df8}}
@media(prefers-reduced-motion:no-preference){.m{stroke-dasharray:7 5;animation:f 1.2s linear infinite}@keyframes f{to{stroke-dashoffset:-24}}}
""".strip() % FONT


def label_of(hop: dict) -> str:
    return hop["by"] + (f" ×{hop['times']}" if hop["times"] > 1 else "")


def moment_of(hop: dict) -> str:
    return f"{hop['after_ms']} ms" if hop["after_ms"] < 1000 else f"{hop['after_ms'] / 1000:.1f} s"


def arrow(hop: dict, place: dict[str, float], y: float) -> str:
    kind = f"t{TOPICS.index(hop['topic'])}" if "topic" in hop else "ocpp" if "station" in (hop["from"], hop["to"]) else "rest"
    begin, end = place[hop["from"]], place[hop["to"]]
    if begin == end:
        line, head = f"M{begin:.0f} {y - 7:.0f}h22v14h-22", f"M{begin + 7:.0f} {y + 2:.0f}l-7 5l7 5"
    else:
        back = 7 if end < begin else -7
        line, head = f"M{begin:.0f} {y:.0f}H{end:.0f}", f"M{end + back:.0f} {y - 5:.0f}l{-back} 5l{back} 5"
    return f'<path class="{kind} m" d="{line}"/><path class="{kind}" d="{head}"/>'


def caption(hop: dict, place: dict[str, float], y: float) -> str:
    """Above the arrow, inside the picture whatever its length."""
    text, moment = label_of(hop), moment_of(hop)
    topic = f' <tspan class="f{TOPICS.index(hop["topic"])}">{hop["topic"]}</tspan>' if "topic" in hop else ""
    length = (len(text) + (len(hop["topic"]) + 1 if topic else 0)) * FONT * 0.56 + (len(moment) + 1) * 8
    x = min(max((place[hop["from"]] + place[hop["to"]]) / 2 - length / 2, 4), WIDTH - length - 4)
    return f'<rect class="b" x="{x - 3:.0f}" y="{y - 25:.0f}" width="{length + 6:.0f}" height="20"/>' \
           f'<text x="{x:.0f}" y="{y - 9:.0f}">{escape(text)}{topic} <tspan class="s">{moment}</tspan></text>'


def picture(record: dict) -> str:
    hops = record["hops"]
    lanes = lanes_of(hops)
    place = {lane: MARGIN + number * (WIDTH - 2 * MARGIN) / (len(lanes) - 1) for number, lane in enumerate(lanes)}
    height = HEAD + STEP * len(hops) + 20
    services, topics = parts_of(hops)
    about = f"One charge from tap to receipt: {', '.join(lanes)}; topics {', '.join(sorted(topics))}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(about)}" data-parts="{" ".join(sorted(services))}" '
           f'data-topics="{" ".join(sorted(topics))}"><title>{escape(about)}</title><style>{STYLE}</style><rect class="b" width="{WIDTH}" height="{height}"/>']
    for number, lane in enumerate(lanes):
        x, y = place[lane], 30 + 30 * (number % 2)
        out.append(f'<path class="l" style="stroke-width:1" d="M{x:.0f} {y + 8}V{height - 10}"/><text class="h" x="{min(max(x, 44), WIDTH - 44):.0f}" y="{y}">{escape(SHORT.get(lane, lane))}</text>')
    for number, hop in enumerate(hops):
        y = HEAD + STEP * number + 28
        out += [arrow(hop, place, y), caption(hop, place, y)]
    return "\n".join([*out, "</svg>"]) + "\n"


def record(trace_id: str) -> None:
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    sys.path.insert(0, str(ROOT / "tests/harness"))
    from running_platform import Platform
    from traces import jaeger_trace

    spans = jaeger_trace(Platform(Path(os.environ.get("EVCOSTA_RUN_DIR", ROOT / "run"))), trace_id)
    if not spans:
        sys.exit(f"the trace store does not know {trace_id}")
    RECORD.write_text(json.dumps({"traceId": trace_id, "hops": hops_of(spans)}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    match sys.argv[1:]:
        case ["record", trace_id]:
            record(trace_id)
        case ["draw"]:
            PICTURE.write_text(picture(json.loads(RECORD.read_text(encoding="utf-8"))), encoding="utf-8")
        case ["draw", "--check"]:
            if PICTURE.read_text(encoding="utf-8") != picture(json.loads(RECORD.read_text(encoding="utf-8"))):
                sys.exit("docs/img/trace-flow.svg is not what its record draws: run tools/trace_flow/trace_flow.py draw")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
