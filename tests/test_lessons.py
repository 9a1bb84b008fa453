"""The lessons: written from their sources by one command, short, run from top to bottom, and true to the numbers they state."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
SPEC = importlib.util.spec_from_file_location("lessons_build", FOLDER / "build.py")
build = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(build)

EDITIONS = build.editions()
LESSONS = sorted(source.stem for source in (FOLDER / "source").glob("*.txt"))
NOTEBOOKS = sorted(
    path.relative_to(FOLDER).as_posix() for path in EDITIONS if path.suffix == ".ipynb"
)
PAGES = sorted(path.relative_to(FOLDER).as_posix() for path in EDITIONS if path.suffix == ".md")

LONGEST_CELL = 10  # lines
MOST_CELLS = 12  # of code
PATIENCE = 5.0  # seconds a cell may take before the test says so
NUMBER = r"\d[\d,_\N{NARROW NO-BREAK SPACE}]*(?:[.,]\d+)?"


def cells(notebook, kind):
    found = json.loads(EDITIONS[FOLDER / notebook])["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def test_there_are_six_lessons():
    assert [name[0] for name in LESSONS] == list("123456")


def numbers(text):
    """Every number of a text in one spelling; a comma may part thousands, or be the French decimal point."""
    found = set()
    for number in re.findall(NUMBER, text):
        plain = (
            re.sub(r"[_\N{NARROW NO-BREAK SPACE}]|,(?=\d{3}(?!\d))", "", number)
            .rstrip(",")
            .replace(",", ".")
        )
        found.add(float(plain))
    return found


@pytest.mark.parametrize(
    "path", sorted(EDITIONS), ids=lambda path: path.relative_to(FOLDER).as_posix()
)
def test_an_edition_is_what_the_command_writes(path):
    assert path.read_text(encoding="utf-8") == EDITIONS[path], "run: python notebooks/build.py"


def test_no_edition_is_left_over():
    written = {
        path.relative_to(FOLDER).as_posix()
        for folder in ("en", "fr", "teachers")
        for path in (FOLDER / folder).rglob("*.*")
    }
    assert {path for path in written if ".ipynb_checkpoints" not in path} == {*NOTEBOOKS, *PAGES}


def test_every_lesson_is_in_english_and_the_first_four_in_french():
    for lesson in LESSONS:
        for language in ("en", "fr") if int(lesson[0]) <= 4 else ("en",):
            assert f"{language}/{lesson}.ipynb" in NOTEBOOKS
            assert f"{language}/solutions/{lesson}.ipynb" in NOTEBOOKS


def test_a_source_that_cannot_be_understood_says_where(tmp_path):
    (tmp_path / "1-x.txt").write_text("%% text en\nHello\n%% kode\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"1-x.txt: line 3 is '%% kode'; expected %% text"):
        build.cells_of(tmp_path / "1-x.txt")


def test_editions_differ_as_their_tags_say():
    cells = [
        ("code", set(), "a = '{{yes||oui}}'"),
        ("code", {"student"}, "b"),
        ("code", {"solution"}, "c"),
        ("text", {"fr"}, "d"),
    ]
    made = json.loads(build.edition(cells, "fr", "solution"))["cells"]
    assert ["".join(cell["source"]) for cell in made] == ["a = 'oui'", "c", "d"]
    made = json.loads(build.edition(cells, "en", "student"))["cells"]
    assert ["".join(cell["source"]) for cell in made] == ["a = 'yes'", "b"]


# -------------------------------------------------------------------------------------------- short


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lesson_has_few_cells_and_short_ones(notebook):
    code = cells(notebook, "code")
    assert len(code) <= MOST_CELLS
    for cell in code:
        assert len(cell.splitlines()) <= LONGEST_CELL, cell


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lesson_predicts_before_it_runs_and_says_what_the_model_cannot_tell(notebook):
    code = "\n".join(cells(notebook, "code"))
    assert code.index("bz.teach.guess(") < code.index(".compare(\n")
    assert "except ImportError" in cells(notebook, "code")[0]
    assert re.search("cannot tell|ne peut pas dire", cells(notebook, "markdown")[-1])
    assert ("my_guess = None" in code) == ("solutions" not in notebook)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lesson_stores_no_outputs(notebook):
    for cell in json.loads((FOLDER / notebook).read_text(encoding="utf-8"))["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


# -------------------------------------------------------------------------------------------- true


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_number_that_the_text_states_stands_in_the_code(notebook):
    text = "\n".join(cells(notebook, "markdown"))
    text = re.sub(
        r"(?m)^#+ .*$|(lesson|leçon)s? \d", "", text
    )  # headings carry the lesson's number
    assert numbers(text) - numbers("\n".join(cells(notebook, "code"))) == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_expected_answer_is_checked_in_the_solutions(page):
    expected = EDITIONS[FOLDER / page].partition("## Expected answers")[2].partition("\n## ")[0]
    assert expected
    solution = f"en/solutions/{Path(page).stem}.ipynb"
    assert numbers(expected) - numbers("\n".join(cells(solution, "code"))) == set()


def test_a_number_reads_the_same_in_both_languages():
    assert (
        numbers("1,000 and 0.2, 25.")
        == numbers("1\N{NARROW NO-BREAK SPACE}000 et 0,2, 25.")
        == {1000.0, 0.2, 25.0}
    )
    assert numbers("1_000") == {1000.0}


# -------------------------------------------------------------------------------------------- run


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A folder in which the kernel `python3` is this very Python, whatever else the machine calls so."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [
        sys.executable,
        "-W",
        r"error:::__main__",
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
    ]
    spec.write_text(
        json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}),
        encoding="utf-8",
    )
    return folder


def run_all(notebooks, kernel, folder):
    """Run copies of notebooks with nbmake in a process of its own, keeping their outputs; gives what it said, and the copies."""
    copies = [
        folder / path.relative_to(path.anchor).as_posix().replace("/", "+") for path in notebooks
    ]
    for path, copy in zip(notebooks, copies, strict=True):
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    environment = {**os.environ, "JUPYTER_PATH": str(kernel), "IPYTHONDIR": str(kernel / "ipython")}
    environment.pop("MPLBACKEND", None)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbmake",
        "--nbmake-timeout=300",
        "--overwrite",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    command += ["-c", os.devnull, "--rootdir", str(folder), *map(str, copies)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1200,
    )
    return done, copies


def pictures_missing(notebook):
    """The cells that draw and show nothing."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        shown = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        if (
            cell["cell_type"] == "code"
            and re.search(r"\.plot[_.]|\.animate", source)
            and not {"image/png", "text/html"} & shown
        ):
            yield source


