"""Teaching: a guess gets a kind note in both languages; a text with another number fails."""

import re
import string

import pytest

import buzzsim as bz
from buzzsim import teach
from buzzsim.errors import ResultError


@pytest.mark.parametrize("language", teach.LANGUAGES)
@pytest.mark.parametrize("value", [None, "twenty", 61, -1, 30, "12,5", [], "0.3"])
def test_whatever_a_student_types_is_met_kindly_and_breaks_nothing(value, language):
    guess = bz.teach.guess(value, low=0, high=60, unit="critics", language=language)
    for text in (guess.note, guess.compare(15)):
        assert text
        assert "wrong" not in text.lower()
        assert "faux" not in text.lower()
        assert "{" not in text


def test_a_guess_is_kept_until_the_run_is_done():
    guess = bz.teach.guess("12,5", low=0, high=60)
    assert guess.value == 12.5
    assert repr(guess) == "Stored: 12.5."
    assert "border-left" in guess._repr_html_()


@pytest.mark.parametrize(
    ("value", "truth", "said"),
    [
        (30, 10, "about 3 times too high"),
        (5, 20, "about 4 times too low"),
        (24, 20, "20 % too high"),
        (20, 20.4, "as near as anybody gets"),
        (3, 0, "is 0: 3 too high"),
        (-2, 2, "is 2: 4 too low"),
    ],
)
def test_feedback_says_how_far_and_in_which_direction(value, truth, said):
    feedback = bz.teach.guess(value).compare(truth)
    assert said in feedback
    assert ("Which step" in feedback) == ("as near as" not in feedback)


def test_feedback_gives_the_lessons_reason_for_the_direction_of_the_error():
    guess = bz.teach.guess(30)
    assert guess.compare(10, high="Because H.", low="Because L.").endswith("Because H.")
    assert guess.compare(90, high="Because H.", low="Because L.").endswith("Because L.")


def test_a_share_given_in_per_cent_is_taken_as_meant():
    guess = bz.teach.guess(30, low=0, high=1)
    assert guess.value == 0.3
    assert "per cent" in guess.note
    assert bz.teach.guess(130, low=0, high=1).value is None


@pytest.mark.parametrize("language", teach.LANGUAGES)
def test_a_word_may_be_guessed(language):
    guess = bz.teach.guess("Public reply", among=("censor", "public_reply"), language=language)
    assert guess.value == "public_reply"
    assert "censor" in guess.compare("censor")
    assert guess.compare("public_reply") != guess.compare("censor")
    wrong = bz.teach.guess("publick", among=("censor", "public_reply"), language=language)
    assert wrong.value is None


