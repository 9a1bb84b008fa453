"""For lessons: a student's guess with kind feedback, numbers of a text that hold, a street."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import numpy as np

from buzzsim.errors import ResultError, sentence, unknown
from buzzsim.network import Network, generate
from buzzsim.pictures.words import LANGUAGES, in_french, speak, texts

__all__ = ["Guess", "Note", "guess", "holds", "shown", "speak", "street"]

_NEAR = 0.15  # share of the answer: nobody guesses better without a computer

# Sixty first names, none longer than six letters, so that they can be written on one picture.
_NAMES = (
    "Mara Nils Aya Tom Lina Omar Eva Jan Rosa Sami Ida Paul Mei Luc Zoe Amir Ella Finn Nora Hugo "
    "Lea Ivan Jana Theo Sara Karl Anna Jonas Mila Ben Clara David Emma Felix Greta Hans Ines Joel "
    "Kira Leon Maya Noah Olga Pia Rami Sven Tara Ugo Vera Willi Yara Zeno Alma Boris Chloe Diego "
    "Elif Fanny Gil Hanna"
)


class Note(str):
    """A sentence for a student; shows in a notebook as a framed paragraph."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        look = "border-left: 4px solid #0072B2; padding-left: 0.8em; font-size: 115%"
        return f'<p style="{look}">{html.escape(self)}</p>'


@dataclass(frozen=True)
class Guess:
    """What a student expects, kept until the run is done; made by `guess`.

    Parameters
    ----------
    value : float, str or None
        The guess; None where there is none (yet), or none that can be used.
    note : Note
        What there is to say about it before the run.
    unit, language : str
        As given to `guess`.
    refused : bool
        Whether something was written that cannot be used.
    """

    value: float | str | None
    note: Note
    unit: str = ""
    language: str = "en"
    refused: bool = False

    def compare(self, truth: Any, high: str = "", low: str = "") -> Note:
        """Say how far the guess is from what came out, and why that is a sensible error.

        Parameters
        ----------
        truth : float or str
            What came out.
        high, low : str
            Why one may well have guessed too high, or too low (for words: another answer); a
            general reason if left out.

        Examples
        --------
        >>> guess(30, unit="critics").compare(10, high="A sensible error: storms make the news.")
        'You said 30 critics, it is 10 critics: about 3 times too high. A sensible error: storms
        make the news.'
        """
        words, value = self._words, self.value
        if isinstance(truth, str) or isinstance(value, str):
            if value is None:
                return self._without_guess(truth=truth, unit="")
            if _folded(value) == _folded(truth):
                return Note(words["same"].format(value=value, truth=truth))
            reason = high or low or words["why_other"]
            return Note(f"{words['other'].format(value=value, truth=truth)} {reason}")
        answer, unit = _number("compare", truth), f" {self.unit}" if self.unit else ""
        said = {"truth": shown(answer, self.language), "unit": unit}
        if value is None:
            return self._without_guess(**said)
        said["value"] = shown(value, self.language)
        if said["value"] == said["truth"] or abs(value - answer) <= _NEAR * abs(answer):
            return Note(words["near"].format(**said))
        kind, reason = ("high", high) if value > answer else ("low", low)
        text = words[kind].format(far=self._distance(value, answer), **said)
        return Note(f"{text} {reason or words[f'why_{kind}']}")

    def _without_guess(self, **said: Any) -> Note:
        return Note(self._words["refused" if self.refused else "none"].format(**said))

    def _distance(self, value: float, answer: float) -> str:
        """Say how far: as a ratio where it is large, as a share of the answer where it is small."""
        kind, far = "by", abs(value - answer)
        if min(value, answer) > 0:
            ratio = max(value, answer) / min(value, answer)
            kind, far = ("times", ratio) if ratio >= 1.5 else ("percent_of", 100 * far / answer)
        return self._words[kind].format(far=shown(float(f"{far:.2g}"), self.language))

    @property
    def _words(self) -> dict[str, str]:
        return cast("dict[str, str]", texts()["guess"][self.language])

    def __repr__(self) -> str:
        return str(self.note)

    def _repr_html_(self) -> str:
        return self.note._repr_html_()


