"""The files of contracts/ agree with each other, with the codes that C++ names, and with what the generators make of them."""
import re
import subprocess

import consistency
import pytest
from contract_files import ROOT, Contracts


@pytest.mark.parametrize("check", consistency.CHECKS, ids=lambda check: check.__name__)
def test_contracts_agree(check):
    assert check(Contracts()) == []


def test_every_error_code_is_used():
    """A code is answered by an operation, carried by an event, or named in C++ (which does not compile with an unknown one)."""
    contracts = Contracts()
    answered = {code for operation in contracts.operations for code in operation.problems} | set(contracts.general_problems)
    answered |= set(contracts.asyncapi["components"]["schemas"]["DeadLetterHeaders"]["x-event-problems"])
    sources = [path for folder in ("kit", "services", "tools", "simulators") for path in (ROOT / folder).rglob("*.[ch]pp")]
    named = {name for path in sources for name in re.findall(r"\bCode::k(\w+)", path.read_text(encoding="utf-8"))}
    unused = [code for code in contracts.errors if code not in answered and "".join(part.capitalize() for part in code.split("-")) not in named]
    assert unused == []


def test_generated_tables_compile_from_what_is_written(tmp_path):
    """The generators take the shipped files; a broken row ends the build (test_mutations.py)."""
    for generator, source in (("errors.py", "errors.yaml"), ("routes.py", "routes.yaml"), ("events.py", "topics.yaml"), ("event_schemas.py", "topics.yaml")):
        subprocess.run(["/usr/bin/python3", ROOT / "tools/gen" / generator, ROOT / "contracts" / source, tmp_path], check=True)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{end}" for name in ("error_codes", "routes", "events", "event_schemas") for end in ("hpp", "cpp")}
    table = (tmp_path / "routes.cpp").read_text(encoding="utf-8")
    for operation in Contracts().operations:
        assert f'"{operation.id}"' in table
