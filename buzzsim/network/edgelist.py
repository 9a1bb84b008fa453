"""Edge lists: lines of two customers' names, read from bytes of any sensible layout."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence, shown
from buzzsim.network.network import INTEGER

Integers = NDArray[np.int64]

_LINE = re.compile(rb"[^\r\n]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_TWO_INTEGERS = re.compile(r"-?[0-9]+[ \t]+-?[0-9]+([ \t]|$)")
_COMMENT_LINE = re.compile(rb"(^|[\r\n])[ \t]*[#%][^\r\n]*")
_PLUS = re.compile(rb"(?:^|[\r\n])[ \t]*(?:\+|[^\r\n\t,; ]+[\t,; ]+\+)")  # before a name
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEPARATORS = {"\t": "a tab", ";": "a semicolon", ",": "a comma", "": "white space"}
_COMMENT = ("#", "%")
_LINES_LOOKED_AT = 20
_NO_TIES = "there are no ties; expected lines of two names"
_COLUMN_NAME = re.compile(
    r"(source|target|src|dst|tgt|from|to|u|v|tail|head|sender|receiver|ego|alter|start|end|other"
    r"|author|reader|follow(er|ee|ed|ers|ing)|(node|id|user|vertex|person|customer|member|account"
    r"|friend|contact|name|kunde|freund|client|ami)(_?([0-9]+|[ab]))?)([ _]?(id|node|user|name))?",
    re.IGNORECASE,
)
# Pairs of column names in the order in which `u v` means that v sees u's posts.
_PAIRS = [
    ("source", "target"), ("src", "dst"), ("src", "tgt"), ("from", "to"), ("sender", "receiver"),
    ("tail", "head"), ("followee", "follower"), ("followed", "follower"),
]  # fmt: skip
_ENDS = {name for pair in _PAIRS for name in pair}
_FOLLOWS = [("follower", "followee"), ("follower", "followed"), ("follower", "following")]


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are written: what stands between names, and where lines begin."""

    separator: str
    start: int  # in bytes: behind comments and the header, if there is one
    header: str = ""

    @property
    def allowed(self) -> str:
        """What a line should hold, in words."""
        return f"two names separated by {_SEPARATORS[self.separator]}"


