"""Task lists of Markdown (GFM §5.3): their boxes on the page, and their lines in the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\][ \xa0](?=\S)")


def _items(tokens: Sequence[Token]) -> list[tuple[Token, Token, Token, bool]]:
    """List, item, text and whether it is done, of items that begin with `[ ]` or `[x]` (GFM §5.3)."""
    lists: list[Token] = []
    found = []
    for item, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if item.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(item)
        elif item.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or inline.type != "inline" or not inline.children:
            continue
        first = inline.children[0]
        match = _TASK.match(inline.content)
        if match is not None and first.type == "text" and first.content.startswith(match[0]):
            found.append((lists[-1], item, inline, match[1] != " "))
    return found


def mark_boxes(tokens: Sequence[Token], mark: str = "") -> None:
    """Tasks get a check box with the first paragraph as its label. `mark`: text that stands for the box until the HTML is sanitised."""
    for place, (within, item, inline, done) in enumerate(_items(tokens)):
        first = (inline.children or [])[0]
        first.content = first.content[len("[ ] ") :]
        shown = f"{mark}{place}-{int(done)}." if mark else f'<input type="checkbox" disabled{" checked" if done else ""}>'
        ends = Token("html_inline", "", 0, content="</label>")
        inline.children = [Token("html_inline", "", 0, content=f"<label>{shown} "), *(inline.children or ()), ends]
        item.attrSet("class", "task-list-item")
        within.attrSet("class", "contains-task-list")


def boxes(markup: str, mark: str) -> str:
    """The marks of `mark_boxes` as check boxes that name their place: what a text brings itself has no `data-task`, the sanitiser takes it."""
    return re.sub(
        rf"{mark}(\d+)-([01])\.",
        lambda match: f'<input type="checkbox" disabled{" checked" if match[2] == "1" else ""} data-task="{match[1]}">',
        markup,
    )


@dataclass(frozen=True, slots=True)
class Task:
    """An item of a task list: the line of the text it begins on (from 0), and whether it is done."""

    line: int
    done: bool


def tasks(tokens: Sequence[Token]) -> list[Task]:
    """The tasks of a parsed text, in order."""
    return [Task(inline.map[0] if inline.map else 0, done) for _list, _item, inline, done in _items(tokens)]


def with_line(text: str, line: int, *, done: bool) -> str:
    """The text with the task of that line done or not."""
    lines = re.split(r"(?<=\n)", text)
    lines[line] = re.sub(r"\[[ xX]\]", "[x]" if done else "[ ]", lines[line], count=1)
    return "".join(lines)
