#!/usr/bin/python3
"""generate.py [--check]: writes dashboards/*.json, Grafana's format, from panels.yaml. --check only says whether they are up to date."""
import json
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS, WIDTH, HEIGHT = 2, 12, 8
UNITS = {"s", "eps", "ops", "reqps", "percentunit", "short", "bytes"}


def target(number: int, legend: str, expression: str, panel: dict) -> dict:
    return {"datasource": SOURCE, "refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend, "exemplar": panel.get("exemplar", False),
            "instant": False, "range": True}


def visual(number: int, panel: dict) -> dict:
    if panel["unit"] not in UNITS:
        raise ValueError(f"{panel['title']}: unit {panel['unit']}")
    kind = panel.get("kind", "timeseries")
    line = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": True}
    return {
        "id": number + 1, "type": kind, "title": panel["title"], "description": panel["tells"], "datasource": SOURCE,
        "gridPos": {"x": WIDTH * (number % COLUMNS), "y": HEIGHT * (number // COLUMNS), "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel["unit"], "min": 0 if panel["unit"] == "percentunit" else None, "custom": line if kind == "timeseries" else {}},
                        "overrides": []},
        "options": {"legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [target(place, legend, expression, panel) for place, (legend, expression) in enumerate(panel["queries"].items())],
    }


def dashboard(name: str, about: dict) -> dict:
    variable = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus", "hide": 0, "refresh": 1, "current": {}}
    return {
        "uid": f"evcosta-{name}", "title": about["title"], "description": about["about"], "tags": ["evcosta"], "schemaVersion": 39, "version": 1, "editable": False,
        "timezone": "browser", "refresh": "10s", "time": {"from": "now-30m", "to": "now"}, "templating": {"list": [variable]}, "annotations": {"list": []},
        "links": [{"type": "dashboards", "title": "EV-Costa", "tags": ["evcosta"], "asDropdown": True, "keepTime": True}],
        "panels": [visual(number, panel) for number, panel in enumerate(about["panels"])],
    }


def made() -> dict[str, str]:
    """File name → text."""
    panels = yaml.safe_load((HERE / "panels.yaml").read_text(encoding="utf-8"))
    return {f"{name}.json": json.dumps(dashboard(name, about), indent=1, ensure_ascii=False) + "\n" for name, about in panels.items()}


def main():
    folder = HERE / "dashboards"
    wanted = made()
    if sys.argv[1:] == ["--check"]:
        there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
        if there != wanted:
            sys.exit("deploy/grafana/dashboards is not what deploy/grafana/generate.py makes: run it")
        return
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
