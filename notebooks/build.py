"""Write every edition of the lessons from their sources: `python notebooks/build.py`.

A source, `source/1-one-angry-customer.txt`, is a list of cells. A line `%% KIND TAGS` begins each
of them. KIND is `text`, `code` or `teacher`; cells of kind `teacher` make the teacher's page. Tags
choose editions: `en` or `fr` (neither: all languages), `student` or `solution` (neither: both).

In code, `{{one||other}}` stands for `one` in English and `other` in French (a line of `{{||other}}`
is French alone), `{{lang}}` for the language, `{{install}}` for what pip installs. A lesson is
written in French if its source holds French text.
"""

import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
KINDS = {"text": "markdown", "code": "code", "teacher": "teacher"}
TAGS = {"en", "fr", "student", "solution"}
INSTALL = "buzzsim"  # what pip installs, on Colab say; a copy of the repository has its own address
ABOUT = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def cells_of(source):
    """Give the cells of a source: kind, tags and content; says where one cannot be understood."""
    cells = []
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("%% "):
            kind, *tags = line[3:].split()
            if kind not in KINDS or not set(tags) <= TAGS:
                allowed = f"%% {'|'.join(KINDS)} and {', '.join(sorted(TAGS))}"
                raise SystemExit(f"{source.name}: line {number} is {line!r}; expected {allowed}")
            cells.append((kind, set(tags), []))
        elif cells:
            cells[-1][2].append(line)
        elif line.strip():
            raise SystemExit(f"{source.name}: line {number} stands before the first %%")
    return [(kind, tags, "\n".join(lines).strip("\n")) for kind, tags, lines in cells]


def in_language(text, language):
    """Choose the language within a cell of code."""
    if language == "en":
        text = re.sub(r"\n^\{\{\|\|.*\}\}$", "", text, flags=re.MULTILINE)
    text = text.replace("{{lang}}", language).replace("{{install}}", INSTALL)
    side = 1 if language == "en" else 2
    return re.sub(r"\{\{(.*?)\|\|(.*?)\}\}", lambda match: match[side], text)


def edition(cells, language, for_whom):
    """Give one edition as a notebook, without outputs."""
    written = []
    for kind, tags, content in cells:
        languages, readers = tags & {"en", "fr"}, tags & {"student", "solution"}
        is_for_others = readers and for_whom not in readers
        if kind == "teacher" or is_for_others or (languages and language not in languages):
            continue
        cell = {"cell_type": KINDS[kind], "id": f"cell-{len(written)}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
            content = in_language(content, language)
        written.append({**cell, "source": content.splitlines(keepends=True)})
    notebook = {"cells": written, "metadata": ABOUT, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def editions(folder=FOLDER):
    """Give what every file of every edition has to hold, by its path."""
    files = {}
    for source in sorted((folder / "source").glob("*.txt")):
        cells, name = cells_of(source), f"{source.stem}.ipynb"
        tags = set().union(*(tags for _, tags, _ in cells))
        for language in sorted(tags & {"en", "fr"}):
            files[folder / language / name] = edition(cells, language, "student")
            files[folder / language / "solutions" / name] = edition(cells, language, "solution")
        page = "\n\n".join(content for kind, _, content in cells if kind == "teacher")
        files[folder / "teachers" / f"{source.stem}.md"] = page + "\n"
    return files


if __name__ == "__main__":
    for path, text in editions().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(FOLDER.parent)}\n")
