"""What a lesson needs beside the model: a student's guess with kind feedback, numbers of a text that hold, a street with names."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from buzzsim.errors import ResultError, sentence, unknown
from buzzsim.network import Network, generate
from buzzsim.pictures.words import LANGUAGES, in_french, speak

__all__ = ["Guess", "Note", "guess", "holds", "shown", "speak", "street"]

_NEAR = 0.15  # a guess within that share of the answer is as good as one can get without a computer

# Sixty first names, none longer than six letters, so that they can be written on one picture.
_NAMES = [
    "Mara", "Nils", "Aya", "Tom", "Lina", "Omar", "Eva", "Jan", "Rosa", "Sami", "Ida", "Paul",
    "Mei", "Luc", "Zoe", "Amir", "Ella", "Finn", "Nora", "Hugo", "Lea", "Ivan", "Jana", "Theo",
    "Sara", "Karl", "Anna", "Jonas", "Mila", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hans",
    "Ines", "Joel", "Kira", "Leon", "Maya", "Noah", "Olga", "Pia", "Rami", "Sven", "Tara", "Ugo",
    "Vera", "Willi", "Yara", "Zeno", "Alma", "Boris", "Chloe", "Diego", "Elif", "Fanny", "Gil", "Hanna",
]  # fmt: skip

_WORDS = {
    "en": {
        "none": "No guess yet. The answer is {truth}{unit}: write a guess first next time, it is how one learns what one expects.",
        "refused": "There is no guess to compare with, for what was written could not be used. The answer is {truth}{unit}.",
        "stored": "Stored: {value}{unit}.",
        "ask": "No guess yet: put {allowed} in place of None and run the cell again. Any guess is better than none.",
        "number": "{value} cannot be read as a number; expected {allowed}. Nothing is lost: mend it and run the cell again.",
        "range": "{value} is outside what can happen here; expected {allowed}. Have another try, a rough idea is enough.",
        "percent": "{value} looks like per cent; a share from 0 to 1 is asked for, so {share} is stored.",
        "word": "{value} is not among the answers; expected {allowed}.",
        "commas": "{value} came out of a comma; write {plain}. Nothing is lost: mend it and run the cell again.",
        "between": "a number from {low} to {high}{unit}",
        "one_of": "one of {words}",
        "near": "You said {value}{unit}, it is {truth}{unit}: as near as anybody gets without a computer.",
        "high": "You said {value}{unit}, it is {truth}{unit}: {far} too high.",
        "low": "You said {value}{unit}, it is {truth}{unit}: {far} too low.",
        "times": "about {ratio} times",
        "percent_of": "{percent} %",
        "by": "{gap}",
        "share": "Stored: {value}{unit}. If a share was meant, write {percent}.",
        "why_high": "Which step of the story did you take for stronger than it is here?",
        "why_low": "Which step of the story did you take for weaker than it is here?",
        "same": "You said {value}, and {truth} it is. Would you have bet on it? The next cells show how sure one can be.",
        "other": "You said {value}; here it is {truth}.",
        "why_other": "A sensible answer: there are parameters under which it holds, and the exercises look for them.",
    },
    "fr": {
        "none": "Pas encore d'estimation. La réponse est {truth}{unit} : la prochaine fois, écrivez d'abord une estimation, "
        "c'est ainsi qu'on découvre ce qu'on attendait.",
        "refused": "Rien à comparer : ce qui était écrit n'a pas pu servir. La réponse est {truth}{unit}.",
        "stored": "C'est noté : {value}{unit}.",
        "ask": "Pas encore d'estimation : mettez {allowed} à la place de None et relancez la cellule. Toute estimation vaut mieux "
        "que rien.",
        "number": "{value} ne se lit pas comme un nombre ; il faut {allowed}. Rien n'est perdu : corrigez et relancez la cellule.",
        "range": "{value} sort de ce qui peut arriver ici ; il faut {allowed}. Essayez encore, une idée approximative suffit.",
        "percent": "{value} ressemble à un pourcentage ; on demande une part de 0 à 1, c'est donc {share} qui est noté.",
        "word": "{value} n'est pas parmi les réponses ; il faut {allowed}.",
        "commas": "{value} vient d'une virgule ; écrivez {plain}. Rien n'est perdu : corrigez et relancez la cellule.",
        "between": "un nombre de {low} à {high}{unit}",
        "one_of": "l'un de {words}",
        "near": "Vous aviez dit {value}{unit}, c'est {truth}{unit} : on ne fait pas mieux sans ordinateur.",
        "high": "Vous aviez dit {value}{unit}, c'est {truth}{unit} : {far} trop haut.",
        "low": "Vous aviez dit {value}{unit}, c'est {truth}{unit} : {far} trop bas.",
        "times": "environ {ratio} fois",
        "percent_of": "{percent} %",
        "by": "de {gap}",
        "share": "C'est noté : {value}{unit}. Si c'était une part, écrivez {percent}.",
        "why_high": "Quelle étape de l'histoire pensiez-vous plus forte qu'elle ne l'est ici ?",
        "why_low": "Quelle étape de l'histoire pensiez-vous plus faible qu'elle ne l'est ici ?",
        "same": "Vous aviez dit {value}, et c'est bien {truth}. L'auriez-vous parié ? Les cellules suivantes montrent à quel point "
        "on peut en être sûr.",
        "other": "Vous aviez dit {value} ; ici, c'est {truth}.",
        "why_other": "Une réponse raisonnable : elle est juste pour d'autres paramètres, que les exercices cherchent.",
    },
}


class Note(str):
    """A sentence for a student; shows in a notebook as a framed paragraph."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f'<p style="border-left: 4px solid #0072B2; padding-left: 0.8em; font-size: 115%">{html.escape(self)}</p>'


