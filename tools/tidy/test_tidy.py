"""Each rule against a planted violation, and against the look-alike that is fine. A check that stops seeing its violation fails here."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import checks  # noqa: E402
import tree  # noqa: E402
from cpp_source import CppSource  # noqa: E402

HEADER = "// Why it exists.\n#pragma once\n"


def long_function(lines: int, head: str = "int grow(int value) {") -> str:
    return "\n".join([head, *["  ++value;"] * (lines - 2), "}"]) + "\n"


# rule → (what is wrong: path and text, what is fine: path and text)
CASES = {
    "include-root": [("kit/base/a.cpp", '#include "result.hpp"\n'), ("kit/base/a.cpp", '#include "kit/base/result.hpp"\n#include <vector>\n')],
    "layer": [("kit/net/a.cpp", '#include "kit/http/server.hpp"\n'), ("kit/http/a.cpp", '#include "kit/net/tls.hpp"\n')],
    "kit-up": [("kit/base/a.cpp", '#include "services/auth/api/login.hpp"\n'), ("tests/e2e/a.cpp", '#include "services/auth/api/login.hpp"\n')],
    "service-apart": [("services/auth/a.cpp", '#include "services/user/store/profiles.hpp"\n'), ("services/auth/a.cpp", '#include "services/auth/store/accounts.hpp"\n')],
    "domain-pure": [("services/auth/domain/a.cpp", '#include "kit/runtime/worker.hpp"\n'), ("services/auth/domain/a.cpp", '#include "kit/base/clock.hpp"\n#include "kit/ev/vehicle.hpp"\n')],
    "inward": [("services/auth/store/a.cpp", '#include "services/auth/api/login.hpp"\n'), ("services/auth/api/a.cpp", '#include "services/auth/store/accounts.hpp"\n')],
    "testing-shipped": [("kit/http/a.cpp", '#include "kit/testing/manual_clock.hpp"\n'), ("kit/http/testing/a.cpp", '#include "kit/testing/manual_clock.hpp"\n')],
    "third-party": [("kit/auth/a.cpp", "#include <boost/beast/http.hpp>\n"), ("kit/http/a.cpp", "#include <boost/beast/http.hpp>\n")],
    "format": [("kit/base/a.cpp", "int  f( );\n"), ("kit/base/a.cpp", "int f();\n")],
    "file-length": [("kit/base/a.cpp", "int x;\n" * 501), ("kit/base/a.cpp", "int x;\n" * 500)],
    "function-length": [("kit/base/a.cpp", long_function(71)), ("kit/base/a.cpp", long_function(70))],
    "header-comment": [("kit/base/a.hpp", "#pragma once\n"), ("kit/base/a.hpp", HEADER)],
    "pragma-once": [("kit/base/a.hpp", "// Why.\nint x;\n"), ("kit/base/a.hpp", HEADER)],
    "money-float": [("kit/base/money.cpp", "double amount = 0;\n"), ("kit/base/money.cpp", "// never a double, never 0.5\nlong amount = 0;\nauto version = \"1.5\";\n")],
    "console": [("services/auth/a.cpp", "void f() { std::cout << 1; }\n"), ("services/auth/a.cpp", "// std::cout << 1\nvoid f() { std::snprintf(b, 3, s); }\n")],
    "await-in-catch": [("kit/net/a.cpp", "Task<> f() {\n  try {\n    g();\n  } catch (const std::exception& error) {\n    co_await h();\n  }\n}\n"),
                       ("kit/net/a.cpp", "Task<> f() {\n  try {\n    co_await g();\n  } catch (...) {\n    failed = true;\n  }\n  co_await h();\n}\n")],
    "lambda-coroutine": [("kit/net/a.cpp", "auto f = [this, id](int x) -> Task<int> { co_return x; };\n"),
                         ("kit/net/a.cpp", "auto f = [this](int x) -> Task<int> { return named(this, x); };\nauto g = [](int x) -> Task<int> { co_return x; };\nint h = table[i](x);\n")],
    "clock": [("services/auth/domain/a.cpp", "auto now = std::chrono::system_clock::now();\n"), ("services/auth/domain/a.cpp", "bool late(std::chrono::system_clock::time_point now);\n")],
    "detached": [("kit/net/a.cpp", "boost::asio::co_spawn(e, f(), boost::asio::detached);\n"), ("kit/runtime/a.cpp", "boost::asio::co_spawn(e, f(), boost::asio::detached);\n")],
    "sql": [("services/auth/api/a.cpp", 'auto q = "SELECT id FROM account";\n'), ("services/auth/store/a.cpp", 'auto q = R"sql(SELECT id FROM account)sql";\n')],
    "crash-point": [("services/payment/api/a.cpp", "EVC_CO_CHECK(co_await transaction.commit(context));\n"),
                    ("services/payment/api/a.cpp", 'EVC_CO_CHECK(EVC_STEP("payment.a.b", co_await transaction.commit(context)));\n')],
    "name": [("kit/base/utils.hpp", HEADER), ("kit/base/utility_meter.hpp", HEADER)],
    "file-name": [("kit/base/JsonCodec.cpp", "int x;\n"), ("kit/base/json_codec.cpp", "int x;\n")],
    "readme": [("services/ghost/app.cpp", "int x;\n"), ("bench/a.cpp", "int x;\n")],
    "unfinished": [("docs/a.md", "a\nTODO: b\n"), ("docs/a.md", "Todos os dias, mastodons and the hacker\n")],
    "machine-path": [("docs/a.md", "see /root/clone/kit\n"), ("docs/a.md", "see docs/root/clone and https://x/root/y and $HOME/root/x\n")],
}


def findings(files: dict[str, str]) -> list[tree.Finding]:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return checks.run(tree.Tree(root))


class PlantedViolations(unittest.TestCase):
    def test_every_rule_has_a_case(self):
        self.assertEqual(set(CASES) | {"allowance"}, set(checks.RULES))

    def test_each_violation_is_found_and_its_look_alike_is_not(self):
        for rule, (bad, good) in CASES.items():
            with self.subTest(rule=rule):
                self.assertIn(rule, {finding.rule for finding in findings(dict([bad]))}, "planted violation was not seen")
                self.assertNotIn(rule, {finding.rule for finding in findings(dict([good]))}, "the look-alike was refused")

    def test_a_finding_names_file_line_and_rule(self):
        found = findings({"docs/a.md": "a\nb\nFIXME\n"})
        self.assertEqual("docs/a.md:3: [unfinished] `FIXME`", str(found[0]))


class Layers(unittest.TestCase):
    def rules_of(self, path: str, target: str) -> set[str]:
        return {finding.rule for finding in findings({path: f'#include "{target}"\n'})} - {"readme"}

    def test_the_same_layer_is_not_lower(self):
        self.assertEqual({"layer"}, self.rules_of("kit/postgres/a.cpp", "kit/redis/client.hpp"))
        self.assertEqual({"layer"}, self.rules_of("kit/runtime/a.cpp", "kit/telemetry/log.hpp"))

    def test_the_one_exception(self):
        self.assertEqual(set(), self.rules_of("kit/telemetry/a.cpp", "kit/runtime/worker.hpp"))

    def test_a_folder_without_a_layer_is_refused(self):
        self.assertEqual({"layer"}, self.rules_of("kit/extras/a.cpp", "kit/base/result.hpp"))

    def test_simulators_stay_apart_from_services(self):
        self.assertEqual({"service-apart"}, self.rules_of("simulators/charge_point/a.cpp", "services/integrations/domain/x.hpp"))

    def test_a_domain_does_not_reach_its_own_store(self):
        self.assertIn("domain-pure", self.rules_of("services/auth/domain/a.cpp", "services/auth/store/accounts.hpp"))

    def test_a_private_header_may_carry_its_library_and_a_public_one_may_not(self):
        private = {"kit/postgres/socket.hpp": HEADER + "#include <libpq-fe.h>\n", "kit/postgres/socket.cpp": '#include "kit/postgres/socket.hpp"\n'}
        self.assertEqual({"readme"}, {finding.rule for finding in findings(private)})
        public = {**private, "kit/postgres/pool.hpp": HEADER + '#include "kit/postgres/socket.hpp"\n', "services/auth/store/a.cpp": '#include "kit/postgres/pool.hpp"\n'}
        self.assertIn("third-party", {finding.rule for finding in findings(public)})

    def test_generated_contracts_are_for_everybody(self):
        self.assertEqual(set(), self.rules_of("services/auth/domain/a.cpp", "contracts/error_codes.hpp"))


class FunctionShapes(unittest.TestCase):
    def lengths(self, text: str) -> dict[str, int]:
        return {function.name: function.last_line - function.first_line + 1 for function in CppSource(text).functions()}

    def test_functions_are_found_in_namespaces_and_classes(self):
        text = "namespace a::b {\nclass C {\n public:\n  int f() const {\n    return 1;\n  }\n};\nint g() { return 2; }\n}\n"
        self.assertEqual({"f": 3, "g": 1}, self.lengths(text))

    def test_a_constructor_with_braced_members_is_one_function(self):
        text = "C::C(int x)\n    : a_{x}, b_(x), c_{} {\n  if (x) {\n    y();\n  }\n}\nint g() {\n}\n"
        self.assertEqual({"C::C": 6, "g": 2}, self.lengths(text))

    def test_default_arguments_with_braces(self):
        self.assertEqual({"f": 3}, self.lengths('int f(Options o = {}, Map m = {{"a", 1}}) {\n  return 1;\n}\n'))

    def test_tables_and_enums_are_no_functions(self):
        self.assertEqual({}, self.lengths("constexpr std::array<int, 2> kRows{{\n  {1}, {2},\n}};\nenum class E : int { kA, kB };\nauto x = f({1});\n"))

    def test_trailing_return_templates_and_operators(self):
        text = "template <class T>\nauto f(T t) -> Result<T> {\n  return t;\n}\nbool operator==(const A& a, const A& b) {\n  return true;\n}\n"
        self.assertEqual([4, 3], list(self.lengths(text).values()))

    def test_braces_in_literals_and_comments_do_not_count(self):
        text = 'int f() {\n  auto a = "}";\n  auto b = R"x(}})x";\n  char c = \'}\';\n  // }\n  /* } */\n  return 1\'000;\n}\nint g() {\n}\n'
        self.assertEqual({"f": 8, "g": 2}, self.lengths(text))


class Allowances(unittest.TestCase):
    def test_an_allowance_hides_its_finding_only(self):
        found = [tree.Finding("kit/a.cpp", 1, "console", "x"), tree.Finding("kit/b.cpp", 1, "console", "x")]
        left = tree.apply_allowances(found, [tree.Allowance("console", "kit/a.cpp")])
        self.assertEqual(["kit/b.cpp"], [finding.path for finding in left])

    def test_an_allowance_that_nothing_needs_is_a_finding(self):
        left = tree.apply_allowances([], [tree.Allowance("console", "kit/a.cpp")])
        self.assertEqual(["allowance"], [finding.rule for finding in left])

    def test_an_allowance_needs_a_reason(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "allow.yaml"
            source.write_text("- { rule: console, path: a, why: ' ' }\n", encoding="utf-8")
            with self.assertRaises(SystemExit):
                tree.load_allowances(source, checks.RULES)


if __name__ == "__main__":
    unittest.main()
