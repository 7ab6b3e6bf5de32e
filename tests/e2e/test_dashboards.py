"""Every expression of every panel, executed against the platform's own Prometheus after a scripted load: no panel is empty."""
import json
import time

import pytest
from prometheus import series

# Not more than this after the load: then a panel is empty.
WITHIN_S = 75
# What Grafana makes of it for a scrape of five seconds.
RATE_INTERVAL = "60s"


def targets(platform):
    """(dashboard, panel, expression) of every dashboard."""
    for path in sorted((platform.root / "deploy/grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield path.stem, panel["title"], target["expr"].replace("$__rate_interval", RATE_INTERVAL)


def scripted_load(platform, somebody) -> None:
    """A charge from tap to receipt, and readings of every service."""
    person = somebody()
    for path in ("/users/me", "/users/me/vehicles", "/stations?near=-23.2,-44.7&limit=3", "/places?q=Paraty", "/charging/sessions"):
        person.request("GET", path)
    accepted, _ = person.started()
    person.until_charging(accepted["sessionId"], kwh=0.5)
    person.stop(accepted["sessionId"])
    assert person.until_terminal(accepted["sessionId"])["state"] == "CAPTURED"


@pytest.mark.timeout(240)
def test_no_panel_is_empty(platform, journey, somebody):
    scripted_load(platform, somebody)
    asked = list(targets(platform))
    assert len(asked) > 80
    missing, rows, deadline = set(asked), {}, time.monotonic() + WITHIN_S
    while missing and time.monotonic() < deadline:
        for target in sorted(missing):
            found = series(platform, target[2])
            if found:
                rows[target] = len(found)
                missing.discard(target)
        time.sleep(1 if missing else 0)
    for dashboard, panel, expression in asked:
        print(f"{dashboard:<20} {panel:<45} {rows.get((dashboard, panel, expression), 0):>4} series")
    assert not missing, "\n".join(f"{dashboard}: {panel}: {expression}" for dashboard, panel, expression in sorted(missing))


def test_latencies_lead_to_traces(platform, journey, eventually):
    """A bucket's exemplar is a trace that the store has."""
    from prometheus import ask
    from traces import jaeger_trace

    def found():
        for metric in ("http_server_request_duration_seconds_bucket", "traces_span_metrics_duration_seconds_bucket"):
            answer = ask(platform, "PROMETHEUS_PORT", "/api/v1/query_exemplars", query=metric, start=time.time() - 600, end=time.time() + 5)["data"]
            ids = {exemplar["labels"].get("trace_id") for row in answer for exemplar in row["exemplars"]} - {None}
            if not any(jaeger_trace(platform, trace_id) for trace_id in sorted(ids)[-20:]):
                return False
        return True
    eventually(found, 30, every_s=1, what="an exemplar whose trace is known")
