"""A shipped program with one changed source: the source is compiled as the build compiles it, and linked before the libraries, so that the linker takes it instead of what
they hold. Needs build/release."""
import functools
import json
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"


@functools.lru_cache(maxsize=1)
def compile_commands() -> dict[str, list[str]]:
    """Source, from the root → the words that compile it, without ccache."""
    entries = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    return {str(Path(entry["file"]).resolve().relative_to(ROOT)): [word for word in shlex.split(entry["command"]) if not word.endswith("ccache")]
            for entry in entries if Path(entry["file"]).resolve().is_relative_to(ROOT)}


@functools.lru_cache(maxsize=None)
def link_command(program: str) -> list[str]:
    """The words that link `program`, a path from the build folder."""
    listed = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", program], capture_output=True, text=True, check=True).stdout.splitlines()
    line = next(line for line in reversed(listed) if f" -o {program} " in line)
    return shlex.split(line.split("&&")[1])


class Mutation(NamedTuple):
    file: str
    before: str  # stands in the file exactly once
    after: str

    def source(self) -> str:
        text = (ROOT / self.file).read_text(encoding="utf-8")
        if text.count(self.before) != 1:
            raise SystemExit(f"{self.file} does not have this exactly once:\n{self.before}")
        return text.replace(self.before, self.after)

    def link(self, program: str, target: Path, options: tuple[str, ...] = ("-O1",)) -> Path:
        """Links `program` (a path from the build folder) with the changed source to `target`."""
        with tempfile.TemporaryDirectory() as folder:
            source, compiled = Path(folder) / Path(self.file).name, Path(folder) / "mutated.o"
            source.write_text(self.source(), encoding="utf-8")
            words = compile_commands()[self.file]
            run([*words[:words.index("-o")], "-w", "-g0", *options, "-o", str(compiled), "-c", str(source)])
            words = link_command(program)
            place = words.index("-o")
            run([*words[:place], str(compiled), "-o", str(target), *words[place + 2:]])
        return target


def run(words: list[str]) -> None:
    done = subprocess.run(words, cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(words)}\n{done.stderr[-4000:]}")
