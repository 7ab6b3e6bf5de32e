"""./evcosta import as a person runs it: a map into a network, and no network out of something else. Needs no running platform."""
import os
import subprocess

from conftest import ROOT

MAP = """<?xml version='1.0'?>
<osm version="0.6">
<node id="1" version="1" lat="-23.00" lon="-45.00"/><node id="2" version="1" lat="-23.00" lon="-44.99"/><node id="3" version="1" lat="-22.99" lon="-44.99"/>
<node id="4" version="1" lat="-23.00" lon="-44.995"><tag k="place" v="town"/><tag k="name" v="Atalaia"/></node>
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
</osm>
"""


def evcosta_import(run_dir, *words):
    return subprocess.run([ROOT / "evcosta", "import", *map(str, words)], env=os.environ | {"EVCOSTA_RUN_DIR": str(run_dir)}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


def test_a_map_becomes_a_network_that_answers(tmp_path):
    (tmp_path / "map.osm").write_text(MAP, encoding="utf-8")
    made = evcosta_import(tmp_path / "run", tmp_path / "map.osm")
    assert made.returncode == 0, made.stderr
    assert "1 segments" in made.stdout and "reading ways" in made.stderr
    network = tmp_path / "run/roads"
    assert evcosta_import(tmp_path / "run", "--check", network).returncode == 0
    assert evcosta_import(tmp_path / "run", "--route", network, "-23,-45", "-22.99,-44.99").stdout.startswith("2.1 km, ")
    assert evcosta_import(tmp_path / "run", "--places", network, "atalia").stdout.startswith("Atalaia")


def test_what_is_no_map_is_refused_with_the_reason_and_the_network_stays(tmp_path):
    (tmp_path / "map.osm").write_text(MAP, encoding="utf-8")
    assert evcosta_import(tmp_path / "run", tmp_path / "map.osm").returncode == 0
    manifest = (tmp_path / "run/roads/manifest.json").read_bytes()
    for name, content in (("cut.osm", MAP[:400]), ("photo.osm.pbf", "\x89PNG" * 100), ("notes.txt", "notes")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        refused = evcosta_import(tmp_path / "run", tmp_path / name)
        assert refused.returncode == 1 and name in refused.stderr.splitlines()[-1], refused.stderr
        assert (tmp_path / "run/roads/manifest.json").read_bytes() == manifest
    points = tmp_path / "run/roads/points.bin"
    points.write_bytes(points.read_bytes()[:-1] + b"\x7f")
    broken = evcosta_import(tmp_path / "run", "--check", tmp_path / "run/roads")
    assert broken.returncode == 1 and "points.bin" in broken.stderr
    assert evcosta_import(tmp_path / "run").returncode == 1
    assert evcosta_import(tmp_path / "run", tmp_path / "map.osm", "--dem").returncode == 2
