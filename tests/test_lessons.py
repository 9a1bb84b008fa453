"""The lessons: one command writes them; they are short, they run, and their numbers hold."""

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

LONGEST_CELL = 14  # lines
MOST_CELLS = 12  # of code
PATIENCE = 5.0  # seconds a cell may take before the test says so
NUMBER = r"\d[\d,_\N{NARROW NO-BREAK SPACE}]*(?:[.,]\d+)?"


def cells(notebook, kind):
    every = json.loads(EDITIONS[FOLDER / notebook])["cells"]
    return ["".join(cell["source"]) for cell in every if cell["cell_type"] == kind]


def test_there_are_six_lessons():
    assert [name[0] for name in LESSONS] == list("123456")


def numbers(text):
    """Every number of a text in one spelling; a comma parts thousands, or is the French point."""
    thousands = r"[_\N{NARROW NO-BREAK SPACE}]|,(?=\d{3}(?!\d))"
    plain = (re.sub(thousands, "", number).rstrip(",") for number in re.findall(NUMBER, text))
    return {float(number.replace(",", ".")) for number in plain}


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
    solution = json.loads(build.edition(cells, "fr", "solution"))["cells"]
    assert ["".join(cell["source"]) for cell in solution] == ["a = 'oui'", "c", "d"]
    student = json.loads(build.edition(cells, "en", "student"))["cells"]
    assert ["".join(cell["source"]) for cell in student] == ["a = 'yes'", "b"]


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


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_number_that_the_text_states_stands_in_the_code(notebook):
    text = "\n".join(cells(notebook, "markdown"))
    text = re.sub(r"(?m)^#+ .*$|(lesson|leçon)s?\s\d", "", text)  # the lesson's own number
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


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A folder in which the kernel `python3` is this very Python."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    strict = ["-W", "error:::__main__"]
    argv = [sys.executable, *strict, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Python 3", "language": "python"}
    spec.write_text(json.dumps(about), encoding="utf-8")
    return folder


def run_all(notebooks, kernel, folder):
    """Run copies of notebooks with nbmake, in a process of its own; the copies keep the outputs."""
    names = [path.relative_to(path.anchor).as_posix().replace("/", "+") for path in notebooks]
    copies = [folder / name for name in names]
    for path, copy in zip(notebooks, copies, strict=True):
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    environment = {**os.environ, "JUPYTER_PATH": str(kernel), "IPYTHONDIR": str(kernel / "ipython")}
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--nbmake", "--nbmake-timeout=300", "--overwrite"]
    command += ["-c", os.devnull, "--rootdir", str(folder), *map(str, copies)]
    look = {"capture_output": True, "text": True, "encoding": "utf-8"}
    done = subprocess.run(command, cwd=folder, env=environment, timeout=1200, **look)
    return done, copies


def pictures_missing(notebook):
    """The cells that draw and show nothing."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        shown = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        draws = cell["cell_type"] == "code" and re.search(r"\.plot[_.]|\.animate", source)
        if draws and not {"image/png", "text/html"} & shown:
            yield source


def slow_cells(notebook):
    """The cells that took longer than a class likes to wait, with their seconds."""
    every = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in every if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, start=1):
        times = cell["metadata"].get("execution", {})
        ends = [times.get("iopub.execute_input"), times.get("shell.execute_reply")]
        if all(ends):
            start, end = map(datetime.fromisoformat, ends)
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
    for copy in copies:  # said, not demanded: the first cell that runs may compile the engine
        print(copy.name.rpartition("notebooks+")[2], *slow_cells(copy), sep="; ")


def test_an_edition_whose_text_states_another_number_fails(kernel, tmp_path):
    pytest.importorskip("nbmake", reason="python -m pip install '.[test]' brings it")
    code = "import buzzsim as bz\nbz.teach.holds((12, 13.4))"
    broken = build.edition([("code", set(), code)], "en", "student")
    (tmp_path / "broken.ipynb").write_text(broken, encoding="utf-8")
    done, _ = run_all([tmp_path / "broken.ipynb"], kernel, tmp_path)
    assert done.returncode == 1
    assert "the text says 12, here it is 13 (13.4)" in done.stdout
