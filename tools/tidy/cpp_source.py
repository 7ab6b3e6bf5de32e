"""A light reading of C++: comments and literals set apart, functions and blocks found by their braces. Not a parser; good enough for shape."""
import bisect
import dataclasses
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
RAW_STRING = re.compile(r'(?:u8|[uUL])?R"([^ ()\\\t\n]{0,16})\(')


@dataclasses.dataclass
class Literal:
    line: int
    text: str


@dataclasses.dataclass
class Function:
    name: str
    first_line: int
    last_line: int


def _blank(text: str) -> str:
    return "".join(character if character == "\n" else " " for character in text)


class CppSource:
    """`code` has the same length and lines as the text, with comments, preprocessor lines and the insides of literals blanked."""

    def __init__(self, text: str):
        self.text = text
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self.literals: list[Literal] = []
        self.includes = [(self.line_of(match.start(1)), match.group(2), match.group(1) == '"') for match in INCLUDE.finditer(text)]
        self.code = self._strip(text)

    def line_of(self, offset: int) -> int:
        return bisect.bisect_left(self._newlines, offset) + 1

    def _literal_end(self, text: str, start: int) -> int:
        """The offset after the literal that begins at `start` (a quote)."""
        quote, position = text[start], start + 1
        while position < len(text) and text[position] not in (quote, "\n"):
            position += 2 if text[position] == "\\" else 1
        return min(position + 1, len(text))

    def _strip(self, text: str) -> str:
        out, position, line_start = [], 0, True
        while position < len(text):
            character = text[position]
            if text.startswith("//", position):
                end = text.find("\n", position)
                end = len(text) if end < 0 else end
                piece = _blank(text[position:end])
            elif text.startswith("/*", position):
                end = text.find("*/", position + 2)
                end = len(text) if end < 0 else end + 2
                piece = _blank(text[position:end])
            elif character == "#" and line_start:
                end = position
                while True:
                    end = text.find("\n", end)
                    if end < 0 or text[end - 1] != "\\":
                        break
                    end += 1
                end = len(text) if end < 0 else end
                piece = _blank(text[position:end])
            elif (raw := RAW_STRING.match(text, position)) and not (position and (text[position - 1].isalnum() or text[position - 1] == "_")):
                closing = ")" + raw.group(1) + '"'
                end = text.find(closing, raw.end())
                end = len(text) if end < 0 else end + len(closing)
                self.literals.append(Literal(self.line_of(position), text[raw.end():end - len(closing)]))
                piece = '""' + _blank(text[position + 2:end])
            elif character == '"' or (character == "'" and not (position and text[position - 1].isalnum())):
                end = self._literal_end(text, position)
                if character == '"':
                    self.literals.append(Literal(self.line_of(position), text[position + 1:end - 1]))
                piece = character + _blank(text[position + 1:end - 1]) + text[end - 1:end]
            else:
                end, piece = position + 1, character
            out.append(piece)
            line_start = (line_start and piece.isspace() and "\n" not in piece) or piece.endswith("\n")
            position = end
        return "".join(out)

    def matching_brace(self, opening: int) -> int:
        """The offset of the `}` that closes the `{` at `opening`; the end of the text when there is none."""
        depth = 0
        for match in re.compile("[{}]").finditer(self.code, opening):
            depth += 1 if match.group() == "{" else -1
            if depth == 0:
                return match.start()
        return len(self.code)

    def functions(self) -> list[Function]:
        """Functions with a body at namespace or class level, with their first and last line."""
        found, stack, header_start = [], [], 0
        for match in re.compile("[{};]").finditer(self.code):
            offset, character = match.start(), match.group()
            outside = all(kind in ("namespace", "type") for kind, _, _ in stack)
            if character == "{":
                header = self.code[header_start:offset]
                within = stack[-1][0] if stack else ""
                kind = _kind_of(header) if outside else ("initialiser" if within == "initialiser" else "block")
                stack.append((kind, header, header_start))
                if kind != "initialiser":
                    header_start = offset + 1
            elif character == "}" and stack:
                kind, header, start = stack.pop()
                if kind == "function":
                    label = re.match(r"(\s*\b(public|private|protected)\s*:(?!:))*\s*", header)
                    first = start + label.end()
                    found.append(Function(_name_of(header), self.line_of(first), self.line_of(offset)))
                if kind != "initialiser":
                    header_start = offset + 1
            elif character == ";" and outside:
                header_start = offset + 1
        return found

    def blocks_after(self, pattern: str) -> list[tuple[int, int]]:
        """(start, end) offsets of each block whose head matches `pattern`, which ends just before the `{`."""
        return [(match.end(), self.matching_brace(match.end())) for match in re.finditer(pattern + r"(?=\{)", self.code)]


def _kind_of(header: str) -> str:
    """What the `{` after this header opens, at namespace or class level."""
    head = re.sub(r"\b(public|private|protected)\s*:(?!:)", " ", header).strip()
    head = re.sub(r"^template\s*<.*?>\s*(?=\w)", "", head, flags=re.DOTALL)
    if head.count("(") > head.count(")"):
        return "initialiser"  # a default argument
    if re.match(r'(inline\s+)?namespace\b|extern\s*""', head):
        return "namespace"
    if re.match(r"(typedef\s+)?(class|struct|union|enum)\b", head) and ("(" not in head or re.match(r"(class|struct)\s+alignas\b", head)):
        return "type"
    if head.endswith("=") or not head:
        return "block"
    if "(" in head and ")" in head:
        # A constructor's initialiser list: `a_{…}` in it opens no body.
        if re.search(r"\)\s*(noexcept\s*)?:(?!:)", head) and re.search(r"[\w>]$", head) and not re.search(r"\b(const|noexcept|override|final|mutable|try)$", head):
            return "initialiser"
        if re.search(r"\)\s*((const|noexcept|override|final|mutable|volatile|&&?|try|->\s*[^;{}]+|requires\b[^;{}]+|noexcept\s*\([^)]*\))\s*)*$", head) or re.search(
                r"\)\s*(noexcept\s*)?:(?!:)", head):
            return "function"
    return "block"


def _name_of(header: str) -> str:
    names = re.findall(r"([~\w:]+|operator\s*\S{1,3})\s*\(", header)
    return names[0] if names else "?"
