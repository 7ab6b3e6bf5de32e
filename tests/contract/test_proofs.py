"""What proofs/ says of the shipped code is still there: the lines that the simulator's mutants change, the files that models name."""
import importlib.util
import re

import pytest
from contract_files import ROOT

SPEC = importlib.util.spec_from_file_location("mutations", ROOT / "proofs/simulator/mutations.py")
MUTATIONS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MUTATIONS)
MODELS = sorted((ROOT / "proofs/spin").glob("*.pml"))


@pytest.mark.parametrize("mutation", MUTATIONS.MUTATIONS, ids=lambda mutation: mutation[0])
def test_a_mutant_finds_its_line_once(mutation):
    _, file, shipped, *_ = mutation
    assert (ROOT / file).read_text(encoding="utf-8").count(shipped) == 1, f"{file}: {shipped!r}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_model_names_files_that_are_there(model):
    head = model.read_text(encoding="utf-8").split("*/", 1)[0]
    named = set(re.findall(r"[\w/]+\.cpp", head))
    shipped = [f"/{path.relative_to(ROOT)}" for folder in ("kit", "services") for path in (ROOT / folder).rglob("*.cpp")]
    missing = {name for name in named if not any(path.endswith(f"/{name}") for path in shipped)}
    assert named and not missing
