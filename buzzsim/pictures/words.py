"""The words that people see, in English or in French; the words themselves are in `words.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from buzzsim.errors import ResultError, unknown

LANGUAGES = ("en", "fr")

_SPOKEN = {"language": "en"}  # of the whole process; it changes words, never a number


@cache
def texts() -> dict[str, Any]:
    """Read the texts: `pictures` from English to each other language, and `guess` of each."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def speak(language: str) -> None:
    """Choose the language of pictures from now on; tables and messages stay English.

    Parameters
    ----------
    language : {"en", "fr"}

    Raises
    ------
    ResultError
        When it is another.

    Examples
    --------
    >>> speak("fr")
    >>> say("anger")
    'colère'
    >>> speak("en")
    """
    if language not in LANGUAGES:
        raise ResultError(unknown("speak", "language", language, LANGUAGES))
    _SPOKEN["language"] = language


def say(text: str, **values: object) -> str:
    """Give a text in the language of pictures, with values put in.

    A text that is in no dictionary, such as the name of a strategy of one's own, stays as it is.
    """
    form: str = texts()["pictures"].get(_SPOKEN["language"], {}).get(text, text)
    numbers = {key: number(n) for key, n in values.items() if isinstance(n, (int, float))}
    return form.format(**values | numbers) if values else form


def number(value: float, form: str = "") -> str:
    """Write a number in the language of pictures: whole ones with thousands apart, or in a form.

    Examples
    --------
    >>> number(1234), number(0.5), number(0.123, ".0%")
    ('1,234', '0.5', '12%')
    """
    text = format(value, form or (",.0f" if value == round(value) else "g"))
    return text if _SPOKEN["language"] == "en" else in_french(text)


def in_french(text: str) -> str:
    """Give a number written in English as French people write it."""
    space = "\N{NARROW NO-BREAK SPACE}"
    return text.replace(",", space).replace(".", ",").replace("%", f"{space}%")
