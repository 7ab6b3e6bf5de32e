"""A platform of the benchmark's own: other ports, another folder, and the numbered load fleet instead of the demonstration one."""
import os
import subprocess
import sys
from pathlib import Path

from load_fleet import load_fleet_settings

ROOT = Path(__file__).resolve().parents[1]


def folder(own: bool) -> Path:
    default = ROOT / ("build/bench-run" if own else "run")
    return Path(os.environ.get("EVCOSTA_RUN_DIR") or default).resolve()


def evcosta(*words: str, **settings: str) -> None:
    if subprocess.run([str(ROOT / "evcosta"), *words], env={**os.environ, **settings}, stdin=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"./evcosta {words[0]} failed")


def up(run_dir: Path, port_base: int, stations: int) -> None:
    try:
        evcosta("up", "--no-build", EVCOSTA_PORT_BASE=str(port_base), **load_fleet_settings(run_dir, stations))
    except BaseException:
        down()
        raise


def down() -> None:
    evcosta("down")
