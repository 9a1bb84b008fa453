"""Markdown: tables, words in a row, and pages with blocks that a command writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

MARKED = re.compile(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table; a row that is shorter or longer than the head is a ValueError."""
    lines = []
    for row in (heads, ["---"] * len(heads), *rows):
        if len(row) != len(heads):
            raise ValueError(f"{len(row)} cells; expected {len(heads)}: {row}")
        cells = [re.sub(r"(?<!\\)\|", r"\\|", str(cell)) for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def listed(words: Iterable[str]) -> str:
    """Join words as people do: `a, b and c`."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def filled(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """Write each block of a page between its markers; one without a function is a KeyError."""
    return MARKED.sub(
        lambda marked: f"<!-- {marked[1]} -->\n{blocks[marked[1]]()}\n<!-- end -->", text
    )