def guess(
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    among: Sequence[str] = (),
    language: str = "en",
) -> Guess:
    """Keep a student's guess for after the run; a guess that cannot be used gets a kind note.

    Parameters
    ----------
    value : object
        The guess; None for none yet. Where a share of at most 1 is asked for, 1 to 100 is taken
        for per cent. Capitals, blanks and hyphens of words do not matter.
    low, high : float, optional
        What can happen.
    unit : str
        Unit of the number, in the plural.
    among : sequence of str
        The answers to choose from, where a word is asked for.
    language : {"en", "fr"}
        Of the feedback.

    Raises
    ------
    ResultError
        When what the lesson asks for cannot be: another language, or nothing between low and high.

    Examples
    --------
    >>> guess(None, low=0, high=60, unit="critics")
    No guess yet: put a number from 0 to 60 critics in place of None and run the cell again. Any
    guess is better than none.
    >>> guess(0.2, low=0, high=1)
    Stored: 0.2.
    """
    if language not in LANGUAGES:
        raise ResultError(unknown("guess", "language", language, LANGUAGES))
    bottom, top = -math.inf if low is None else low, math.inf if high is None else high
    if not bottom < top:
        raise ResultError(sentence("guess", "low", low, f"less than high, which is {high}"))
    words, spaced = texts()["guess"][language], f" {unit}" if unit else ""
    in_hundred = top == 100 and "100" in unit
    if among:
        allowed = words["one_of"].format(words=", ".join(among))
    else:
        ends = {"low": shown(bottom, language), "high": shown(top, language)}
        # "from 0 to 100 in 100" would say it twice
        allowed = words["between"].format(unit="" if in_hundred else spaced, **ends)

    def answer(kind: str, kept: float | str | None = None, **said: Any) -> Guess:
        note = Note(words[kind].format(allowed=allowed, **{"unit": spaced, **said}))
        return Guess(kept, note, unit, language, refused=kept is None and kind != "ask")

    if value is None:
        return answer("ask")
    if among:
        for word in among:
            if _folded(word) == _folded(value):
                return answer("stored", word, value=word)
        return answer("word", value=repr(value))
    if plain := _without_comma(value):
        return answer("commas", value=value, plain=plain)
    text = value if isinstance(value, str) else ""
    try:
        number = _read(text.removesuffix(unit), language, top, in_hundred) if text else float(value)
        if not math.isfinite(number):
            raise ValueError
    except OverflowError:
        return answer("range", value=shown(math.inf))
    except (TypeError, ValueError):
        return answer("number", value=repr(value))
    typed = shown(number, language)
    if bottom <= number <= top:
        is_share = in_hundred and 0 < number < 1 and "%" not in text
        percent = shown(100 * number, language)
        return answer("share" if is_share else "stored", number, value=typed, percent=percent)
    if top <= 1 < number <= 100 and bottom <= number / 100 <= top and "%" not in text:
        share = number / 100
        return answer("percent", share, value=typed, share=shown(share, language))
    return answer("range", value=text.strip() or typed)


def _folded(word: Any) -> str:
    return re.sub(r"[ _-]+", "_", str(word).strip().lower())


def _without_comma(value: Any) -> str:
    """Say what was meant where Python read a comma as several numbers; nothing if nobody knows."""
    is_tuple = isinstance(value, tuple) and len(value) >= 2
    if not is_tuple or any(type(part) is not int or part < 0 for part in value):
        return ""
    first, *others = value
    if first and all(part == 0 or 100 <= part < 1000 for part in others):
        return "".join([str(first), *(f"{part:03d}" for part in others)])
    return f"{first}.{others[0]}" if len(others) == 1 else ""


def _read(text: str, language: str, top: float, in_hundred: bool) -> float:
    """Read a number as people of that language write it, in per cent where a share is asked for."""
    said = text.strip()
    if said.endswith("%"):
        if top > 1 and not in_hundred:
            raise ValueError("per cent of what?")
        return _read(said[:-1], language, top, in_hundred) / (1 if in_hundred else 100)
    if language == "en" and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", said):
        said = said.replace(",", "")
    return float(re.sub(r"(?<=\d)\s(?=\d)", "", said).replace(",", "."))


def holds(*pairs: tuple[float, Any]) -> None:
    """Check that numbers in a text are those that came out, to as many decimals as the text gives.

    Parameters
    ----------
    pairs : tuple of (float, float)
        What the text states, and what came out.

    Raises
    ------
    ResultError
        When one does not hold: the text was written for another version, seed or scenario.

    Examples
    --------
    >>> holds((13, 12.7), (0.5, 0.53))
    >>> holds((13, 14.2))
    Traceback (most recent call last):
    ...
    buzzsim.errors.ResultError: holds: the text says 13, here it is 14 (14.2): something above was
    changed, or buzzsim was
    """
    for stated, outcome in pairs:
        value, text = _number("holds", outcome), _number("holds", stated)
        is_whole = not isinstance(stated, float)
        decimals = 0 if is_whole else max(0, -int(Decimal(repr(text)).as_tuple().exponent))
        if abs(value - text) > 0.5 * 10.0**-decimals + 1e-9 * abs(text):
            here = f"{round(value, decimals or None)} ({value:.4g})"
            why = "something above was changed, or buzzsim was"
            raise ResultError(f"holds: the text says {stated}, here it is {here}: {why}")


def street() -> Network:
    """Give the sixty neighbours of the first lesson, by name; most ties are to people nearby.

    Examples
    --------
    >>> street()
    <Network: a street of sixty: 60 customers, 180 ties, undirected, 6.0 followers on average>
    """
    names = tuple(_NAMES.split())
    network = generate("small_world", customers=len(names), ties=3, rewiring=0.15, seed=1)
    return replace(network, names=names, source="a street of sixty")


def shown(number: float, language: str = "en") -> str:
    """Write a number as people do: three digits that count, and thousands apart.

    Examples
    --------
    >>> shown(1234.0), shown(0.25, "fr"), shown(2.5)
    ('1,234', '0,25', '2.5')
    """
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    text = f"{number:,.0f}" if number == round(number) or abs(number) >= 100 else f"{number:.3g}"
    return in_french(text) if language == "fr" else text


def _number(place: str, value: Any) -> float:
    if isinstance(value, (int, float, np.number, np.bool_)) and math.isfinite(float(value)):
        return float(value)
    raise ResultError(sentence(place, "what came out", value, "a number"))