def test_both_languages_say_the_same_things():
    fields = {
        language: {
            key: {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for key, text in words.items()
        }
        for language, words in teach.texts()["guess"].items()
    }
    assert fields["en"] == fields["fr"]
    assert teach.shown(1234.5, "fr") == "1\N{NARROW NO-BREAK SPACE}234"
    assert "1,7" in bz.teach.guess(17, language="fr").compare(1.7)


def test_another_language_is_an_error():
    with pytest.raises(bz.ResultError, match="unknown language 'de'; expected one of en, fr"):
        bz.teach.guess(1, language="de")


def test_numbers_of_a_text_hold_to_the_decimals_given():
    bz.teach.holds((13, 12.6), (0.2, 0.249), (1000, 1000.4))
    for pair in ((13, 12.4), (0.25, 0.2), (1, float("nan"))):
        with pytest.raises(bz.ResultError):
            bz.teach.holds(pair)


def test_the_street_has_sixty_people_each_with_a_name_of_their_own():
    street = bz.teach.street()
    assert len(set(street.names)) == street.n_customers == 60
    assert street.followers.min() >= 1
    assert bz.teach.street().names[0] == "Mara"


def test_a_lesson_that_leaves_no_room_for_a_guess_says_so():
    said = "guess: low is 10; expected less than high, which is 0"
    with pytest.raises(bz.ResultError, match=said):
        teach.guess(5, low=10, high=0)


@pytest.mark.parametrize(
    ("text", "language", "asked", "value"),
    [
        ("20 %", "en", {"high": 1}, 0.2),
        ("1%", "en", {"high": 1}, 0.01),
        ("0,2", "en", {"high": 1}, 0.2),
        ("0,5 %", "fr", {"high": 1}, 0.005),
        ("1,000", "en", {"high": 10_000}, 1000.0),
        ("1 000", "fr", {"high": 10_000}, 1000.0),
        ("1,5", "fr", {"high": 60}, 1.5),
        ("40 critics", "en", {"high": 60, "unit": "critics"}, 40.0),
    ],
)
def test_numbers_are_read_as_people_write_them(text, language, asked, value):
    assert teach.guess(text, low=0, language=language, **asked).value == pytest.approx(value)


@pytest.mark.parametrize("value", ["50%", "about 20", float("nan"), "", 100])
@pytest.mark.parametrize("language", teach.LANGUAGES)
def test_a_guess_that_cannot_be_used_is_not_called_none(value, language):
    refused = teach.guess(value, low=1, high=60, unit="critics", language=language)
    assert (refused.value, refused.refused) == (None, True)
    missing = teach.guess(None, low=1, high=60, unit="critics", language=language)
    assert not missing.refused
    assert refused.compare(15) != missing.compare(15)
    assert "15" in refused.compare(15)


@pytest.mark.parametrize(
    ("value", "more", "said", "kept"),
    [
        ("80%", {"unit": "in 100"}, "Stored: 80 in 100.", 80),
        (0.5, {"unit": "in 100"}, "Stored: 0.5 in 100. If a share was meant, write 50.", 0.5),
        (0.5, {"unit": "times"}, "Stored: 0.5 times.", 0.5),
        (
            200,
            {"unit": "in 100"},
            "200 is outside what can happen here; expected a number from 0 to 100. Have",
            None,
        ),
        (
            "150%",
            {"high": 1},
            "150% is outside what can happen here; expected a number from 0 to 1. Have",
            None,
        ),
        (60, {"high": 0.5}, "60 is outside what can happen here", None),
        (50, {"low": -1, "high": 0}, "50 is outside what can happen here", None),
        ("0.5%", {"unit": "in 100"}, "Stored: 0.5 in 100.", 0.5),
        ((1, 5), {}, "(1, 5) came out of a comma; write 1.5. Nothing", None),
        ((1, 500, 0), {}, "(1, 500, 0) came out of a comma; write 1500000. Nothing", None),
        ((1, -5), {}, "(1, -5) cannot be read as a number", None),
        ((True, False), {}, "(True, False) cannot be read as a number", None),
        ("1e400", {}, "'1e400' cannot be read as a number", None),
        (
            (10, 0),
            {"unit": "times"},
            "(10, 0) came out of a comma; write 10000. Nothing is lost",
            None,
        ),
        ((0, 3), {"unit": "times"}, "(0, 3) came out of a comma; write 0.3. Nothing is lost", None),
    ],
)
def test_what_students_type_is_taken_as_they_mean_it(value, more, said, kept):
    guess = bz.teach.guess(value, **{"low": 0, "high": 100} | more)
    assert repr(guess).startswith(said)
    assert guess.value == kept


@pytest.mark.parametrize("written", ["Do nothing", "do-nothing", " DO NOTHING "])
def test_words_are_met_however_they_are_written(written):
    guess = bz.teach.guess(written, among=("Do nothing", "censor"))
    assert guess.value == "Do nothing"
    assert "it is" in guess.compare("do_nothing")
    assert "here it is 3" in guess.compare(3)


def test_a_number_beyond_all_numbers_is_met_too():
    note = bz.teach.guess(10**5000, low=0, high=10).note
    assert note.startswith("∞ is outside what can happen here")


def test_small_numbers_and_halves_hold():
    bz.teach.holds((1e-5, 1.2e-5), (3, 2.5), (2, 2.5), (0.1, 0.15))
    with pytest.raises(ResultError, match="what came out is '3'"):
        bz.teach.holds(("3", 3))


def test_a_text_for_other_settings_says_so():
    said = re.escape("the text says 15, here it is 28 (28): something above was changed")
    with pytest.raises(ResultError, match=said):
        bz.teach.holds((15, 28))
