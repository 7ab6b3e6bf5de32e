"""contracts/errors.yaml → error_codes.hpp and error_codes.cpp: an enum and its table.

Usage: errors.py ERRORS_YAML OUTPUT_DIR
"""
import json
import pathlib
import sys

import yaml

LANGUAGES = ("pt-BR", "en", "es")


def enumerator(code: str) -> str:
    return "k" + "".join(part.capitalize() for part in code.split("-"))


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> int:
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    errors = yaml.safe_load(source.read_text(encoding="utf-8"))["errors"]
    out.mkdir(parents=True, exist_ok=True)
    header = [
        "// Generated from contracts/errors.yaml: do not edit.",
        "#pragma once",
        "#include <cstdint>",
        "#include <optional>",
        "#include <span>",
        "#include <string_view>",
        "namespace evc {",
        "enum class Code : std::uint16_t {",
        *[f"  {enumerator(code)}," for code in errors],
        "};",
        "struct CodeInfo {",
        "  Code code;",
        "  std::string_view name;   // as in `type` and `code` of a problem document",
        "  int status;              // HTTP",
        "  bool retryable;          // the same request may succeed later unchanged",
        "  std::string_view title;  // for developers",
        "  std::string_view text_pt_br, text_en, text_es;  // for people",
        "};",
        "std::span<const CodeInfo> all_codes();",
        "const CodeInfo& info(Code code);",
        "std::optional<Code> code_from_name(std::string_view name);",
        "}  // namespace evc",
        "",
    ]
    body = [
        "// Generated from contracts/errors.yaml: do not edit.",
        '#include "contracts/error_codes.hpp"',
        "#include <array>",
        "namespace evc {",
        "namespace {",
        f"constexpr std::array<CodeInfo, {len(errors)}> kCodes{{{{",
    ]
    for code, row in errors.items():
        people = row["text"]
        texts = ", ".join(text(people[language]) for language in LANGUAGES)
        retryable = "true" if row["retryable"] else "false"
        body.append(f"    {{Code::{enumerator(code)}, {text(code)}, {row['status']}, {retryable}, {text(row['title'])}, {texts}}},")
    body += [
        "}};",
        "}  // namespace",
        "std::span<const CodeInfo> all_codes() { return kCodes; }",
        "const CodeInfo& info(Code code) { return kCodes.at(static_cast<std::size_t>(code)); }",
        "std::optional<Code> code_from_name(std::string_view name) {",
        "  for (const CodeInfo& row : kCodes) {",
        "    if (row.name == name) return row.code;",
        "  }",
        "  return std::nullopt;",
        "}",
        "}  // namespace evc",
        "",
    ]
    (out / "error_codes.hpp").write_text("\n".join(header), encoding="utf-8")
    (out / "error_codes.cpp").write_text("\n".join(body), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
