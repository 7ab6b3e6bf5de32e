"""Dashboards: what is committed is what the table makes, Grafana's rules are kept, and every figure exists."""
import json
import re
import subprocess

import pytest
import yaml
from contract_files import ROOT
from test_alerts import KNOWN, figures, promtool

PLACES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
BOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in PLACES}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]


def test_the_files_are_what_the_table_makes():
    answer = subprocess.run([ROOT / "deploy/grafana/generate.py", "--check"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_the_views_of_the_interaction_model_come_first():
    assert [panel["title"] for panel in BOARDS["overview"]["panels"][:3]] == ["p95 latency per service", "Kafka event throughput", "Error rate per endpoint"]
    assert {"sessions-and-money", "saga", "kafka-and-outbox", "postgresql", "charge-points", "gateway", "objectives", "telemetry"} <= set(BOARDS)


def test_dashboards_have_ids_of_their_own():
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS) and all(not board["editable"] and board["templating"]["list"] for board in BOARDS.values())


@pytest.mark.parametrize("name,panel", PANELS, ids=lambda part: part if isinstance(part, str) else part["title"])
def test_a_panel(name, panel, tmp_path):
    assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"]
    rules = []
    for target in panel["targets"]:
        expression = target["expr"]
        assert target["legendFormat"]
        assert not figures(expression) - KNOWN - {"ALERTS"}, figures(expression) - KNOWN
        assert not re.search(r"\brate\([^\[]*\[(?!\$__rate_interval)", expression), "rate over $__rate_interval"
        rules.append({"record": "panel:expression:checked", "expr": expression.replace("$__rate_interval", "1m")})
    place = tmp_path / "rules.json"
    place.write_text(json.dumps({"groups": [{"name": "panel", "rules": rules}]}), encoding="utf-8")
    answer = promtool("check", "rules", "--lint=none", str(place))
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_grafana_beside_the_platform_reaches_what_there_is():
    """deploy/compose.yaml: every file that it mounts is there, its ports are the platform's, and nothing listens for the world."""
    folder = ROOT / "deploy"
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ports = {name: 8440 + about["offset"] for name, about in yaml.safe_load((folder / "processes.yaml").read_text(encoding="utf-8"))["ports"].items()}
    for service in services.values():
        assert ":" in service["image"] and not service["image"].endswith(":latest") and service["mem_limit"]
        assert all((folder / mount.split(":")[0]).exists() for mount in service["volumes"] if mount.startswith("./"))
        assert service["network_mode"] == "host" and "ports" not in service
    grafana = services["grafana"]["environment"]
    assert grafana["GF_SERVER_HTTP_ADDR"] == "127.0.0.1" and grafana["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert grafana["EVCOSTA_PROMETHEUS_PORT"] == f"${{EVCOSTA_PROMETHEUS_PORT:-{ports['PROMETHEUS_PORT']}}}"
    assert grafana["EVCOSTA_JAEGER_PORT"] == f"${{EVCOSTA_JAEGER_PORT:-{ports['JAEGER_QUERY_PORT']}}}"
    sources = yaml.safe_load((folder / "grafana/provisioning/datasources/evcosta.yaml").read_text(encoding="utf-8"))["datasources"]
    assert {variable for source in sources for variable in re.findall(r"\$(\w+)", source["url"])} <= set(grafana)
    assert sources[0]["isDefault"] and sources[0]["jsonData"]["exemplarTraceIdDestinations"][0]["datasourceUid"] in {source["uid"] for source in sources}
    provider = yaml.safe_load((folder / "grafana/provisioning/dashboards/evcosta.yaml").read_text(encoding="utf-8"))["providers"][0]
    assert any(mount.split(":")[1] == provider["options"]["path"] for mount in services["grafana"]["volumes"])
    long_term = yaml.safe_load((folder / "prometheus/long_term.yml").read_text(encoding="utf-8"))
    assert long_term["scrape_configs"][0]["static_configs"][0]["targets"] == [f"127.0.0.1:{ports['PROMETHEUS_PORT']}"]
