"""Notebooks run from top to bottom, hold no outputs, and state no number that they do not check."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
LONGEST = 10  # cells

# Put before the first cell of the copy that is run: warnings of buzzsim and of its own are errors.
STRICT = r'import warnings; warnings.filterwarnings("error", module=r"(buzzsim|__main__)(\.|$)")'
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells.insert(0, nbformat.v4.new_code_cell(sys.argv[2]))
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
"""


def cells(notebook, kind):
    every = json.loads((FOLDER / notebook).read_text(encoding="utf-8"))["cells"]
    return [cell for cell in every if cell["cell_type"] == kind]


def text(notebook, kind):
    return "\n".join("".join(cell["source"]) for cell in cells(notebook, kind))


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """A folder in which the kernel `python3` is this very Python."""
    folder = tmp_path_factory.mktemp("jupyter")
    kernel = folder / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Python 3", "language": "python"}
    kernel.write_text(json.dumps(about), encoding="utf-8")
    return folder


def executed(notebook, kernels, folder):
    """Run a notebook in a process of its own, so that warnings of Jupyter are not ours."""
    missing = [part for part in ("nbclient", "ipykernel") if importlib.util.find_spec(part) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed; python -m pip install '.[test]' does")
    places = {"JUPYTER_PATH": str(kernels), "IPYTHONDIR": str(kernels / "ipython")}
    environment = {**os.environ, **places}
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, "-c", EXECUTE, str(notebook), STRICT]
    look = {"capture_output": True, "text": True, "encoding": "utf-8"}
    return subprocess.run(command, cwd=folder, env=environment, timeout=600, **look)


def test_there_is_a_first_look():
    assert "first-look.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_runs(notebook, kernels, tmp_path):
    done = executed(FOLDER / notebook, kernels, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_notebook_that_warns_or_states_another_number_fails(kernels, tmp_path):
    for line, why in (
        ("import warnings; warnings.warn('careful')", "UserWarning"),
        ("assert 12 == 13", "AssertionError"),
    ):
        empty = {"execution_count": None, "metadata": {}, "outputs": []}
        cell = {"cell_type": "code", "id": "one", "source": line, **empty}
        broken = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / "broken.ipynb").write_text(json.dumps(broken), encoding="utf-8")
        done = executed(tmp_path / "broken.ipynb", kernels, tmp_path)
        assert done.returncode != 0
        assert why in done.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_no_outputs_are_stored(notebook):
    for cell in cells(notebook, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_number_in_the_text_is_checked_by_the_code(notebook):
    stated = re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", text(notebook, "markdown"))
    checked = re.findall(r"\d[\d_]*(?:\.\d+)?", text(notebook, "code"))
    stated = {number.replace(",", "") for number in stated}
    assert stated - {number.replace("_", "") for number in checked} == set()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_lesson_is_short(notebook):
    assert len(cells(notebook, "code")) + len(cells(notebook, "markdown")) <= LONGEST


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_kernel_is_the_one_every_python_has(notebook):
    about = json.loads((FOLDER / notebook).read_text(encoding="utf-8"))["metadata"]
    assert about["kernelspec"]["name"] == "python3"
