"""The model's own pages, its ODD protocol and the table of its parameters.

The sentences of the protocol are in `odd.md` beside this file; its facts are taken from the code.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import resources
from types import ModuleType
from typing import Any

from buzzsim.model import parameters, rules, visibility
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import SECTIONS, all_parameters
from buzzsim.model.strategy import STRATEGIES, label_of
from buzzsim.model.tables import TRAITS
from buzzsim.network import GENERATORS, reproduction
from buzzsim.study.describe import as_written
from buzzsim.study.markdown import listed, table

_PARAMETERS = """\
# Every parameter

*Written by `python docs/build.py` from the code; do not edit this page.*

Every key that a scenario may set. *Grade*: **measured** in the source, **derived** from a
measurement or from the direction of an effect, an **assumption** that nobody has measured and that
is there to be varied, or a **choice** of the user. Short citations stand for the references in
[sources.md](sources.md); [odd.md](odd.md) says which rules use a key."""


def odd() -> str:
    """Write the ODD protocol as Markdown."""
    known = dict(all_parameters())
    keys = [[f"`{key}`", _default(key), p.meaning] for key, p in known.items()]
    graded = [
        [f"`{key}`", _default(key), p.meaning, p.grade, p.source]
        for key, p in known.items()
        if p.grade in ("measured", "derived")
    ]
    outcomes = [[f"`{o.name}`", o.unit, o.better, o.meaning] for o in OUTCOMES.values()]
    kinds = [f"- **{kind}.** {_opening(make)}" for kind, make in GENERATORS.items()]
    facts = {
        "patterns": table(["key", "default", "what", "grade", "source"], graded),
        "channels": listed(rules.CHANNELS),
        "stages": listed(rules.STAGES),
        "characters": listed(rules.CHARACTERS),
        "kinds": listed(rules.KINDS),
        "strategies": listed(map(label_of, STRATEGIES)),
        "tick": _default("time.tick"),
        "horizon": _default("time.horizon"),
        "customers": f"{known['network.customers'].default:,}",
        "order": str(inspect.getdoc(rules)).partition("\n\n")[2],  # without its title
        "outcomes": table(["outcome", "unit", "better if", "definition"], outcomes),
        "parameters": table(["key", "default", "what"], keys),
        "traits": listed(f"`{name}`" for name in TRAITS),
        "kernels": listed(parameters.KERNELS),
        "visibility": "\n".join(_rules(visibility)),
        "rules": "\n".join(_rules(rules)),
        "networks": "\n".join(kinds),
        "r0": inspect.getdoc(reproduction),
    }
    template = (resources.files("buzzsim.study") / "odd.md").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: str(facts[mark[1]]), template)


def parameter_table() -> str:
    """Write the table of all parameters as Markdown."""
    parts = [_PARAMETERS]
    for name, section in SECTIONS.items():
        rows = []
        for key, p in all_parameters():
            if key.startswith(f"{name}."):
                unit = "" if p.kind is list else p.unit  # a list's unit stands in `allowed`
                source = p.source or ("" if p.grade == "choice" else p.grade)
                default = as_written(p.default)
                rows.append([f"`{key}`", p.allowed, default, unit, p.meaning, p.grade, source])
        heads = ["key", "allowed", "default", "unit", "what", "grade", "source"]
        parts += [f"## {name}", str(section.__doc__), table(heads, rows)]
    heads = ["preset", "empathy", "explanation", "solution"]
    presets = [
        [f"`{name}`", *(f"{values[head]:g}" for head in heads[1:])]
        for name, values in parameters.PRESETS.items()
    ]
    about = "What `reply.preset` sets; all assumptions, in words of Coombs 2007 and of the column."
    return "\n\n".join([*parts, "## Ready replies", about, table(heads, presets)]) + "\n"


def _rules(module: ModuleType) -> Iterator[str]:
    """Give a line for each function of a module: its name, what it says, the keys that it uses."""
    keys = {key.replace(".", "_"): key for key, _ in all_parameters()}
    keys["share_probability"] = "joining.share_probability"
    for name, function in vars(module).items():
        if callable(function) and getattr(function, "__module__", "") == module.__name__:
            source = inspect.getsource(inspect.unwrap(function))
            used = dict.fromkeys(re.findall(r"\bp\.(\w+)", source))
            told = listed(f"`{keys[flat]}` ({_default(keys[flat])})" for flat in used)
            uses = f" Uses {told}." if used else ""
            yield f"- **{name}**: {_opening(function)}{uses}"


def _opening(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())


def _default(key: str) -> str:
    known = dict(all_parameters())[key]
    return as_written(known.default, "" if known.kind is list else known.unit)
