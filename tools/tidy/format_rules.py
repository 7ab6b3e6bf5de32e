"""One formatting for every C++ file: .clang-format, by the clang-format that tools/setup.sh installs."""
import concurrent.futures
import os
import pathlib
import re
import subprocess

from tree import Finding, Tree

RULES = {
    "format": "C++ is formatted by .clang-format (clang-format-19 -i FILE)",
}

STYLE = pathlib.Path(__file__).resolve().parents[2] / ".clang-format"
WARNING = re.compile(r"^(?P<path>.+?):(?P<line>\d+):\d+: warning: code should be clang-formatted", re.MULTILINE)
FILES_A_CALL = 20


def check(repository: Tree) -> list[Finding]:
    paths = repository.matching("*.cpp", "*.hpp")
    calls = [paths[start:start + FILES_A_CALL] for start in range(0, len(paths), FILES_A_CALL)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [finding for found in pool.map(lambda some: check_some(repository.root, some), calls) for finding in found]


def check_some(root: pathlib.Path, paths: list[str]) -> list[Finding]:
    told = subprocess.run(["clang-format-19", "--dry-run", f"--style=file:{STYLE}", *paths], cwd=root, capture_output=True, text=True, check=True).stderr
    first: dict[str, int] = {}
    for match in WARNING.finditer(told):
        first.setdefault(match["path"], int(match["line"]))
    return [Finding(path, line, "format", "from this line on clang-format would write something else") for path, line in first.items()]
