"""What a single source file may look like."""
import ast
import re

from cpp_source import CppSource
from tree import Finding, Tree

FILE_LINES = 500
FUNCTION_LINES = 70

RULES = {
    "file-length": f"a source file has at most {FILE_LINES} lines",
    "function-length": f"a function has at most {FUNCTION_LINES} lines",
    "header-comment": "a header begins with a comment: why it exists, its lifetime, its worker, its limits",
    "pragma-once": "a header has #pragma once",
    "money-float": "no floating type or number in a money path",
    "console": "the kit and the services write to the log, never to the console",
    "await-in-catch": "no co_await in a catch block",
    "lambda-coroutine": "a lambda with captures is no coroutine: its captures die with the lambda object",
    "clock": "domain/ takes its time as a value",
    "detached": "nothing detached: spawn it in a TaskGroup",
    "sql": "SQL stands in store/",
    "crash-point": "every commit on a charge's way is a step that a test dies at (EVC_STEP), whose name stands once and begins with its owner",
}

MONEY = re.compile(r"(money|ledger|tariff)|^services/payment/domain/")
FLOATING = re.compile(r"\b(float|double)\b|\bstd::sto[df]\b|(?<![\w.'])\d[\d']*\.\d*(?![\w.])")
CONSOLE = re.compile(r"\b(?:std::)?(?:cout|cerr|clog)\b(?=\s*<<)|\b(?:std::)?(?:printf|fprintf|vprintf|puts|fputs|putchar)\s*\(|\bfmt::print(?:ln)?\s*\(")
CLOCK = re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b|\bsystem_clock\(\)|\bstd::time\s*\(|\bgettimeofday\b")
SQL = re.compile(r"^\s*(SELECT\s.+|INSERT\s+INTO\s.+|UPDATE\s+\S+\s+SET\s.+|DELETE\s+FROM\s.+|WITH\s+\w+\s+AS\s*\(.+|TRUNCATE\s.+|LOCK\s+TABLE\s.+|"
                 r"(CREATE|ALTER|DROP)\s+(TABLE|INDEX|UNIQUE|VIEW|TYPE|SCHEMA|TRIGGER|FUNCTION|PUBLICATION|ROLE)\s.*)$", re.IGNORECASE | re.DOTALL)
CHARGE_FOLDERS = ("kit/messaging/", "services/charging/", "services/payment/", "services/integrations/", "services/relay/")
COMMIT = re.compile(r"\bco_await\s+\w+(?:\.|->)commit\s*\(")
STEP = re.compile(r"\bEVC_(?:VOID_)?STEP\s*\(\s*")
STEP_NAME = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
LAMBDA = re.compile(r"\[(?P<captures>[^\[\]]+)\]\s*\((?P<parameters>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:mutable\s*)?(?:noexcept\s*)?(?:->\s*[\w:<>,\s*&]+?)?\s*(?=\{)")
SOURCES = ("*.cpp", "*.hpp", "*.py", "*.sh", "*.ts", "*.js", "*.svelte", "*.sql", "*.cmake", "*CMakeLists.txt", "contracts/*.yaml", "*.css", "*.java", "*.go")


def check(repository: Tree) -> list[Finding]:
    found = []
    for path in repository.matching(*SOURCES):
        lines = repository.text(path).count("\n")
        if lines > FILE_LINES and not path.startswith("data/"):
            found.append(Finding(path, FILE_LINES + 1, "file-length", f"{lines} lines"))
    for path in repository.matching("*.cpp", "*.hpp"):
        found += check_cpp(path, CppSource(repository.text(path)))
    for path in repository.matching("*.py"):
        found += check_python(path, repository.text(path))
    return found + check_steps(repository)


def check_python(path: str, text: str) -> list[Finding]:
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        return [Finding(path, error.lineno or 1, "function-length", "cannot be read as Python")]
    found = []
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(Finding(path, node.lineno, "function-length", f"{node.name} has {length} lines"))
    return found


def check_cpp(path: str, source: CppSource) -> list[Finding]:
    found = []
    for function in source.functions():
        length = function.last_line - function.first_line + 1
        if length > FUNCTION_LINES:
            found.append(Finding(path, function.first_line, "function-length", f"{function.name} has {length} lines"))
    if path.endswith(".hpp"):
        if not source.text.startswith(("//", "/*")):
            found.append(Finding(path, 1, "header-comment", "no comment on the first line"))
        if not re.search(r"^#pragma once\b", source.text, re.MULTILINE):
            found.append(Finding(path, 1, "pragma-once", "missing"))
    if MONEY.search(path) and not path.endswith(("_test.cpp", "_test.hpp")):
        found += matches(path, source, FLOATING, "money-float")
    shipped = path.startswith(("kit/", "services/")) and not path.endswith(("_test.cpp", "_test.hpp")) and not path.startswith("kit/testing/")
    if shipped:
        found += matches(path, source, CONSOLE, "console")
    if "/domain/" in path and not path.endswith(("_test.cpp", "_test.hpp")):
        found += matches(path, source, CLOCK, "clock")
    if not path.startswith("kit/runtime/"):
        found += matches(path, source, re.compile(r"\basio::detached\b"), "detached")
    return found + check_coroutines(path, source) + check_sql(path, source)


def matches(path: str, source: CppSource, pattern: re.Pattern, rule: str) -> list[Finding]:
    return [Finding(path, source.line_of(match.start()), rule, f"`{match.group().strip()}`") for match in pattern.finditer(source.code)]


def check_coroutines(path: str, source: CppSource) -> list[Finding]:
    found = []
    for start, end in source.blocks_after(r"\bcatch\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*"):
        for match in re.finditer(r"\bco_(await|yield)\b", source.code[start:end]):
            found.append(Finding(path, source.line_of(start + match.start()), "await-in-catch", "decide in the catch, wait after it"))
    for match in LAMBDA.finditer(source.code):
        before = source.code[:match.start()].rstrip()[-1:]
        if before.isalnum() or before in ("_", "]", ")"):
            continue  # an index, not a lambda
        body = source.code[match.end():source.matching_brace(match.end())]
        if re.search(r"\bco_(await|return|yield)\b", body):
            found.append(Finding(path, source.line_of(match.start()), "lambda-coroutine", f"[{match.group('captures').strip()}]: call a named function with values"))
    return found


def check_sql(path: str, source: CppSource) -> list[Finding]:
    parts = path.split("/")
    if parts[0] not in ("services", "simulators") or "store" in parts[1:-1] or path.endswith(("_test.cpp", "_test.hpp")):
        return []
    return [Finding(path, literal.line, "sql", f"`{' '.join(literal.text.split())[:40]}`") for literal in source.literals if SQL.match(literal.text)]


def check_steps(repository: Tree) -> list[Finding]:
    found, places = [], {}
    for path in repository.matching("*.cpp"):
        if not path.startswith(CHARGE_FOLDERS) or path.endswith("_test.cpp") or "/testing/" in path:
            continue
        source = CppSource(repository.text(path))
        for match in COMMIT.finditer(source.code):
            if not re.search(r"EVC_STEP\(\s*\"[^\"]*\"\s*,\s*$", source.code[:match.start()]):
                found.append(Finding(path, source.line_of(match.start()), "crash-point", f"`{match.group()}` is no step"))
        for match in STEP.finditer(source.code):
            line, name = source.line_of(match.start()), STEP_NAME.match(source.text, match.end())
            owner = path.split("/")[1] + "." if path.startswith("services/") else ""
            if not name or not name[1].startswith(owner):
                found.append(Finding(path, line, "crash-point", f"a name like \"{owner or 'who.'}flow.step\" is expected"))
            elif places.setdefault(name[1], (path, line)) != (path, line):
                found.append(Finding(path, line, "crash-point", f"\"{name[1]}\" stands in {places[name[1]][0]} as well"))
    return found
