#!/usr/bin/python3
"""slo.py [--check]: writes slo.yml, the rules behind the service level objectives, from the table below and contracts/routes.yaml.

--check only says whether the file is up to date. An objective is a share of good events; its burn rate is how many times faster than allowed the
rest is spent. Two windows must agree, so that an alert neither comes from a moment nor outlives its cause (docs/guides/observability.md).
"""
import sys
from collections import defaultdict
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Rate class of contracts/routes.yaml → seconds within which an answer is quick; a bound of the histogram's buckets.
QUICK_S = {"public": "0.25", "sign-in": "2.5", "refresh": "0.5", "read": "0.25", "search": "2.5", "write": "0.5", "charge": "2.5", "stop": "0.5"}
AVAILABLE, QUICK = 0.999, 0.99
# objective, class, the share, good events, all events; {w} is the window.
FURTHER = [
    ("start-to-energy", "charge", 0.95, 'sum(rate(charging_start_to_energy_seconds_bucket{{le="30"}}[{w}]))', "sum(rate(charging_start_to_energy_seconds_count[{w}]))"),
    ("end-to-capture", "charge", 0.99, 'sum(rate(charging_end_to_capture_seconds_bucket{{le="60"}}[{w}]))', "sum(rate(charging_end_to_capture_seconds_count[{w}]))"),
    ("event-lag", "events", 0.99, 'sum(rate(inbox_effect_delay_seconds_bucket{{le="1"}}[{w}]))', "sum(rate(inbox_effect_delay_seconds_count[{w}]))"),
]
WINDOWS = ["5m", "30m", "1h", "6h"]
# Burn rate, long and short window, severity: 2 % of a month's budget in an hour, 5 % in six.
BURNS = [("SloBurnsFast", 14.4, "1h", "5m", "page"), ("SloBurnsSlowly", 6, "6h", "30m", "ticket")]
# Below so many events in the long window a single one would raise an alarm.
FEWEST = 20


def routes_of_classes() -> dict[str, dict[str, list[str]]]:
    """Rate class → method → paths of its public operations without streams, which are long on purpose."""
    found = defaultdict(lambda: defaultdict(list))
    for row in yaml.safe_load((ROOT / "contracts/routes.yaml").read_text(encoding="utf-8"))["routes"]:
        if row["rate_class"] in QUICK_S and not row.get("internal") and not row.get("stream"):
            found[row["rate_class"]][row["method"]].append(row["path"])
    return found


def answered(methods: dict[str, list[str]], suffix: str, more: str = "") -> str:
    """The rate of the answers of a class over {w}."""
    def escaped(path: str) -> str:
        return path.replace(".", "[.]").replace("{", "[{{]").replace("}", "[}}]")
    parts = [f'rate(http_server_request_duration_seconds_{suffix}{{{{service="gateway",method="{method}",route=~"{"|".join(map(escaped, paths))}"{more}}}}}[{{w}}])'
             for method, paths in sorted(methods.items())]
    return f"sum({' or '.join(parts)})"


def objectives():
    """(objective, class, share, good, all)"""
    for name, methods in sorted(routes_of_classes().items()):
        everything = answered(methods, "count")
        yield "availability", name, AVAILABLE, answered(methods, "count", ',status!~"5.."'), everything
        yield "latency", name, QUICK, answered(methods, "bucket", f',le="{QUICK_S[name]}"'), everything
    yield from FURTHER


def rules() -> dict:
    ratios, budgets, alerts = [], [], []
    for objective, name, share, good, everything in objectives():
        about = {"slo": objective, "class": name}
        budgets.append({"record": "slo:error_budget:ratio", "expr": f"vector({1 - share:.3g})", "labels": dict(about)})
        ratios.append({"record": "slo:events:rate6h", "expr": everything.format(w="6h"), "labels": dict(about)})
        ratios.append({"record": "slo:events:rate1h", "expr": everything.format(w="1h"), "labels": dict(about)})
        for window in WINDOWS:
            # Without a good one the left side is nothing, and not zero.
            ratio = f"1 - ({good.format(w=window)} or vector(0)) / ({everything.format(w=window)} > 0)"
            ratios.append({"record": f"slo:errors:ratio_rate{window}", "expr": ratio, "labels": dict(about)})
    for alert, burn, long, short, severity in BURNS:
        over = [f"slo:errors:ratio_rate{window} > on (slo, class) group_left {burn} * slo:error_budget:ratio" for window in (long, short)]
        enough = f"slo:events:rate{long} * {int(long[:-1]) * 3600} >= {FEWEST}"
        alerts.append({"alert": alert, "expr": f"({over[0]}) and on (slo, class) ({over[1]}) and on (slo, class) ({enough})", "for": "30s",
                       "labels": {"severity": severity, "burn": long},
                       "annotations": {"summary": "{{ $labels.slo }} of {{ $labels.class }}: {{ $value | humanizePercentage }} of the last " + long + " were not good, "
                                                  f"which spends the budget {burn} times too fast", "runbook_url": "docs/runbooks/objectives.md"}})
    return {"groups": [{"name": "objectives", "interval": "15s", "rules": budgets + ratios}, {"name": "burn", "rules": alerts}]}


def text() -> str:
    return "# Made by deploy/prometheus/slo.py: do not edit.\n" + yaml.safe_dump(rules(), sort_keys=False, width=1000)


def main():
    target = HERE / "slo.yml"
    if sys.argv[1:] == ["--check"]:
        if target.read_text(encoding="utf-8") != text():
            sys.exit("deploy/prometheus/slo.yml is not what deploy/prometheus/slo.py makes: run it")
        return
    target.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
