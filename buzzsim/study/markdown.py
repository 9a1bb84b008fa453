"""Markdown: tables, and pages in which a command writes what stands between markers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

MARKED = re.compile(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Write a table; a bar inside a cell stays in its cell. A row that is shorter or longer than the head is a ValueError.

    Examples
    --------
    >>> print(table(["outcome", "mean"], [["volume", 9.8]]))
    | outcome | mean |
    | --- | --- |
    | volume | 9.8 |
    """
    lines = []
    for row in (heads, ["---"] * len(heads), *rows):
        cells = [
            re.sub(r"(?<!\\)\|", r"\\|", str(cell)) for _, cell in zip(heads, row, strict=True)
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def filled(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    r"""Write each block between its markers; a marker without a block is a KeyError.

    Examples
    --------
    >>> page = "Found: <!-- answer -->\nold\n<!-- end -->"
    >>> print(filled(page, {"answer": lambda: "42"}))
    Found: <!-- answer -->
    42
    <!-- end -->
    """
    return MARKED.sub(
        lambda marked: f"<!-- {marked[1]} -->\n{blocks[marked[1]]()}\n<!-- end -->", text
    )
