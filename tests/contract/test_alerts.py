"""The alerts: Prometheus takes them, they ask for figures that there are, each fires by its own cause and by nothing else, and each has a runbook
whose first command shows the cause."""
import re
import shutil
import subprocess

import pytest
import yaml
from alert_causes import CAUSES, HEALTHY, SLOW_CAUSES, SLO_BURNS
from contract_files import ROOT
from telemetry_registry import registry

FILES = CAUSE_RULES, SLO_RULES, ALERT_RULES = [ROOT / f"deploy/prometheus/{name}.yml" for name in ("rules", "slo", "alerts")]
RULES = [rule for path in FILES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
KNOWN = {*registry()["metrics"], *(name for names in registry()["foreign"].values() for name in names), *(rule["record"] for rule in RULES if "record" in rule), "up"}
# Words of PromQL with an underscore.
FUNCTIONS = {"histogram_quantile", "label_replace", "max_over_time", "group_left"}


def figures(expression: str) -> set[str]:
    """The names of the metrics of an expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|\b(by|on) \([^)]*\)", "", expression)
    words = re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*", bare)
    return {re.sub(r"_(bucket|sum|count)$", "", word) if word not in KNOWN else word for word in words if "_" in word or ":" in word or word == "up"} - FUNCTIONS


def promtool(*arguments: str) -> subprocess.CompletedProcess:
    program = shutil.which("promtool")
    assert program, "promtool comes with Prometheus"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_prometheus_takes_the_rules():
    answer = promtool("check", "rules", *map(str, FILES))
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_objectives_are_what_their_table_makes():
    answer = subprocess.run([ROOT / "deploy/prometheus/slo.py", "--check"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"] + str(sorted(rule.get("labels", {}).values())))
def test_a_rule_asks_for_figures_that_there_are(rule):
    assert not figures(rule["expr"]) - KNOWN


def test_what_must_be_zero_raises_an_alert():
    guide = (ROOT / "docs/guides/reliability.md").read_text(encoding="utf-8").split("## What must be zero", 1)[1]
    listed = {figure for row in guide.splitlines() if row.startswith("| `") for figure in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
    assert len(listed) > 5
    asked = set().union(*(figures(alert["expr"]) for alert in ALERTS.values()))
    assert not listed - asked, f"nobody is told of {listed - asked}"


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_leads_to_a_section_that_begins_with_a_command(name):
    place, anchor = (ALERTS[name]["annotations"]["runbook_url"].split("#") + [name.lower()])[:2]
    text = (ROOT / place).read_text(encoding="utf-8")
    assert anchor == name.lower()
    section = re.search(rf"^## {name}\n\n```\n(.+?)```\n\n(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"{place} has no section {name} that begins with a command"
    command = section.group(1)
    for query in re.findall(r"query=([^']*)'", command):
        assert not figures(query) - KNOWN - {"ALERTS"}, query
    for word in re.findall(r"\./evcosta ([a-z]+)", command):
        assert re.search(rf"^  {word}\b.*\)", (ROOT / "evcosta").read_text(encoding="utf-8"), re.MULTILINE), f"./evcosta has no {word}"
    assert ALERTS[name]["labels"]["severity"] in ("page", "ticket", "warn") and ALERTS[name]["annotations"]["summary"]


def test_every_alert_has_a_cause_here():
    assert set(CAUSES) | {alert for alert, *_ in SLO_BURNS} == set(ALERTS)
    assert len(CAUSES) > 30 and set(SLOW_CAUSES) < set(CAUSES)


def timed(series: list[tuple[str, str]], moments: dict[str, set[str]], interval: str = "15s") -> dict:
    """promtool's test of which alerts fire at each moment."""
    expected = [{"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": moment,
                 "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)]} for moment, names in moments.items()]
    return {"interval": interval, "input_series": [{"series": name, "values": values} for name, values in series], "promql_expr_test": expected}


def run_tests(tmp_path, files, tests, evaluation: str = "15s") -> str:
    """What promtool has against them; nothing is well. All in one go: starting it costs more than a test."""
    place = tmp_path / "test.yml"
    place.write_text(yaml.safe_dump({"rule_files": list(map(str, files)), "evaluation_interval": evaluation, "tests": tests}), encoding="utf-8")
    answer = promtool("test", "rules", str(place))
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def test_a_healthy_platform_raises_none(tmp_path):
    assert not run_tests(tmp_path, FILES, [timed(HEALTHY, {"5m": set(), "20m": set()})])


def test_an_alert_fires_by_its_cause_alone_and_ends_with_it(tmp_path):
    quick = {name: cause for name, cause in CAUSES.items() if name not in SLOW_CAUSES}
    assert not run_tests(tmp_path, [CAUSE_RULES, ALERT_RULES], [timed(series, {"15s": set(), fires: {name}, ends: set()}) for name, (series, fires, ends) in quick.items()])


def test_an_alert_that_waits_for_hours_does_too(tmp_path):
    slow = {name: CAUSES[name] for name in SLOW_CAUSES}
    assert not run_tests(tmp_path, [CAUSE_RULES, ALERT_RULES], [timed(series, {"5m": set(), fires: {name}, ends: set()}, "5m") for name, (series, fires, ends) in slow.items()], "5m")


def test_objectives_burn_fast_and_slowly(tmp_path):
    assert not run_tests(tmp_path, [SLO_RULES], [timed(series, moments, "30s") for _, series, moments in SLO_BURNS], "30s")


def test_promtool_finds_what_is_wrong(tmp_path):
    series, fires, _ = CAUSES["BooksDoNotFit"]
    assert "BooksDoNotFit" in run_tests(tmp_path, [ALERT_RULES], [timed(series, {fires: set()})])
