"""Names that a source file defines, found by the shape of a line: good enough to jump to, in the languages people host most."""

import re

MOST = 2000  # of one file
_NAME = r"([^\W\d]\w{0,79})"
_SHAPES: dict[str, list[tuple[str, str]]] = {
    "Python": [("class", rf"^\s*class\s+{_NAME}"), ("function", rf"^\s*(?:async\s+)?def\s+{_NAME}"), ("constant", r"^([A-Z][A-Z0-9_]{2,79})\s*(?::[^=]+)?=[^=]")],
    "Go": [("function", rf"^func\s+(?:\([^)]*\)\s*)?{_NAME}\s*[\[(]"), ("type", rf"^type\s+{_NAME}"), ("constant", rf"^(?:const|var)\s+{_NAME}")],
    "Rust": [("function", rf"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|async|unsafe|extern\s+\"C\")\s+)*fn\s+{_NAME}"),
             ("type", rf"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait|type|union|mod)\s+{_NAME}"), ("macro", rf"^\s*macro_rules!\s*{_NAME}")],
    "Java": [("type", rf"^\s*(?:(?:public|protected|private|abstract|final|static|sealed)\s+)*(?:class|interface|enum|record|@interface)\s+{_NAME}"),
             ("function", rf"^\s+(?:(?:public|protected|private|abstract|final|static|synchronized|native|default)\s+)+(?:<[^>]+>\s+)?[\w<>\[\],.? ]+?\s+{_NAME}\s*\(")],
    "JavaScript": [("class", rf"^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+{_NAME}"),
                   ("function", rf"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*{_NAME}"),
                   ("constant", rf"^(?:export\s+)?(?:const|let|var)\s+{_NAME}\s*[=:]"), ("type", rf"^\s*(?:export\s+)?(?:interface|type|enum|namespace)\s+{_NAME}")],
    "C": [("macro", rf"^\s*#\s*define\s+{_NAME}"), ("type", rf"^\s*(?:typedef\s+)?(?:struct|union|enum(?:\s+class)?|class|namespace)\s+(?:\w+\s+)?{_NAME}\s*(?:final\s*)?[:{{]"),
          ("function", rf"^(?!\s|return|else|if|for|while|switch|typedef|#|//|\*)[\w:<>,~&*\s\[\]]+?[\s*&:]{_NAME}\s*\([^;]*$")],
    "Shell": [("function", rf"^\s*(?:function\s+)?{_NAME}\s*\(\)")],
    "Ruby": [("class", rf"^\s*(?:class|module)\s+(?:\w+::)*{_NAME}"), ("function", rf"^\s*def\s+(?:self\.)?{_NAME}")],
    "PHP": [("class", rf"^\s*(?:(?:abstract|final)\s+)?(?:class|interface|trait|enum)\s+{_NAME}"), ("function", rf"^\s*(?:\w+\s+)*function\s+&?{_NAME}")],
    "Scala": [("class", rf"^\s*(?:\w+\s+)*(?:class|object|trait)\s+{_NAME}"), ("function", rf"^\s*(?:\w+\s+)*def\s+{_NAME}")],
    "Verilog": [("module", rf"^\s*module\s+{_NAME}"), ("function", rf"^\s*(?:task|function)\s+(?:\w+\s+|\[[^\]]*\]\s*)*{_NAME}")],
}  # fmt: skip
_LIKE = {
    "TypeScript": "JavaScript", "TSX": "JavaScript", "Vue": "JavaScript", "C++": "C", "Cuda": "C", "Objective-C": "C", "C#": "Java", "Kotlin": "Scala",
    "SystemVerilog": "Verilog", "Cython": "Python",
}  # fmt: skip
_COMPILED = {language: [(kind, re.compile(shape)) for kind, shape in shapes] for language, shapes in _SHAPES.items()}


def symbols(text: str, language: str) -> list[tuple[str, str, int]]:
    """(name, kind, line from 1) of what the file defines, in its order."""
    shapes = _COMPILED.get(_LIKE.get(language, language), ())
    found: list[tuple[str, str, int]] = []
    for number, line in enumerate(text.splitlines(), 1) if shapes else ():
        if len(line) > 400:
            continue
        for kind, shape in shapes:
            if match := shape.match(line):
                found.append((match[1], kind, number))
                break
        if len(found) >= MOST:
            break
    return found
