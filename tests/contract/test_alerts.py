"""The alerts: Prometheus takes them, they ask for figures that there are, and what must be zero by the guide raises one."""
import re
import shutil
import subprocess

import yaml
from contract_files import ROOT

RULES = ROOT / "deploy/prometheus/rules.yml"
ALERTS = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"] if "alert" in rule}
# Of Prometheus itself, and what other rules record.
NOT_OURS = {"up"}


def figures(expression: str) -> set[str]:
    """The names of the metrics of an expression."""
    words = re.findall(r"[a-z_:][a-z0-9_:]*", re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", "", expression))
    return {word for word in words if "_" in word or ":" in word or word in NOT_OURS}


def test_prometheus_takes_the_rules():
    promtool = shutil.which("promtool")
    assert promtool, "promtool comes with Prometheus"
    answer = subprocess.run([promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_alerts_ask_for_figures_that_there_are():
    sources = "\n".join(path.read_text(encoding="utf-8") for folder in ("kit", "services") for path in (ROOT / folder).rglob("*.cpp") if not path.name.endswith("_test.cpp"))
    for name, alert in ALERTS.items():
        asked = {figure for figure in figures(alert["expr"]) if ":" not in figure} - NOT_OURS
        missing = {figure for figure in asked if f'"{figure}"' not in sources}
        assert not missing, f"{name} asks for {missing}, which nobody shows"


def test_what_must_be_zero_raises_an_alert():
    guide = (ROOT / "docs/guides/reliability.md").read_text(encoding="utf-8").split("## What must be zero", 1)[1]
    listed = {figure for row in guide.splitlines() if row.startswith("| `") for figure in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
    assert len(listed) > 5
    asked = set().union(*(figures(alert["expr"]) for alert in ALERTS.values()))
    assert not listed - asked, f"nobody is told of {listed - asked}"
