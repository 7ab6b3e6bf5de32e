"""The picture of a charge: what its record draws, small, without a script, for light and dark, and whole."""
import copy
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import yaml
from contract_files import ROOT

sys.path.insert(0, str(ROOT / "tools/trace_flow"))
from trace_flow import PICTURE, RECORD, hops_of, lanes_of, parts_of, picture

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
TEXT = PICTURE.read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_what_its_record_draws():
    answer = subprocess.run([sys.executable, ROOT / "tools/trace_flow/trace_flow.py", "draw", "--check"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_it_shows_every_service_and_topic_of_the_record():
    root = ElementTree.fromstring(TEXT)
    services, topics = parts_of(RECORDED["hops"])
    assert set(root.get("data-parts").split()) == services and set(root.get("data-topics").split()) == topics
    shown = {text.text for text in root.iter(f"{SVG}text") if text.get("class") == "h"}
    assert len(shown) == len(services) == len(lanes_of(RECORDED["hops"]))
    assert topics == {row["name"] for row in yaml.safe_load((ROOT / "contracts/topics.yaml").read_text(encoding="utf-8"))["topics"]}


def test_it_is_small_and_safe_and_for_every_reader():
    assert len(TEXT.encode()) <= 60_000
    root = ElementTree.fromstring(TEXT)
    assert not [node for node in root.iter() if node.tag.removeprefix(SVG) in ("script", "foreignObject", "image", "a")] and "http" not in TEXT.replace("http://www.w3.org/2000/svg", "")
    assert "prefers-color-scheme:dark" in TEXT and "prefers-reduced-motion:no-preference" in TEXT and root.find(f"{SVG}title").text and root.get("aria-label")
    # At 400 pixels a letter is as high as in small print, and no text leaves the picture.
    width = float(root.get("viewBox").split()[2])
    assert 17 * 400 / width >= 10
    assert all(0 <= float(box.get("x", 0)) and float(box.get("x", 0)) + float(box.get("width")) <= width + 1 for box in root.iter(f"{SVG}rect"))


def test_another_trace_draws_another_picture():
    other = copy.deepcopy(RECORDED)
    other["hops"][-1]["topic"] = "charging.events"
    assert picture(other) != TEXT


def test_hops_are_read_from_spans():
    def span(number, service, name, kind, parents=(), begin=0.0, **tags):
        return {"id": number, "service": service, "name": name, "kind": kind, "parents": list(parents), "begin": begin, "tags": tags}
    spans = [span(1, "gateway", "POST /x", "server"), span(2, "gateway", "POST /x", "client", [1], 0.001), span(3, "charging", "POST /x", "server", [2], 0.002),
             span(4, "charging", "create charging.events", "producer", [3], 0.003), span(5, "payment", "process charging.events", "consumer", [4], 0.010, **{"ev.event.type": "T"}),
             span(6, "integrations", "ocpp MeterValues", "server", [], 0.020), span(7, "integrations", "ocpp MeterValues", "server", [], 0.030)]
    assert [(hop["from"], hop["to"], hop["by"], hop.get("topic"), hop["after_ms"], hop["times"]) for hop in hops_of(spans)] == [
        ("app", "gateway", "POST /x", None, 0, 1), ("gateway", "charging", "POST /x", None, 2, 1), ("charging", "payment", "T", "charging.events", 10, 1),
        ("station", "integrations", "MeterValues", None, 20, 2)]
