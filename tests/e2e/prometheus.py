"""Questions to the platform's own Prometheus and Alertmanager."""
import json
import math
import urllib.parse
import urllib.request


def ask(platform, port: str, path: str, **query):
    url = f"http://127.0.0.1:{platform.port(port)}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def series(platform, expression: str) -> list[tuple[dict, float]]:
    """(labels, value) of each series that an expression has now, finite values only."""
    rows = ask(platform, "PROMETHEUS_PORT", "/api/v1/query", query=expression)["data"]["result"]
    found = [(row["metric"], float(row["value"][1])) for row in rows]
    return [(labels, value) for labels, value in found if math.isfinite(value)]


def firing(platform) -> set[str]:
    """Names of the alerts that Alertmanager was told of and that are not over."""
    return {alert["labels"]["alertname"] for alert in ask(platform, "ALERTMANAGER_PORT", "/api/v2/alerts", active="true")}