def slow_cells(notebook):
    """The cells that took longer than a class likes to wait, with their seconds."""
    code = [
        cell
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    for number, cell in enumerate(code, start=1):
        times = cell["metadata"].get("execution", {})
        if "shell.execute_reply" in times and "iopub.execute_input" in times:
            start, end = (
                datetime.fromisoformat(times[key])
                for key in ("iopub.execute_input", "shell.execute_reply")
            )
            if (end - start).total_seconds() > PATIENCE:
                yield f"code cell {number}: {(end - start).total_seconds():.1f} s"


@pytest.mark.parametrize("lesson", LESSONS)
def test_all_editions_of_a_lesson_run(lesson, kernel, tmp_path):
    pytest.importorskip("nbmake", reason="python -m pip install '.[test]' brings it")
    editions = [FOLDER / notebook for notebook in NOTEBOOKS if Path(notebook).stem == lesson]
    done, copies = run_all(editions, kernel, tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(editions)} passed" in done.stdout
    assert [cell for copy in copies for cell in pictures_missing(copy)] == []
    for copy in (
        copies
    ):  # said, not demanded: the first cell that runs compiles the engine where nobody has yet
        print(copy.name.rpartition("notebooks+")[2], *slow_cells(copy), sep="; ")


def test_an_edition_whose_text_states_another_number_fails(kernel, tmp_path):
    pytest.importorskip("nbmake", reason="python -m pip install '.[test]' brings it")
    cell = {
        "cell_type": "code",
        "id": "one",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    cell["source"] = "import buzzsim as bz\nbz.teach.holds((12, 13.4))"
    broken = {
        "cells": [cell],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    }
    (tmp_path / "broken.ipynb").write_text(
        json.dumps({**broken, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    done, _ = run_all([tmp_path / "broken.ipynb"], kernel, tmp_path)
    assert done.returncode == 1
    assert "the text says 12, here it is 13 (13.4)" in done.stdout