def read_edges(
    data: bytes, place: str, directed: bool = False, follows: bool = False
) -> tuple[Integers, Integers, Sequence[int | str], str]:
    """Give tails and heads as customers' numbers, the customers' names, and a note on the header.

    `directed` and `follows` are only compared with a header that says which end is which.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NetworkError(sentence(place, "the encoding", "UTF-16", "plain text in UTF-8"))
    data = data.removeprefix(b"\xef\xbb\xbf")
    layout = _layout(data, place)
    if directed:
        _check_direction(layout, place, follows)
    _check_text(data, place)
    ties = _whole_numbers(data, layout)
    if ties is not None:
        return *_numbered_integers(*ties.T), _note(layout)
    ends, spelt = _named_pairs(data, layout, place)
    if not len(ends):
        raise NetworkError(f"{place}: {_NO_TIES}")
    return *_numbered_names(ends[0::2], ends[1::2], spelt), _note(layout) or _doubt(ends, spelt)


def _note(layout: Layout) -> str:
    if not layout.header:
        return ""
    note = f"line {shown(layout.header)} read as column names"
    more = len(_fields(layout.header, layout.separator)) > 2
    return f"{note}, all but the first two left out" if more else note


def _doubt(ends: Integers, names: list[str]) -> str:
    """Say that the first tie may be a header: only its two names occur nowhere else."""
    if len(ends) <= 4 or names[0] == names[1] or (ends[2:] < 2).any():
        return ""
    return (
        f"{shown(names[0])} and {shown(names[1])} of the first line, read as a tie, "
        "occur nowhere else: if they are column names, delete it"
    )


def _layout(data: bytes, place: str) -> Layout:
    """Look at the first lines for the separator, and whether the first one names the columns."""
    lines = list(islice(_data_lines(data), _LINES_LOOKED_AT))
    if not lines:
        raise NetworkError(f"{place}: {_NO_TIES}")
    first, first_line = lines[0]
    layout = Layout(_separator(first_line), first.start())
    head, *rest = (_fields(line, layout.separator)[:2] for _, line in lines)
    if not _is_header(head, rest):
        return layout
    others = {name.strip(" '\"").lower() for name in first_line.split(layout.separator or None)[2:]}
    is_late = head[0].lower() not in _ENDS and others & _ENDS
    if is_late or not all(head):  # names in columns 2 and 3, as behind the index of pandas
        allowed = f"{layout.allowed}, without a column before them"
        raise NetworkError(sentence(place, "the header", first_line, allowed))
    return Layout(layout.separator, first.end(), first_line.strip())


def _check_direction(layout: Layout, place: str, follows: bool) -> None:
    """Refuse a header that says the opposite of what a directed network was asked to mean."""
    names = [name.lower() for name in _fields(layout.header, layout.separator)]
    first, second = [*names, "", ""][:2]
    if follows and (first, second) in _PAIRS and first.startswith("follow"):
        allowed = "no `follows`: here v is said to see u's posts"
    elif not follows and (first, second) in _FOLLOWS:
        allowed = "`follows` (--follows): u is said to follow v"
    elif not follows and (second, first) in _PAIRS:
        allowed = f"{second} before {first}: in a line `u v`, v sees u's posts"
    else:
        return
    raise NetworkError(sentence(place, "the header", layout.header, allowed))


def _data_lines(data: bytes) -> Iterator[tuple[re.Match[bytes], str]]:
    """Give the lines that are neither blank nor comments, each with the place where it stands."""
    for match in _LINE.finditer(data):
        line = match.group().decode("utf-8", "replace")
        if _holds_data(line):
            yield match, line


def _holds_data(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(_COMMENT)


def _separator(line: str) -> str:
    """Tell what separates the first two names; "" is white space."""
    if _TWO_INTEGERS.match(line.strip(" ")):
        return ""
    before_data = line.split("{")[0]  # networkx writes `ann bob {'weight': 1, 'since': 2011}`
    return next((mark for mark in "\t;," if mark in before_data), "")


def _fields(line: str, separator: str) -> list[str]:
    """Split a line into its names and the rest; quotes protect separators."""
    if '"' in line:
        plain = line if separator else " ".join(line.split())
        try:
            row = next(csv.reader([plain], delimiter=separator or " ", skipinitialspace=True), [])
        except csv.Error:  # a field of more than 131,072 characters
            row = [line]
        return [name.strip() for name in row]
    return [name.strip() for name in line.split(separator or None, 2)]


def _is_header(head: list[str], rest: list[list[str]]) -> bool:
    """Tell column names: any above integers only, or known ones above names mostly unlike them."""
    if len(head) < 2 or _are_integers(head):
        return False
    if rest and all(map(_are_integers, rest)):
        return True
    names = [name for row in rest for name in row]
    if not all(map(_COLUMN_NAME.fullmatch, head)) or set(head) & set(names):
        return False
    alike = sum(bool(_COLUMN_NAME.fullmatch(name)) for name in names)  # one Ida is no column
    return 2 * alike <= len(names)


def _are_integers(names: list[str]) -> bool:
    return len(names) == 2 and all(map(INTEGER.fullmatch, names))


def _whole_numbers(data: bytes, layout: Layout) -> Integers | None:
    """Give a row of two numbers for each tie; None where a line holds anything else."""
    import pandas as pd

    body = data[layout.start :]
    if b"#" in body or b"%" in body:
        body = _COMMENT_LINE.sub(rb"\1", body)
    if b"+" in body and _PLUS.search(body):  # pandas would read +1 as 1
        return None
    try:
        frame = pd.read_csv(
            io.BytesIO(body), sep=layout.separator or r"\s+", header=None, usecols=[0, 1],
            index_col=False, low_memory=False, quoting=csv.QUOTE_NONE, skipinitialspace=True,
        )  # fmt: skip
    except ValueError:
        return None
    return frame.to_numpy() if all(frame.dtypes == np.int64) else None


def _named_pairs(data: bytes, layout: Layout, place: str) -> tuple[Integers, list[str]]:
    """Give the ends of the ties in turn, numbered in order of first appearance, and the names."""
    first_number = _line_number(data, layout.start)
    numbers: dict[str, int] = {}
    ends: list[int] = []
    for number, coded in enumerate(_LINE_END.split(data[layout.start :]), first_number):
        line = coded.decode("utf-8")
        if not _holds_data(line):
            continue
        fields = _fields(line, layout.separator)
        if len(fields) < 2 or not all(fields[:2]):
            empty = ", neither of them empty" if len(fields) > 1 else ""
            raise NetworkError(sentence(place, f"line {number}", line, layout.allowed + empty))
        ends += [numbers.setdefault(name, len(numbers)) for name in fields[:2]]
    return np.array(ends, np.int64), list(numbers)


def _check_text(data: bytes, place: str) -> None:
    control = _CONTROL.search(data)
    if control:
        key = f"line {_line_number(data, control.start())}"
        raise NetworkError(sentence(place, key, control.group(), "text, not binary data"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        key, wrong = f"line {_line_number(data, error.start)}", data[error.start : error.end]
        raise NetworkError(sentence(place, key, wrong, "text in UTF-8")) from None


def _line_number(data: bytes, at: int) -> int:
    return len(_LINE_END.findall(data[:at])) + 1


def _numbered_integers(
    tails: Integers, heads: Integers
) -> tuple[Integers, Integers, Sequence[int]]:
    low, high = int(min(tails.min(), heads.min())), int(max(tails.max(), heads.max()))
    width = high - low + 1
    if width > 20 * len(tails) + 1_000_000:  # too sparse for a table
        names, numbers = np.unique(np.concatenate((tails, heads)), return_inverse=True)
        return numbers[: len(tails)], numbers[len(tails) :], tuple(names.tolist())
    tails, heads = tails - low, heads - low
    present = np.zeros(width, bool)
    present[tails] = present[heads] = True
    if present.all():
        return tails, heads, range(width) if low == 0 else tuple(range(low, high + 1))
    table = np.cumsum(present) - 1
    return table[tails], table[heads], tuple((np.flatnonzero(present) + low).tolist())


def _numbered_names(
    tails: Integers, heads: Integers, names: list[str]
) -> tuple[Integers, Integers, Sequence[int | str]]:
    """Number customers by increasing integer if all names are integers, else by appearance."""
    if not all(map(INTEGER.fullmatch, names)):
        return tails, heads, tuple(names)
    values = list(map(int, names))
    integers = sorted(set(values))  # fewer than names when 7 is also written 07
    rank = {value: number for number, value in enumerate(integers)}
    ranks = np.array([rank[value] for value in values], np.int64)
    plain = integers == list(range(len(integers)))
    return ranks[tails], ranks[heads], range(len(integers)) if plain else tuple(integers)
