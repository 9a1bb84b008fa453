"""Pictures speak English or French: every word in them is in the dictionary, and none is in it for nothing."""

import ast
import string

import pytest
from test_architecture import TREES

import buzzsim as bz
from buzzsim.errors import ResultError
from buzzsim.model import strategy
from buzzsim.pictures import runs, words

# Words that are said by way of a table, not where they stand.
LOOKED_UP = {*strategy.LABELS.values(), *runs._SAID.values(), *runs._BUTTONS}
HEADS = {
    text
    for text in words.FRENCH
    if text.startswith(("{title}", "{strategy}\n", "critical posts, against"))
}


@pytest.fixture
def french():
    words.speak("fr")
    yield
    words.speak("en")


def said():
    """The texts that modules say as they stand."""
    for module in ("pictures.py", "plot.py"):
        for node in ast.walk(TREES[module]):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "say"
                and isinstance(node.args[0], ast.Constant)
            ):
                yield node.args[0].value


def test_every_word_of_a_picture_is_in_the_dictionary_and_the_other_way_round():
    assert set(said()) | LOOKED_UP | HEADS == set(words.FRENCH)


@pytest.mark.parametrize("text", words.FRENCH)
def test_both_languages_say_the_same_values(text):
    def fields(form):
        return sorted(field for _, field, _, _ in string.Formatter().parse(form) if field)

    assert fields(words.FRENCH[text]) == fields(text)


def test_pictures_speak_french(french):
    result = bz.run("default", network=bz.teach.street(), strategy="ignore", rng=1)
    ax = result.plot_network(hour=0.5)
    assert ax.get_title(loc="left").startswith("Après 0,5 h : 1 critique, ")
    film = result.animate().html
    assert 'title="Lire"' in film
    assert ">Une fois</label>" in film
    assert not [
        label
        for label in runs._BUTTONS
        if label != words.FRENCH[label] and (f'"{label}"' in film or f">{label}<" in film)
    ]
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "première plainte"
    comparison = bz.compare("default", replicates=20, rng=1, quiet=True)
    assert (
        comparison.plot_pairs("censor").get_title(loc="left")
        == "20 plaintes, chacune deux fois avec le même hasard"
    )
    drawn = comparison.plot()
    assert [panel.get_title(loc="left") for panel in drawn] == [
        words.FRENCH[text] for text in PANELS
    ]


PANELS = ("How big does it get?", "When?", "What does it change?")


def test_a_strategy_of_ones_own_keeps_its_name(french):
    assert words.say(strategy.label_of("wait_and_see")) == "wait and see"


def test_another_language_says_which_there_are():
    with pytest.raises(ResultError, match="unknown language 'de'; expected one of en, fr"):
        bz.teach.speak("de")
