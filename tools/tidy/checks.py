"""Every rule, and the run over all of them."""
import include_rules
import code_rules
import format_rules
import tree_rules
from tree import Finding, Tree

RULES = {
    **include_rules.RULES,
    **code_rules.RULES,
    **tree_rules.RULES,
    **format_rules.RULES,
    "allowance": "an exception in allow.yaml that nothing needs any more",
}


def run(repository: Tree) -> list[Finding]:
    found = include_rules.check(repository) + code_rules.check(repository) + tree_rules.check(repository) + format_rules.check(repository)
    return sorted(set(found))
