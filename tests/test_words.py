"""Pictures speak English or French: every word they say has its translation."""

import string

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

import buzzsim as bz
from buzzsim.errors import ResultError
from buzzsim.model import strategy
from buzzsim.pictures import words

mpl.use("agg")

FRENCH = words.texts()["pictures"]["fr"]
PANELS = ("How big does it get?", "When?", "What does it change?")
BUTTONS = ("Once", "Loop", "Reflect", "Play", "Pause", "Play backwards", "Next frame", "Last frame")


@pytest.fixture
def french():
    words.speak("fr")
    yield
    words.speak("en")
    plt.close("all")


@pytest.fixture
def asked(monkeypatch):
    """The texts that pictures look up, gathered while they are drawn."""
    texts = set()

    class Dictionary(dict):
        def get(self, text, default=None):
            texts.add(text)
            return super().get(text, default)

    monkeypatch.setitem(words.texts()["pictures"], "fr", Dictionary(FRENCH))
    return texts


def test_every_word_of_every_picture_has_a_translation(french, asked):
    result = bz.run("default", network=bz.teach.street(), strategy="private_dialogue", rng=1)
    for hour in (0, 0.5, None):
        result.plot_network(hour=hour)
    result.plot_cascade()
    result.animate()
    lonely = bz.Scenario().replace({"joining.r0": 0.0, "joining.page_probability": 0.0})
    bz.run(lonely, rng=1).plot_cascade()
    for changes in ({}, {"complaint.complainants": 2}):
        scenario = bz.Scenario.load("restaurant").replace(changes)
        comparison = bz.compare(scenario, replicates=401, rng=1, quiet=True)
        comparison.plot()
        comparison.plot_distribution()
        comparison.plot_pairs("censor")
        plt.close("all")
    assert asked - FRENCH.keys() == set()
    assert {*PANELS, *BUTTONS, "critic, now silent", "firestorms"} <= asked


@pytest.mark.parametrize("text", FRENCH)
def test_both_languages_say_the_same_values(text):
    def fields(form):
        return sorted(field for _, field, _, _ in string.Formatter().parse(form) if field)

    assert fields(FRENCH[text]) == fields(text)


def test_pictures_speak_french(french):
    result = bz.run("default", network=bz.teach.street(), strategy="ignore", rng=1)
    ax = result.plot_network(hour=0.5)
    assert ax.get_title(loc="left").startswith("Après 0,5 h : 1 critique, ")
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "première plainte"
    film = result.animate().html
    assert 'title="Lire"' in film
    assert ">Une fois</label>" in film
    assert not [label for label in BUTTONS if f'"{label}"' in film and label != "Pause"]
    assert not [label for label in BUTTONS if f">{label}</label>" in film]
    comparison = bz.compare("default", replicates=20, rng=1, quiet=True)
    title = comparison.plot_pairs("censor").get_title(loc="left")
    assert title == "20 plaintes, chacune deux fois avec le même hasard"
    titles = [panel.get_title(loc="left") for panel in comparison.plot()]
    assert titles == [FRENCH[text] for text in PANELS]


def test_a_strategy_of_ones_own_keeps_its_name(french):
    assert words.say(strategy.label_of("wait_and_see")) == "wait and see"


def test_another_language_says_which_there_are():
    with pytest.raises(ResultError, match="unknown language 'de'; expected one of en, fr"):
        bz.teach.speak("de")
