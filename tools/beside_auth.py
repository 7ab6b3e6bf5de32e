"""Programs that write to auth's databases with auth's own certificate and secrets, as auth was started with. Standard library and yaml only."""
import os
import subprocess
import sys
from pathlib import Path

import yaml


def run_beside_auth(command: str, program: str, *words: str, typed: str = "") -> int:
    """The program's exit status; 1 when the platform was never started."""
    config = Path(os.environ["RUN_DIR"]) / "config/process-compose.yaml"
    if not config.exists():
        print(f"{command}: the platform was never started here; ./evcosta up starts it", file=sys.stderr)
        return 1
    auth = yaml.safe_load(config.read_text(encoding="utf-8"))["processes"]["auth"]
    # The program stands behind the shell that sends its output to the log.
    words_of_auth = auth["entrypoint"]
    of_auth, *arguments = words_of_auth[next(place for place, word in enumerate(words_of_auth) if word.endswith("/evcosta-auth")):]
    return subprocess.run([str(Path(of_auth).with_name(program)), *arguments, *words], input=typed, text=True,
                          env={**os.environ, **dict(line.split("=", 1) for line in auth["environment"])}, cwd=auth["working_dir"], check=False).returncode
