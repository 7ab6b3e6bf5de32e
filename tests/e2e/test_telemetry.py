"""What the running platform emits is contracts/telemetry.yaml, in both directions: metrics with their types and labels, spans, attributes."""
import json
import re
import urllib.request

import pytest
from prometheus import series
from telemetry_registry import registry, span_row

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
VALUES = {"stringValue": "string", "intValue": "int", "doubleValue": "double", "boolValue": "bool"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}
# A settled trace holds them; those of the dead letters and of what goes wrong are not in every run.
RARE_ATTRIBUTES = {"error.type", "db.response.status_code", "http.request.resend_count", "ev.retry.attempt", "db.operation.batch.size"}


def own_processes(platform) -> dict[str, int]:
    """Programs of ours → admin port."""
    return {name: about["admin_port"] for name, about in platform.processes.items() if about["admin_port"]}


def scraped(port: int) -> dict[str, tuple[str, list[dict]]]:
    """Family → (type, labels of each series), as the process shows them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    families: dict[str, tuple[str, list[dict]]] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            families[name] = (kind, [])
        elif line and not line.startswith("#"):
            name, labels = re.fullmatch(r"([a-z_0-9]+)(?:\{(.*)\})? \S+", line).groups()
            family = next(one for one in (name, *(name.removesuffix(end) for end in SUFFIXES["histogram"])) if one in families)
            families[family][1].append({key: value for key, value in re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or "") if key != "le"})
    return families


@pytest.fixture(scope="module")
def emitted(platform, journey, eventually):
    """Process → families, when what a charge leaves behind is there."""
    def complete():
        seen = {name: scraped(port) for name, port in own_processes(platform).items()}
        missing = {metric for metric, about in registry()["metrics"].items() if about["when"] != "rare"} - {family for families in seen.values() for family in families}
        complete.missing = missing
        return seen if not missing else None
    try:
        return eventually(complete, 30, every_s=1, what="every metric of the registry")
    except pytest.fail.Exception:
        pytest.fail(f"nobody shows {sorted(complete.missing)}")


def test_every_metric_is_in_the_registry(emitted):
    metrics, wrong = registry()["metrics"], []
    for process, families in emitted.items():
        for name, (kind, rows) in families.items():
            about = metrics.get(name)
            if about is None:
                wrong.append(f"{process}: {name} is not registered")
                continue
            if kind != about["type"]:
                wrong.append(f"{process}: {name} is a {kind}")
            if about["by"] != "all" and process not in about["by"]:
                wrong.append(f"{process} shows {name} and is not named")
            for labels in rows:
                if set(labels) != set(about["labels"]):
                    wrong.append(f"{process}: {name} has {sorted(labels)}")
                    break
    assert not wrong, "\n".join(wrong)


def test_who_is_named_shows_it(emitted):
    missing = [f"{process}: {name}" for name, about in registry()["metrics"].items() if about["when"] == "always"
               for process in (emitted if about["by"] == "all" else about["by"]) if name not in emitted[process]]
    assert not missing


def test_labels_stay_within_their_bounds(emitted):
    for process, families in emitted.items():
        for name, (_, rows) in families.items():
            for label in registry()["metrics"][name]["labels"]:
                values = {labels[label] for labels in rows}
                assert len(values) <= registry()["labels"][label]["values"], f"{process}: {name}{{{label}}} has {len(values)} values"
                assert not any("@" in value or re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", value) for value in values), f"{process}: {name}{{{label}}}"


@pytest.mark.parametrize("where", registry()["foreign"])
def test_foreign_figures_are_there(platform, journey, eventually, where):
    wanted = registry()["foreign"][where]
    label = f'process="{where}"' if where in platform.processes and where != "collector" else 'job="collector"' if where == "collector" else ""

    def missing():
        return [name for name in wanted if not series(platform, f'{{__name__=~"{name}(_bucket|_total)?",{label}}}' if label else f'{{__name__=~"{name}(_bucket)?"}}')]
    eventually(lambda: not missing(), 30, every_s=1, what=f"figures of {where} ({missing()})")


def recorded_spans(platform):
    """(service, span) of what the Collector has written down since it began this file."""
    for line in (platform.run_dir / "data/collector/traces.jsonl").read_text(encoding="utf-8").splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            about = {entry["key"]: entry["value"] for entry in resource["resource"]["attributes"]}
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    yield about, span


def test_every_span_is_in_the_registry(platform, journey, eventually):
    rows, attributes, resource = {json.dumps(row) for row in registry()["spans"]}, set(registry()["attributes"]), set(registry()["resource"])

    def complete():
        seen_rows, seen_attributes, wrong = set(), set(), set()
        for about, span in recorded_spans(platform):
            service, kind = about["service.name"]["stringValue"], KINDS[span["kind"]]
            wrong |= {f"{service}: resource {key}" for key in set(about) - resource}
            row = span_row(kind, span["name"])
            carried = {entry["key"]: next(iter(entry["value"])) for entry in span.get("attributes", [])}
            if row is None:
                wrong.add(f"{service}: {kind} span {span['name']!r}")
                continue
            seen_rows.add(json.dumps(row))
            seen_attributes |= set(carried)
            wrong |= {f"{service}: {kind} {span['name']} lacks {key}" for key in set(row["carries"]) - set(carried)}
            wrong |= {f"{service}: {key} is {kind_of}" for key, kind_of in carried.items() if key not in attributes or VALUES[kind_of] != registry()["attributes"][key]["type"]}
        assert not wrong, "\n".join(sorted(wrong))
        complete.missing = (rows - seen_rows, attributes - seen_attributes - RARE_ATTRIBUTES)
        return not any(complete.missing)
    try:
        eventually(complete, 30, every_s=2, what="a span of each row")
    except pytest.fail.Exception as failure:
        if hasattr(complete, "missing"):
            pytest.fail(f"no span of {complete.missing}")
        raise failure
