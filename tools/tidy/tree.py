"""The files of the repository, findings, and the list of allowed exceptions."""
import dataclasses
import fnmatch
import pathlib
import subprocess

import yaml

SKIPPED = {".git", "build", "run", "node_modules", "__pycache__", ".pytest_cache", ".cache"}
BINARY = {".png", ".jpg", ".jpeg", ".ico", ".woff2", ".pbf", ".hgt", ".pmtiles", ".gz", ".tgz", ".pdf", ".jar"}


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


class Tree:
    """Tracked and new files (never ignored ones), by their path from the root; texts are read once."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.files = sorted(self._list())
        self._texts: dict[str, str] = {}

    def _list(self) -> list[str]:
        if (self.root / ".git").exists():
            out = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 check=True, capture_output=True).stdout.decode()
            return [path for path in out.split("\0") if path and (self.root / path).is_file()]
        found = [path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file()]
        return [str(path) for path in found if not SKIPPED & set(path.parts)]

    def text(self, path: str) -> str:
        """The file's text; empty for a binary one."""
        if path not in self._texts:
            raw = b"" if pathlib.PurePath(path).suffix in BINARY else (self.root / path).read_bytes()
            self._texts[path] = "" if b"\0" in raw[:8192] else raw.decode("utf-8", errors="replace")
        return self._texts[path]

    def matching(self, *patterns: str) -> list[str]:
        return [path for path in self.files if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)]


@dataclasses.dataclass
class Allowance:
    rule: str
    path: str
    used: bool = False


def load_allowances(source: pathlib.Path, rules: dict) -> list[Allowance]:
    """allow.yaml: a list of {rule, path, why}; `path` may have wildcards."""
    if not source.exists():
        return []
    rows = yaml.safe_load(source.read_text(encoding="utf-8")) or []
    for row in rows:
        if set(row) != {"rule", "path", "why"} or row["rule"] not in rules or not str(row["why"]).strip():
            raise SystemExit(f"{source}: each row is {{rule, path, why}} with a rule of --rules: {row}")
    return [Allowance(row["rule"], row["path"]) for row in rows]


def apply_allowances(found: list[Finding], allowances: list[Allowance]) -> list[Finding]:
    """The findings that nothing allows, and one for each allowance that nobody needs any more."""
    left = []
    for finding in found:
        fitting = [row for row in allowances if row.rule == finding.rule and fnmatch.fnmatchcase(finding.path, row.path)]
        for row in fitting:
            row.used = True
        if not fitting:
            left.append(finding)
    left += [Finding("tools/tidy/allow.yaml", 1, "allowance", f"nothing needs {row.rule} for {row.path} any more") for row in allowances if not row.used]
    return sorted(left)
