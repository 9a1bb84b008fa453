"""The words in pictures, in English or in French."""

from __future__ import annotations

from buzzsim.errors import ResultError, unknown

LANGUAGES = ("en", "fr")

FRENCH = {
    # strategies
    "ignore": "ignorer",
    "censor": "censurer",
    "public reply": "réponse publique",
    "private dialogue": "dialogue privé",
    # a crowd
    "has noticed nothing": "n'a rien vu",
    "has noticed it": "l'a vu",
    "critic": "critique",
    "critic, now silent": "critique, se tait",
    "reconciled": "réconcilié",
    "complained first": "première plainte",
    "anger": "colère",
    "After {hours} h: {critics}, {others}": "Après {hours} h : {critics}, {others}",
    "{n} critic": "{n} critique",
    "{n} critics": "{n} critiques",
    "nobody else knows": "personne d'autre ne le sait",
    "{n} other knows": "{n} autre le sait",
    "{n} others know": "{n} autres le savent",
    # the buttons of a film
    "Repetition mode": "Mode de répétition",
    "Once": "Une fois",
    "Loop": "En boucle",
    "Reflect": "Aller-retour",
    "Decrease speed": "Ralentir",
    "First frame": "Première image",
    "Previous frame": "Image précédente",
    "Play backwards": "Lire à rebours",
    "Pause": "Pause",
    "Play": "Lire",
    "Next frame": "Image suivante",
    "Last frame": "Dernière image",
    "Increase speed": "Accélérer",
    # a cascade
    "Who recruited whom: {critics}, {strategy}": "Qui a recruté qui : {critics}, {strategy}",
    "steps from the complaint": "pas depuis la plainte",
    "hours since the complaint": "heures depuis la plainte",
    "hours since the complaint (later ones drawn closer)": (
        "heures depuis la plainte (resserrées vers la fin)"
    ),
    "hours since the complaints": "heures depuis les plaintes",
    # comparisons
    "{title}: {n} complaints under each strategy": "{title} : {n} plaintes sous chaque stratégie",
    "{title}: {n} runs under each strategy": "{title} : {n} simulations sous chaque stratégie",
    "How big does it get?": "Jusqu'où cela va-t-il ?",
    "How big do {n} complaints get?": "Jusqu'où vont {n} plaintes ?",
    "When?": "Quand ?",
    "What does it change?": "Qu'est-ce que cela change ?",
    "critical posts in all": "messages critiques en tout",
    "critical posts in all (a bar's height is the root of its share)": (
        "messages critiques en tout (hauteur : racine de la part)"
    ),
    "critical posts in all (each class from its number on)": (
        "messages critiques en tout (classes à partir de leur nombre)"
    ),
    "critical posts, against {baseline!r}\n(same luck; mean and its 95 % interval)": (
        "messages critiques, par rapport à {baseline!r}\n"
        "(même hasard ; moyenne et son intervalle à 95 %)"
    ),
    "further critical posts per hour\n(mean and its 95 % interval)": (
        "autres messages critiques par heure\n(moyenne et son intervalle à 95 %)"
    ),
    "share of complaints": "part des plaintes",
    "firestorms": "tempêtes",
    "{strategy}: {share} reach {least} posts": "{strategy} : {share} atteignent {least} messages",
    "{low}\nto {high}": "{low}\nà {high}",
    "{low}\nor more": "{low}\nou plus",
    "{strategy}\nfewer posts: {fewer}\nmore posts: {more}": (
        "{strategy}\nmoins : {fewer}\nplus : {more}"
    ),
    "more posts": "plus de messages",
    "as many": "autant",
    "fewer posts": "moins de messages",
    "{label}: {share}": "{label} : {share}",
    "mean: {before} to {after}": "moyenne : {before} à {after}",
    " (the first {n} drawn)": " (dessin des {n} premières)",
    "{n} complaints, each with the same luck twice": (
        "{n} plaintes, chacune deux fois avec le même hasard"
    ),
}

_SPOKEN = {"language": "en"}  # of the whole process; it changes words, never a number


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
    form = FRENCH.get(text, text) if _SPOKEN["language"] == "fr" else text
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
