"""What the tree as a whole may look like: names, README files, words that do not belong."""
import pathlib
import re

from tree import Finding, Tree

RULES = {
    "name": "no file or folder is called utils, common, helpers or misc: a name says what is in it",
    "file-name": "source files are called in snake_case",
    "readme": "each folder of the kit, each service and each simulator has a README.md",
    "unfinished": "no note about work left: do it or file it",
    "machine-path": "no absolute path of somebody's machine",
}

SAYS_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:work|root|tmp/w)/|(?<![\w.~$}-])/(?:home|Users)/[a-z]\w*/")
SNAKE_CASE = re.compile(r"^[a-z0-9_]+$")
OWN = "tools/tidy/"  # holds the words that it looks for


def check(repository: Tree) -> list[Finding]:
    found = []
    for path in repository.files:
        pure = pathlib.PurePath(path)
        for part in [*pure.parts[:-1], pure.name.split(".")[0]]:
            if part.lower() in SAYS_NOTHING:
                found.append(Finding(path, 1, "name", f"`{part}`"))
        if pure.suffix in (".cpp", ".hpp") and not SNAKE_CASE.match(pure.stem):
            found.append(Finding(path, 1, "file-name", f"`{pure.name}`"))
        if not path.startswith(OWN):
            found += words(path, repository.text(path))
    return found + readmes(repository)


def words(path: str, text: str) -> list[Finding]:
    found = []
    for rule, pattern in (("unfinished", UNFINISHED), ("machine-path", MACHINE_PATH)):
        for match in pattern.finditer(text):
            found.append(Finding(path, text.count("\n", 0, match.start()) + 1, rule, f"`{match.group()}`"))
    return found


def readmes(repository: Tree) -> list[Finding]:
    folders = set()
    for path in repository.files:
        parts = path.split("/")
        if parts[0] in ("kit", "services", "simulators") and len(parts) > 2:
            folders.add("/".join(parts[:2]))
    present = set(repository.files)
    return [Finding(f"{folder}/README.md", 1, "readme", "missing") for folder in sorted(folders) if f"{folder}/README.md" not in present]
