#!/usr/bin/python3
"""render.py TEMPLATE: prints TEMPLATE with each ${NAME} replaced by that environment variable; an unset one is an error.

`$1`, `$$` and `${env:…}` stay as they are: other programs read those.
"""
import os
import re
import sys


def render(text: str, values) -> str:
    missing = sorted({name for name in re.findall(r"\$\{([A-Z][A-Z0-9_]*)\}", text) if name not in values})
    if missing:
        raise KeyError("not set: " + ", ".join(missing))
    return re.sub(r"\$\{([A-Z][A-Z0-9_]*)\}", lambda m: values[m.group(1)], text)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as template:
        try:
            sys.stdout.write(render(template.read(), os.environ))
        except KeyError as error:
            sys.exit(f"{sys.argv[1]}: {error.args[0]}")