@dataclass(frozen=True)
class Guess:
    """What a student expects, kept until the run is done; made by `guess`.

    Parameters
    ----------
    value : float, str or None
        The guess; None where there is none (yet), or none that can be used.
    note : Note
        What there is to say of it before the run.
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
        """Say how far the guess is from what came out, in which direction, and why that is a sensible error.

        Parameters
        ----------
        truth : float or str
            What came out.
        high, low : str
            Why one may well have guessed too high, or too low (for words: another answer); a general reason if left out.

        Examples
        --------
        >>> guess(30, unit="critics").compare(10, high="A sensible error: storms are what one hears of.")
        'You said 30 critics, it is 10 critics: about 3 times too high. A sensible error: storms are what one hears of.'
        """
        words = _WORDS[self.language]
        if isinstance(truth, str) or isinstance(self.value, str):
            if self.value is None:
                return Note(
                    words["refused" if self.refused else "none"].format(truth=truth, unit="")
                )
            kind = "same" if _folded(self.value) == _folded(truth) else "other"
            text = words[kind].format(value=self.value, truth=truth)
            return Note(text if kind == "same" else f"{text} {high or low or words['why_other']}")
        answer = _number("compare", truth)
        said = {"truth": shown(answer, self.language), "unit": self._unit}
        if self.value is None:
            return Note(words["refused" if self.refused else "none"].format(**said))
        said["value"] = shown(self.value, self.language)
        gap = self.value - answer
        if said["value"] == said["truth"] or abs(gap) <= _NEAR * abs(answer):
            return Note(words["near"].format(**said))
        kind = "high" if gap > 0 else "low"
        reason = (high or words["why_high"]) if gap > 0 else (low or words["why_low"])
        return Note(f"{words[kind].format(far=self._distance(answer), **said)} {reason}")

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def _distance(self, answer: float) -> str:
        """Say how far: as a ratio where it is large, as a share of the answer where it is small."""
        value, words = float(self.value or 0.0), _WORDS[self.language]
        ratio = max(value, answer) / min(value, answer) if min(value, answer) > 0 else math.inf
        if 1.5 <= ratio < math.inf:
            return words["times"].format(ratio=shown(float(f"{ratio:.2g}"), self.language))
        if ratio < math.inf:
            return words["percent_of"].format(
                percent=shown(
                    float(f"{100 * abs(value - answer) / abs(answer):.2g}"), self.language
                )
            )
        return words["by"].format(gap=shown(float(f"{abs(value - answer):.2g}"), self.language))

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
    """Keep a student's guess for after the run; what cannot be used is said kindly, and nothing breaks.

    Parameters
    ----------
    value : object
        The guess; None for none yet. Where a share of at most 1 is asked for, 1 to 100 is taken for per cent. Words are met
        whatever their capitals, blanks and hyphens.
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
    No guess yet: put a number from 0 to 60 critics in place of None and run the cell again. Any guess is better than none.
    >>> guess(0.2, low=0, high=1)
    Stored: 0.2.
    """
    if language not in LANGUAGES:
        raise ResultError(unknown("guess", "language", language, LANGUAGES))
    words, spaced = _WORDS[language], f" {unit}" if unit else ""
    bottom, top = -math.inf if low is None else low, math.inf if high is None else high
    in_hundred = top == 100 and "100" in unit
    if not bottom < top:
        raise ResultError(sentence("guess", "low", low, f"less than high, which is {high}"))
    if among:
        allowed = words["one_of"].format(words=", ".join(among))
    else:
        unsaid = spaced if not in_hundred else ""  # "from 0 to 100 in 100" says it twice
        allowed = words["between"].format(
            low=shown(bottom, language), high=shown(top, language), unit=unsaid
        )

    def say(kept: float | str | None, kind: str, **said: Any) -> Guess:
        note = Note(words[kind].format(allowed=allowed, **{"value": value, "unit": spaced, **said}))
        return Guess(kept, note, unit, language, refused=kept is None and kind != "ask")

    if value is None:
        return say(None, "ask")
    if among:
        chosen = next((word for word in among if _folded(word) == _folded(value)), None)
        return (
            say(chosen, "stored", value=chosen)
            if chosen is not None
            else say(None, "word", value=repr(value))
        )
    if plain := _without_comma(value):
        return say(None, "commas", plain=plain)
    try:
        number = (
            _read(value.removesuffix(unit), language, top, in_hundred)
            if isinstance(value, str)
            else float(value)
        )
        if not math.isfinite(number):
            raise ValueError
    except OverflowError:
        return say(None, "range", value=shown(math.inf))
    except (TypeError, ValueError):
        return say(None, "number", value=repr(value))
    in_percent = isinstance(value, str) and "%" in value
    if bottom <= number <= top:
        kind = "share" if in_hundred and 0 < number < 1 and not in_percent else "stored"
        return say(
            number, kind, value=shown(number, language), percent=shown(100 * number, language)
        )
    if top <= 1 < number <= 100 and bottom <= number / 100 <= top and not in_percent:
        return say(
            number / 100,
            "percent",
            value=shown(number, language),
            share=shown(number / 100, language),
        )
    return say(
        None, "range", value=value.strip() if isinstance(value, str) else shown(number, language)
    )


def _folded(word: Any) -> str:
    """Give a word as one compares it."""
    return re.sub(r"[ _-]+", "_", str(word).strip().lower())


def _without_comma(value: Any) -> str:
    """Say what was meant where a comma made several numbers of one: thousands, or a decimal; nothing where nobody knows.

    Examples
    --------
    >>> _without_comma((1, 500)), _without_comma((1, 5)), _without_comma((1, -5))
    ('1500', '1.5', '')
    """
    is_whole = isinstance(value, tuple) and all(
        isinstance(part, int) and not isinstance(part, bool) for part in value
    )
    if not is_whole or len(value) < 2 or min(value) < 0:
        return ""
    first, *others = value
    if first and all(
        part == 0 or 100 <= part < 1000 for part in others
    ):  # Python refuses 1,050 as it stands
        return "".join([str(first), *(f"{part:03d}" for part in others)])
    return f"{first}.{others[0]}" if len(others) == 1 else ""


def _read(text: str, language: str, top: float, in_hundred: bool) -> float:
    """Read a number as people of that language write it; per cent where a share, or how many in a hundred, is asked for."""
    said = text.strip()
    if said.endswith("%"):
        if top > 1 and not in_hundred:
            raise ValueError("per cent of what?")
        return _read(said[:-1], language, top, in_hundred) / (1 if in_hundred else 100)
    if language == "en" and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", said):
        said = said.replace(",", "")
    return float(re.sub(r"(?<=\d)\s(?=\d)", "", said).replace(",", "."))


def holds(*pairs: tuple[float, Any]) -> None:
    """Check that numbers which a text states are those that came out, to as many decimals as the text gives.

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
    buzzsim.errors.ResultError: holds: the text says 13, here it is 14 (14.2): something above was changed, or buzzsim was
    """
    for stated, found in pairs:
        value, text = _number("holds", found), _number("holds", stated)
        decimals = (
            max(0, -int(Decimal(repr(text)).as_tuple().exponent))
            if isinstance(stated, float)
            else 0
        )
        if abs(value - text) > 0.5 * 10.0**-decimals + 1e-9 * abs(text):
            here = f"{round(value, decimals or None)} ({value:.4g})"
            raise ResultError(
                f"holds: the text says {stated}, here it is {here}: something above was changed, or buzzsim was"
            )


def street() -> Network:
    """Give the sixty neighbours of the first lesson, by name: most ties are to people nearby, some to the other end.

    Examples
    --------
    >>> street()
    <Network: a street of sixty: 60 customers, 180 ties, undirected, 6.0 followers on average>
    """
    made = generate("small_world", customers=len(_NAMES), ties=3, rewiring=0.15, seed=1)
    return replace(made, names=tuple(_NAMES), source="a street of sixty")


def shown(number: float, language: str = "en") -> str:
    """Write a number as people do: three digits that count, whole ones whole with thousands apart, a comma in French.

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
    """Give a number that came out as a float."""
    if isinstance(value, (int, float, np.number, np.bool_)) and math.isfinite(float(value)):
        return float(value)
    raise ResultError(sentence(place, "what came out", value, "a number"))
