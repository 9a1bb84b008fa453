"""Scenarios: what goes in comes out of the file; what does not fit is refused with a reason."""

import dataclasses
import math
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from buzzsim.errors import OutputError, ScenarioError
from buzzsim.files import write_whole
from buzzsim.model import scenario as scenario_module
from buzzsim.model.parameters import PRESETS, SECTIONS, Parameter, Reply, all_parameters
from buzzsim.model.scenario import Scenario, packaged_text, scenarios
from buzzsim.study.run import changes_of

PARAMETERS = dict(all_parameters())
REALS = [key for key, parameter in PARAMETERS.items() if parameter.kind is float]
WHOLES = [key for key, parameter in PARAMETERS.items() if parameter.kind is int]
CLAIMS = [key for key, parameter in PARAMETERS.items() if parameter.kind is bool]
WORDS = [key for key, parameter in PARAMETERS.items() if parameter.choices]
LISTS = [key for key, parameter in PARAMETERS.items() if parameter.kind is list]
NUMBERS = REALS + WHOLES

texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.one_of(
    texts,
    st.integers(-(2**63), 2**64 - 1),
    st.floats(-9e18, 1e19),
    st.tuples(st.integers(0, 9), texts),
)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


def values_of(key: str, parameter: Parameter) -> st.SearchStrategy:
    """Anything that a parameter allows."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.kind is bool:
        return st.booleans()
    if parameter.kind is str:
        return texts
    if key == "network.degrees":
        return st.lists(st.integers(0, 2**31 - 2), max_size=5)
    if parameter.kind is list:
        return st.lists(names, max_size=4, unique_by=str)
    if parameter.kind is int:
        return st.integers(parameter.low, parameter.high)
    high = 1e300 if math.isinf(parameter.high) else parameter.high
    if key == "brand.staff":
        return st.one_of(st.integers(1, 10**6), st.just(math.inf))
    reals = st.floats(parameter.low, high)
    return st.one_of(reals, st.just(math.inf)) if parameter.infinite else reals


@st.composite
def changes(draw: st.DrawFn) -> dict:
    """Any allowed scenario, as dotted keys to values that do not contradict each other."""
    picked = draw(st.lists(st.sampled_from(list(PARAMETERS)), unique=True, max_size=25))
    wanted = {key: draw(values_of(key, PARAMETERS[key])) for key in picked}
    wanted.pop("complaint.complainants", None)
    horizon = wanted.get("time.horizon", 72.0)
    wanted["time.tick"] = min(max(wanted.get("time.tick", 0.25), horizon / 9e6), min(horizon, 24.0))
    if wanted.get("network.kind") == "file" and not wanted.get("network.file"):
        wanted["network.file"] = "friends.txt"
    if wanted.get("network.file"):
        wanted["network.kind"] = "file"
    return wanted | {key: draw(texts) for key in ("name", "title", "story")}


# -------------------------------------------------------------------------------------- round trips


@quick
@given(changes())
def test_toml_gives_back_exactly_what_was_written(wanted):
    scenario = Scenario().replace(wanted)
    back = Scenario.from_dict(tomllib.loads(scenario.to_toml()))
    assert back == scenario
    assert back.to_toml() == scenario.to_toml()
    assert hash(back) == hash(scenario)


@quick
@given(changes())
def test_every_value_asked_for_is_the_value_held(wanted):
    data = Scenario().replace(wanted).to_dict()
    for key, value in wanted.items():
        section, _, leaf = key.partition(".")
        held = data[section].get(leaf) if leaf else data[section]
        assert held == (
            [list(v) if isinstance(v, tuple) else v for v in value]
            if isinstance(value, list)
            else value
        )


def test_a_saved_file_is_loaded_as_the_same_scenario(tmp_path):
    scenario = Scenario(name="cafe", story="Ä 'quoted' \"story\"\nin two lines").replace(
        {"brand.staff": 3, "complaint.names": ["ann", 7]}
    )
    scenario.save(tmp_path / "other.toml")
    assert Scenario.load(tmp_path / "other.toml") == scenario


def test_a_file_without_a_name_is_named_after_the_file(tmp_path):
    (tmp_path / "cafe.toml").write_text("")
    assert Scenario.load(tmp_path / "cafe.toml") == Scenario(name="cafe")


def test_a_byte_order_mark_is_no_error(tmp_path):
    (tmp_path / "cafe.toml").write_bytes(b"\xef\xbb\xbfversion = 1\n")
    assert Scenario.load(tmp_path / "cafe.toml").name == "cafe"


def test_to_dict_is_plain_and_from_dict_takes_it_back():
    scenario = Scenario().replace({"complaint.names": [("a", 1), "b"], "network.degrees": [1, 1]})
    data = scenario.to_dict()
    assert data["complaint"]["names"] == [["a", 1], "b"]
    assert Scenario.from_dict(data) == scenario
    data["reply"]["empathy"] = 0.0
    assert scenario.reply.empathy == 0.7


def test_numpy_numbers_are_held_as_python_ones():
    scenario = Scenario().replace(
        {
            "network.customers": np.int32(7),
            "reply.empathy": np.float32(0.5),
            "complaint.at_fault": np.True_,
        }
    )
    assert scenario == Scenario().replace(
        {"network.customers": 7, "reply.empathy": 0.5, "complaint.at_fault": True}
    )
    assert [
        type(v)
        for v in (scenario.network.customers, scenario.reply.empathy, scenario.complaint.at_fault)
    ] == [
        int,
        float,
        bool,
    ]


# --------------------------------------------------------------------------------- packaged, frozen


@pytest.mark.parametrize("name", scenarios())
def test_every_packaged_scenario_loads_and_is_called_like_its_file(name):
    scenario = Scenario.load(name)
    assert scenario.name == name
    assert scenario == Scenario.from_dict({"name": name} | tomllib.loads(packaged_text(name)))


def test_the_default_scenario_is_all_defaults():
    default = Scenario.load("default")
    assert all(getattr(default, name) == section() for name, section in SECTIONS.items())


def test_scenarios_and_sections_are_frozen():
    scenario = Scenario()
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.name = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.reply.empathy = 0.0


def test_replace_leaves_the_original_alone():
    scenario = Scenario()
    other = scenario.replace({"reply.empathy": 0.1})
    assert (scenario.reply.empathy, other.reply.empathy) == (0.7, 0.1)
    assert other.replace({"reply.empathy": 0.7}) == scenario


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_what_is_not_set_beside_it(preset):
    reply = Scenario().replace({"reply.preset": preset}).reply
    assert {key: getattr(reply, key) for key in PRESETS[preset]} == PRESETS[preset]
    assert Scenario().replace({"reply.preset": preset, "reply.empathy": 0.25}).reply.empathy == 0.25


def test_the_page_for_a_notebook_shows_changes_and_escapes_what_people_typed():
    page = (
        Scenario(title="<b>x</b>")
        .replace({"network.kind": "file", "network.file": "<script>"})
        ._repr_html_()
    )
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "reply.empathy" not in page


# ---------------------------------------------------------------------------------- what is refused


def refusal(changes: dict) -> str:
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace(changes, "cafe.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_sentence_says_place_key_value_and_what_is_allowed():
    assert refusal({"reply.empathy": 1.4}) == "cafe.toml: reply.empathy is 1.4; expected 0 to 1"
    assert (
        refusal({"network.customers": 0})
        == "cafe.toml: network.customers is 0; expected a whole number, 1 to 2147483646"
    )
    assert (
        refusal({"brand.staff": 0})
        == "cafe.toml: brand.staff is 0; expected 1 or more (inf is allowed)"
    )
    assert (
        refusal({"complaint.at_fault": "yes"})
        == "cafe.toml: complaint.at_fault is 'yes'; expected true or false"
    )


@pytest.mark.parametrize("key", NUMBERS)
def test_numbers_out_of_range_are_refused_and_the_ends_are_not(key):
    parameter = PARAMETERS[key]
    step = 1 if parameter.kind is int else 1e-6 * max(1.0, abs(parameter.low))
    assert f"cafe.toml: {key} is " in refusal({key: parameter.low - step})
    if not math.isinf(parameter.high):
        over = parameter.high + 1 if parameter.kind is int else parameter.high * (1 + 1e-9)
        assert f"cafe.toml: {key} is " in refusal({key: over})
        assert parameter.checked(key, parameter.high) == parameter.high
    assert parameter.checked(key, parameter.low) == parameter.low


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.inf,
        True,
        np.True_,
        "0.5",
        None,
        [1],
        {"a": 1},
        1j,
        np.array([1.0]),
        np.float64("nan"),
    ],
)
def test_what_is_no_finite_number_is_no_number(key, value):
    if value is None and PARAMETERS[key].optional:
        assert PARAMETERS[key].checked(key, value) is None
    else:
        assert f"cafe.toml: {key} is " in refusal({key: value})


@pytest.mark.parametrize("key", NUMBERS)
def test_infinity_is_refused_where_it_is_not_said_to_be_allowed(key):
    if PARAMETERS[key].infinite:
        assert PARAMETERS[key].checked(key, math.inf) == math.inf
    else:
        assert f"{key} is inf; expected" in refusal({key: math.inf})


@pytest.mark.parametrize("key", WHOLES)
def test_whole_numbers_have_no_fractions_and_any_size_is_compared_exactly(key):
    parameter = PARAMETERS[key]
    assert "expected a whole number" in refusal({key: parameter.low + 0.5})
    assert "expected a whole number" in refusal({key: 10**400})
    assert parameter.checked(key, parameter.high) == parameter.high


@pytest.mark.parametrize("key", CLAIMS)
@pytest.mark.parametrize("value", [1, 0, "true", None, []])
def test_a_claim_is_true_or_false(key, value):
    assert refusal({key: value}).endswith("expected true or false")


@pytest.mark.parametrize("key", WORDS)
def test_an_unknown_word_is_answered_with_the_nearest(key):
    known = max(PARAMETERS[key].choices, key=len)
    assert f"did you mean {known!r}?" in refusal({key: known + "x"})
    assert "expected one of" in refusal({key: "qqqq"})
    assert key in refusal({key: 3})


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize(
    "value",
    [
        "ann",
        b"ann",
        3,
        {"a": 1},
        {1, 2},
        [None],
        [{"a": 1}],
        [[["deep"]]],
        [math.nan],
        [1j],
        [10**40],
    ],
)
def test_lists_hold_what_a_file_can_hold(key, value):
    assert f"cafe.toml: {key} is " in refusal({key: value})


@pytest.mark.parametrize("value", [["three"], [1.5], [-1], [True]])
def test_degrees_are_whole_numbers(value):
    assert "expected a list of whole numbers" in refusal({"network.degrees": value})


def test_an_unknown_key_is_answered_with_the_nearest_of_its_section():
    assert (
        refusal({"reply.empaty": 1})
        == "cafe.toml: unknown key 'reply.empaty'; did you mean 'reply.empathy'?"
    )
    assert "did you mean 'anger.half_life'?" in refusal({"anger": {"halflife": 1}})
    assert "did you mean 'attention.half_life'?" in refusal({"attention": {"halflife": 1}})


def test_an_unknown_section_is_an_error():
    assert "unknown key 'replies'" in refusal({"replies": {"empathy": 1}})
    assert "unknown key 'zzz.zzz'" in refusal({"zzz.zzz": 1})


def test_a_section_is_a_table():
    assert refusal({"reply": 3}) == "cafe.toml: reply is 3; expected a table, [reply]"


@pytest.mark.parametrize("version", [2, 99, 0, -1, True, 1.0, "1", None])
def test_only_files_of_this_version_are_read(version):
    said = refusal({"version": version})
    assert f"version is {version!r}; expected" in said
    assert ("newer buzzsim" in said) == (version in (2, 99))


@pytest.mark.parametrize("key", ["name", "title", "story", "network.file"])
@pytest.mark.parametrize("value", [3, None, b"x", ["x"], "half a pair: \ud800"])
def test_text_is_text_that_a_file_can_hold(key, value):
    assert refusal({key: value}).endswith("expected text")


def test_a_section_of_another_kind_is_refused_where_scenarios_are_made():
    with pytest.raises(ScenarioError, match=r"reply is .*expected a Reply"):
        Scenario(reply=Scenario().brand)
    with pytest.raises(ScenarioError, match="title is 3; expected text"):
        Scenario(title=3)
    with pytest.raises(ScenarioError, match=r"scenario: reply.empathy is 2; expected 0 to 1"):
        Reply(empathy=2)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            {"time.horizon": 1, "time.tick": 2},
            "time.horizon is 1.0; expected at least one tick, 2 hours",
        ),
        (
            {"time.horizon": 1e5, "time.tick": 1e-4},
            "time.tick is 0.0001; expected at most ten million ticks",
        ),
        (
            {"complaint.names": ["a", "b"], "complaint.complainants": 3},
            "complaint.complainants is 3; expected 2",
        ),
        ({"complaint.names": ["a", "a"]}, "expected each name once"),
        ({"network.kind": "file"}, "network.file is ''; expected a path"),
        ({"brand.staff": 2.5}, "brand.staff is 2.5; expected a whole number up to a million"),
        ({"brand.staff": 1e300}, "brand.staff is 1e+300; expected a whole number up to a million"),
    ],
)
def test_values_that_contradict_each_other_are_refused(wanted, said):
    assert refusal(wanted).startswith(f"cafe.toml: {said}") or said in refusal(wanted)


# ------------------------------------------------------------------------------------- broken files


def load_bytes(tmp_path: Path, content: bytes) -> Scenario:
    file = tmp_path / "cafe.toml"
    file.write_bytes(content)
    return Scenario.load(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"reply = [", "not valid TOML"),
        (b"[reply]\nempathy = 0.1\nempathy = 0.2", "not valid TOML"),
        (b"name = '\xff\xfe'", "not a text file in UTF-8"),
        ("version = 1".encode("utf-16"), "not a text file in UTF-8"),
        (b"\x00\x01\x02", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "not valid TOML: nested too deeply"),
        (b"a = " + b"{a = " * 100_000, "not valid TOML: nested too deeply"),
        (b"reply" + b".a" * 3000 + b" = 1", "unknown key 'reply.a'"),
        (b"reply.empathy" + b".a" * 3000 + b" = 1", "reply.empathy is "),
        (b"network.seed = " + b"9" * 5000, "not valid TOML"),
        (b"network.seed = 0x" + b"f" * 5000, "network.seed is a int too large to show"),
        (b"reply.empathy = 1.4", "cafe.toml: reply.empathy is 1.4; expected 0 to 1"),
        (b"reply.empathy = 1979-05-27", "expected 0 to 1"),
        (b"version = 2", "version is 2; expected at most 1"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:20],
)
def test_a_broken_file_is_refused_by_name(tmp_path, content, said):
    with pytest.raises(ScenarioError) as caught:
        load_bytes(tmp_path, content)
    assert str(caught.value).startswith("cafe.toml: ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    with pytest.raises(ScenarioError, match="No such file"):
        Scenario.load(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        Scenario.load(tmp_path)
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ScenarioError, match="cannot be read"):
        Scenario.load(tmp_path / "folder.toml")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ScenarioError, match=r"'restaurant'\? \(or give a .toml file\)"):
        Scenario.load("restaurent")
    with pytest.raises(ScenarioError, match="did you mean 'restaurant'"):
        packaged_text("restaurent")


@pytest.mark.parametrize(
    "source", ["", "x" * 5000, "a\0b", "a\0b.toml", "x" * 5000 + ".toml", "\ud800"]
)
def test_odd_names_are_refused_too(source):
    with pytest.raises(ScenarioError):
        Scenario.load(source)


def load_or_refuse(folder: Path, content: bytes) -> None:
    """Load a file; nothing but a ScenarioError may come out, and what loads can be saved again."""
    file = folder / "fuzz.toml"
    file.write_bytes(content)
    try:
        scenario = Scenario.load(file)
    except ScenarioError as error:
        assert str(error).startswith("fuzz.toml: ")
        assert "\n" not in str(error).rstrip("\n")
    else:
        assert Scenario.from_dict(tomllib.loads(scenario.to_toml())) == scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@quick
@given(content=st.one_of(st.binary(max_size=200), texts.map(str.encode)))
def test_random_bytes_never_surprise(folder, content):
    load_or_refuse(folder, content)


@quick
@given(data=st.data(), wanted=changes())
def test_damaged_files_never_surprise(folder, data, wanted):
    content = bytearray(Scenario().replace(wanted).to_toml().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["change", "cut", "insert", "double"]))
        if how == "change":
            content[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del content[at : at + data.draw(st.integers(1, 40))]
            content = content or bytearray(b" ")
        elif how == "insert":
            content[at:at] = data.draw(
                st.sampled_from(
                    [
                        b"'",
                        b'"',
                        b"[",
                        b"]",
                        b"\n",
                        b"=",
                        b"inf",
                        b"nan",
                        b"-",
                        b"1e999",
                        b".",
                        b"#",
                        b"\\u0000",
                    ]
                )
            )
        else:
            content += content[at : at + 80]
    load_or_refuse(folder, bytes(content))


toml_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), texts, st.dates(), st.datetimes()
    ).filter(lambda v: v is not None),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


@quick
@given(
    wanted=st.dictionaries(
        st.one_of(st.sampled_from([*PARAMETERS, *SECTIONS, "name", "version"]), texts),
        toml_values,
        max_size=5,
    )
)
@example(wanted={"reply": {"": 1}})
@example(wanted={"reply.preset": ["deny"]})
def test_any_value_under_any_key_never_surprises(folder, wanted):
    load_or_refuse(folder, tomli_w.dumps(wanted).encode())


# ------------------------------------------------------------------------------------------ writing


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "cafe.toml"
    write_whole(target, b"old and long")
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["cafe.toml"]


def test_written_files_have_ordinary_permissions(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_as_long_as_allowed_can_be_written(tmp_path):
    write_whole(tmp_path / ("x" * 255), b"x")
    assert len(os.listdir(tmp_path)) == 1


@pytest.mark.parametrize(
    "where", ["missing/cafe.toml", "folder", "file/cafe.toml", "x" * 300, "a\0b"]
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path, where):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(OutputError, match="cannot be written: "):
        Scenario().save(tmp_path / where)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    assert os.listdir(tmp_path / "folder") == []
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write anywhere"
)
def test_a_folder_without_permission_is_an_output_error(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            Scenario().save(tmp_path / "cafe.toml")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_when_the_disk_is_full_or_somebody_stops_it_the_old_file_stays(
    tmp_path, monkeypatch, error
):
    target = tmp_path / "cafe.toml"
    target.write_bytes(b"old")

    def fail(_):
        raise error

    monkeypatch.setattr(scenario_module.os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OutputError):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["cafe.toml"]


CITATION = re.compile(
    r"(?:[Dd]e )?[A-Z][a-zA-Z]+(?: et al\.| & [A-Z][a-z]+)?,? (?:19|20)\d\d"
    r"|bit\.ly 2011|airline tweets 2015"
)
SOURCES = Path(__file__).parent.parent / "docs" / "sources.md"


def test_every_citation_has_a_full_reference():
    """A citation that nobody can look up is no source; nor is a grade of evidence without one."""
    listed = {
        line.split("|")[1].strip()
        for line in SOURCES.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    }
    texts = [parameter.source for parameter in PARAMETERS.values()] + [
        packaged_text(name) for name in scenarios()
    ]
    cited = {citation.replace(",", "") for text in texts for citation in CITATION.findall(text)}
    assert len(cited) > 20
    assert not cited - listed
    for key, parameter in PARAMETERS.items():
        if parameter.grade in ("measured", "derived"):
            assert CITATION.search(parameter.source), key


def test_classical_rates_take_numpys_numbers_and_say_their_range():
    assert Scenario.sir(infection=np.float32(0.25), recovery=np.float64(0.5)) == Scenario.sir(
        infection=0.25, recovery=0.5
    )
    assert Scenario.sir(infection=0.25, recovery=0.004).time.horizon == 100_000
    with pytest.raises(ScenarioError, match=r"recovery is 0\.003; expected 0\.004 to 1, but not 1"):
        Scenario.sir(infection=0.25, recovery=0.003)


def test_a_network_file_that_would_not_be_read_is_refused():
    with pytest.raises(ScenarioError, match=r"network\.file is 'friends\.csv'; expected a path"):
        Scenario().replace({"network.file": "friends.csv"})
    with pytest.raises(
        ScenarioError, match=r"network\.file is ''; expected a path where network\.kind is 'file'"
    ):
        Scenario().replace({"network.kind": "file"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"complaint.anger": "0.2"},
            "complaint.anger is '0.2'; expected 0 to 1; a number is written without quotes",
        ),
        (
            {"anger": 0.2},
            "anger is 0.2; expected a table, [anger], or did you mean 'complaint.anger'?",
        ),
        ({"reply.preset": "Caring"}, "unknown value 'Caring'; did you mean 'caring'?"),
        ({"reply.preset": "xyz"}, "expected one of '', deny, diminish"),
    ],
)
def test_what_students_write_is_answered_with_what_they_meant(changes, said):
    with pytest.raises(ScenarioError, match=re.escape(said)):
        Scenario().replace(changes)


def test_r0_is_refused_where_another_key_decides():
    sir = Scenario.sir(infection=0.1, recovery=0.2)
    with pytest.raises(
        ScenarioError,
        match=r"joining.r0 is 2; expected joining.share_probability, which decides here",
    ):
        sir.replace({"joining.r0": 2})
    assert sir.replace({"joining.r0": 2, "joining.share_probability": None}).joining.r0 == 2


def test_what_is_told_of_a_preset_makes_the_same_reply_again():
    for reply in (
        Reply(preset="deny"),
        Reply(preset="deny", empathy=0.3),
        Scenario().replace({"reply.preset": "rebuild"}).reply,
    ):
        scenario = Scenario(reply=reply)
        assert Scenario().replace(changes_of(scenario)).reply == reply
