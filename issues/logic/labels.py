"""Labels: their scope, colours, and those a project may begin with."""

import re

PALETTE = ("d73a4a", "e99695", "f9a03f", "fbca04", "0e8a16", "7dc48a", "1d76db", "0075ca", "5319e7", "d4a5f5", "6e7781", "3d3d3d")
DEFAULTS = (  # zh, en, colour, description zh, en
    ("缺陷", "bug", "d73a4a", "行为与预期不符", "Something does not work as it should"),
    ("需求", "enhancement", "1d76db", "新功能或改进", "A wish or an improvement"),
    ("文档", "documentation", "0075ca", "文档需要补充或更正", "Words to write or correct"),
    ("提问", "question", "5319e7", "需要更多信息或解答", "Something to find out"),
    ("适合新手", "good first issue", "7dc48a", "适合第一次参与的人", "Fit for a first contribution"),
    ("需要帮助", "help wanted", "0e8a16", "欢迎任何人来做", "Anybody may take it"),
    ("优先级::高", "priority::high", "e99695", "尽快处理", "As soon as possible"),
    ("优先级::低", "priority::low", "6e7781", "有空再处理", "When there is time"),
)
_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


def scope_of(name: str) -> str:
    """`Priority::High` → `priority`; "" without `::`."""
    return name.rpartition("::")[0].strip().lower()


def colour_of(text: str) -> str:
    """RRGGBB in lower case of `#d73a4a`, `D73A4A` or `#d7a`; "" if it is none."""
    match = _COLOUR.fullmatch(text.strip())
    if match is None:
        return ""
    digits = match[1].lower()
    return digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
