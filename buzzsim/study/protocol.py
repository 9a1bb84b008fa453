"""The model in words: its ODD protocol and the table of its parameters, written from the code that runs.

What a rule does, what a key means and how an outcome is defined is said where it lives, and only gathered here. By hand
are the sentences that join it, after Grimm et al. 2020. The scenario's own words for a paper are in `methods.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from buzzsim.model import parameters, rules
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import SECTIONS, Parameter, all_parameters
from buzzsim.model.strategy import LABELS
from buzzsim.model.tables import TRAITS
from buzzsim.study.markdown import table

COMMAND = "buzzsim describe --odd docs/odd.md --parameters docs/parameters.md"
_WRITTEN = f"*Written from the code by `{COMMAND}`; change the code, never this page.*"
_SECTION = re.compile(r"^# (?:-{10,} (?P<long>\w[\w ]*)|(?P<short>[A-Z][a-z]+))$")

PURPOSE = """\
**Purpose.** A customer complains about a brand where others can read it. The model tells how the criticism spreads through
a social network, and what changes when the brand says nothing, deletes, answers in public or takes the talk to a private
channel: on the same crowd, for the same complaint, with the same luck. It is a tool to think and to teach with, and to
find out which assumptions an advice hangs on; it does not forecast what will happen to a given brand.

**Patterns.** Most complaints stay small and a few become firestorms; cascades are shallow and most of them hang on the
first post; posts are forgotten within hours; brands answer about half of what is written, with a long tail of late answers.
How far the defaults come to these patterns is measured in `experiments/stylised/README.md`; most are missed.
These defaults are measured, or derived from a measurement or from the direction of an effect:"""

CUSTOMER = {
    "stage": "how far the customer is in the affair: {stages}; never left for a lower one",
    "character": "what kind of author the customer is: {characters}; fixed",
    "anger": "0 to 1; passes from posts to readers and decays",
    "attitude": "towards the brand, -1 to 1",
    "susceptibility": "how easily the customer joins; mean 1 over the crowd; fixed",
    "critics_seen": "distinct critics whose posts the customer noticed, counted up to `joining.cap`",
    "noticed": "when the customer first noticed a critical post",
    "joined": "when the customer became a critic",
    "recruited_by": "the post that won the customer",
    "protested": "whether the customer has protested against a removal",
    "talking": "whether the customer is in a private dialogue with the brand",
}
POST = {
    "author": "who wrote it",
    "tick": "when",
    "kind": "{kinds}",
    "intensity": "its author's anger when it was written; never changes",
    "thread": "what is written under it, as a log factor on the chance to join",
    "on_page": "whether it stands on the brand's own page, where it can be deleted",
    "end": "when it was removed or withdrawn",
    "multiplier": "how much more it is seen than others",
    "parent": "the post that gave rise to it: the one that won its author, of a repeat their first, else the one acted on",
}
ENTITIES = """\
**Entities.** Customers, the posts that they write, and one brand. Customers are the nodes of a network of ties; a tie
says whose posts reach whom. A post is noticed through {channels}.

**The brand** has a strategy ({strategies}), people on duty (`brand.staff`), a queue of cases, and the threads it has
written in. What it does with a case is limited by its coverage, its lag and its staff."""
SCALES = """\
**Scales.** Time goes in ticks of `time.tick` = {tick:g} hours up to `time.horizon` = {horizon:g} hours. Space is the network:
`network.customers` = {customers:,} customers unless a network is handed over."""

ORDER = """\
The order of a tick, as the rules themselves open (`buzzsim/model/rules.py`); names in backquotes are the rules of section 7."""

CONCEPTS = {
    "Basic principles": "Complaints spread as a cascade with a reproduction number (`joining.r0`, solved for on the network at "
    "hand), in which attention is scarce (`notice_mass`), anger moves people to join (`join_probability`) and a reply works "
    "through what it leaves for later readers (`thread_effect`) and for its author (`calming`).",
    "Emergence": "Size, course and shape of the buzz, and the order of the strategies, come out of single notices. No claim "
    "about strategies is built in: each comes out true or false by parameters alone (`tests/test_claims.py`).",
    "Adaptation": "Customers react to what they notice: they join (`join_probability`), defend (`defends`), post again "
    "(`repeats`, `reposts`), protest (`protests`), accept a talk (`accepts`). The brand's strategy is fixed for a run; one of "
    "somebody's own (`docs/strategies.md`) chooses case by case among the four, or waits, and may remember its own acts.",
    "Objectives": "Nobody maximises anything.",
    "Learning": "None. The public may remember earlier failures (`reply.prior_failures`), which is set and does not change.",
    "Prediction": "None, except that authors expect an answer within `brand.patience`, and readers a quality of reply "
    "(`reply.expectation`).",
    "Sensing": "Customers know only the posts that they noticed, and what stood under them at the start of the tick. The brand "
    "sees a post at all with chance `brand.coverage` (`is_handled`), after a lag (`lag`).",
    "Interaction": "Through posts alone: customers read each other's, and the brand removes them, writes under them, or talks "
    "to their authors. Cases compete for staff (`priority`, `work`).",
    "Stochasticity": "Every draw is a pure function of the replicate's key, of what it is for, and of whom and what it is about "
    "(`buzzsim/model/draws.py`). The strategy is not among the arguments, so the same customer is equally lucky under each "
    "(common random numbers).",
    "Collectives": "None are imposed; the network may bring communities (`network.kind`). The brand's page gathers "
    "visitors whoever they follow (`attention.page_visitors`), and the brand may have followers (`follows_brand`).",
    "Observation": "Each run is measured by these outcomes; their exact computation is `measure` in `buzzsim/model/outcomes.py`.",
}

INITIALISATION = """\
At the start all customers are unaware of the complaint. Each has a character (`character`), an attitude
(`first_attitude`), an anger (`first_anger`) and a susceptibility from a gamma law with mean 1
(`crowd.susceptibility_shape`). The complainants, chosen as `complaint.choice` says, have written one post each. The chance
to join is solved from `joining.r0` on the network at hand, before the run, unless `joining.share_probability` is given. A
run starts from these values, each of which a scenario may change; allowed values, grades and sources are in the
[table of parameters](parameters.md)."""

INPUT = """\
The model takes no time series. It may take a network (`network.file`: an edge list, GraphML or GEXF, or a graph handed over
in Python), whose nodes may carry {traits}."""

SUBMODELS = """\
Every rule, with its code, in the groups of `buzzsim/model/rules.py`: both engines, the compiled one and the one in Mesa, call
these functions. `p` holds the numbers of the scenario (`p.reply_empathy` is `reply.empathy`); the values named are the
defaults. How a post fades comes first, since the rules on visibility build on it (`buzzsim/model/visibility.py`)."""

AROUND = """\
The rules are asked about one notice, one author or one case at a time. Around them:

- **A post appears** in the tick in which its author acts, with their anger of that moment as its `intensity`, and stands on the
  brand's page with chance `page_probability`. Its audience are the followers of its author and, on the page, visitors:
  `attention.page_visitors` customers drawn with replacement from the whole crowd, of whom the author, followers and doubles are
  left out. For each of the audience `notice_age` is drawn once, and rounded up (`ticks`), so that nobody reads a post in the tick
  in which it appears. Its author may take it back after `life`. Nobody notices a post twice.
- **Whether a reader joins** is drawn for each critical post that they notice, whatever its author, with the number of distinct
  critics seen by then and the anger and attitude that the tick left. Who is won by several at once counts for the oldest post (of
  one tick, that of the smaller author number). Advocates defend likewise, under each post by itself.
- **A critic** has occasions to post again from joining on, one every `repeat_gap` hours whatever their anger; `repeats` decides on
  each. With `brand.resentment` they wait for `brand.patience`, from joining on, for anything that the brand does about their first
  critical post. Critics and former critics go on reading, and are moved by it.
- **A case** is opened for each critical post that the strategy `concerns` and that `is_handled`, `lag` hours after the post
  (`lag_ticks`). It waits until somebody is free; whoever was free first takes the first by `priority`. A case that is no
  longer `is_open` when its turn comes is dropped without work; rounds of a private talk go on even where the post is gone.
- **A removed post** is gone from the next tick on; who was due to read it in this one has done so. All who ever noticed it are its
  witnesses. The author `reposts` by the anger that the removal left. Reposts and protests are posts about a removal; they appear
  in the next tick.
- **A public reply** changes the `thread`, then calms the author with the post's `heat_of` so far, may solve the case (without
  the post being taken back or marked), and makes the thread young again (`reply.bump`): a second wave of looks is drawn for the
  whole audience (`second_notice_age`), and counts for those whom it reaches before the first would (`comes_sooner`). Followers
  of the brand, drawn once in a run, who are not of the audience come by as if the post were new (`notice_age`, from the reply on).
- **An invitation** to talk stands under the post for all who read it from then on. If it is accepted, a round follows after
  `private.round_time`, which waits for staff like any case, and so on until the case is solved or no round `goes_on`. Each
  round calms the author without an audience. In the end the post is taken back or marked as solved, or the author is
  disappointed (`failed_anger`) and perhaps posts again in the next tick.
- **Who is solved**, in public or private, has `solved_anger` left, is reconciled, and may thank the brand in the next tick.
- **A witness who protests** becomes a critic with that post, as others do with their first.
- **Rounded up** to ticks (`ticks`) are the ages of notices, `life`, `brand.patience`, `private.round_time`, and the time from
  joining to each occasion to post again (the sum of the gaps, not each); to the nearest tick the lag; work is not rounded."""

NETWORKS = """\
How the networks are made that `network.kind` names (`buzzsim/network/generators.py`; references in [sources.md](sources.md))."""

R0_SOLVED = """\
The share probability is the one at which this number is `joining.r0`. The functions, from `buzzsim/network/reproduction.py`; `s`, `luck`
and `hour` are Gauss-Legendre points of the laws of susceptibility and attitude and of the hours after joining, each with its
weights, and `rules` are those above."""

PARAMETERS = """\
Every key that a scenario may set. *Grade*: **measured** in the source, **derived** from a measurement or from the direction
of an effect, an **assumption** that nobody has measured and that is there to be varied, or a **choice** of who asks. Short
citations stand for the references in [sources.md](sources.md); the rules that use a key are in [odd.md](odd.md)."""


@dataclass(frozen=True)
class Rule:
    """One function of a module as its source has it."""

    group: str
    name: str
    arguments: tuple[str, ...]
    text: str
    code: str
    keys: tuple[str, ...]


def odd() -> str:
    """Write the ODD protocol as Markdown.

    Examples
    --------
    >>> odd().splitlines()[0]
    '# The model: ODD protocol'
    """
    made = {rule.name: rule for rule in rules_of("network/generators.py")}
    parts = [
        "# The model: ODD protocol",
        _WRITTEN,
        "After Grimm et al. 2020 (see [sources.md](sources.md)): overview, design concepts, details.",
        *("## 1. Purpose and patterns", PURPOSE, _patterns()),
        *("## 2. Entities, state variables and scales", *_entities()),
        *("## 3. Process overview and scheduling", ORDER, _docstring("model/rules.py")),
        *(
            "## 4. Design concepts",
            *(f"**{name}.** {text}" for name, text in CONCEPTS.items()),
            _outcomes(),
        ),
        *("## 5. Initialisation", INITIALISATION, *_start()),
        *("## 6. Input data", INPUT.format(traits=_several(f"`{name}`" for name in TRAITS))),
        *(
            "## 7. Submodels",
            SUBMODELS,
            "### Around the rules",
            AROUND,
            "### How a post fades",
            _constants("model/visibility.py"),
        ),
        *(_written(rule) for rule in rules_of("model/visibility.py")),
        *("### Words of the rules", _constants("model/rules.py")),
        *_groups(rules_of("model/rules.py")),
        *(
            "### Networks",
            NETWORKS,
            *(f"- **{kind}.** {made[kind].text}" for kind in parameters.NETWORKS if kind != "file"),
        ),
        *("### R0, and the chance to join", _docstring("network/reproduction.py"), R0_SOLVED),
        *(
            _written(rule)
            for rule in rules_of("network/reproduction.py")
            if rule.name != "typical_r0"
        ),  # which only asks `_r0`
    ]
    return "\n\n".join(parts) + "\n"


def parameter_table() -> str:
    """Write the table of all parameters as Markdown.

    Examples
    --------
    >>> "| `reply.empathy` | 0 to 1 | 0.7 |" in parameter_table()
    True
    """
    parts = ["# Every parameter", _WRITTEN, PARAMETERS]
    for name, section in SECTIONS.items():
        rows = [_row(key, p) for key, p in _of_section(name)]
        heads = ["key", "allowed", "default", "unit", "what", "grade", "source"]
        parts += [f"## {name}", str(section.__doc__), table(heads, rows)]
    parts += [
        "## Ready replies",
        "What `reply.preset` sets; assumptions all, in words of Coombs 2007 and of the column.",
    ]
    heads = ["empathy", "explanation", "solution"]
    presets = [
        [f"`{name}`", *(f"{values[head]:g}" for head in heads)]
        for name, values in parameters.PRESETS.items()
    ]
    parts += [table(["preset", *heads], presets)]
    return "\n\n".join(parts) + "\n"


def rules_of(file: str) -> list[Rule]:
    """Read the functions of a module that say what they do from its source, in their order."""
    source = _source(file)
    lines = source.splitlines()
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [_rule(node, lines) for node in functions if ast.get_docstring(node)]


def _rule(node: ast.FunctionDef, lines: Sequence[str]) -> Rule:
    """Take one function to pieces; its group is the last section comment above it."""
    group = ""
    for line in lines[: node.lineno]:
        found = _SECTION.match(line)
        group = (found["long"] or found["short"]).strip() if found else group
    used = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "p"
    }
    keys = tuple(
        key
        for key, _ in all_parameters()
        if key.replace(".", "_") in used or key.removeprefix("joining.") in used
    )
    body = lines[node.body[1].lineno - 1 : node.end_lineno]
    code = "\n".join(line[4:] for line in body)
    return Rule(
        group,
        node.name,
        tuple(arg.arg for arg in node.args.args),
        ast.get_docstring(node) or "",
        code,
        keys,
    )


def _groups(found: Iterable[Rule]) -> Iterator[str]:
    """Write rules under a heading for each group."""
    last = ""
    for rule in found:
        if rule.group != last:
            last = rule.group
            yield f"### {last[0].upper()}{last[1:]}"
        yield _written(rule)


def _written(rule: Rule) -> str:
    """Write one rule: its name, what it says of itself, the keys that it uses, its code."""
    known = dict(all_parameters())
    used = _several(f"`{key}` ({_default(known[key])})" for key in rule.keys)
    said = f"**`{rule.name}({', '.join(rule.arguments)})`.** {rule.text}" + (
        f"\n\nUses {used}." if used else ""
    )
    return f"{said}\n\n```python\n{rule.code}\n```"


def _patterns() -> str:
    """List what stands on a measurement."""
    graded = [(key, p) for key, p in all_parameters() if p.grade in ("measured", "derived")]
    return table(["key", "default", "what", "grade", "source"], [
        [f"`{key}`", _default(p), p.meaning, p.grade, p.source] for key, p in graded
    ])  # fmt: skip


def _entities() -> Iterator[str]:
    """Write the entities, their state variables, and the scales."""
    known: dict[str, Any] = {key: p.default for key, p in all_parameters()}
    words = {
        "stages": rules.STAGES,
        "characters": rules.CHARACTERS,
        "kinds": rules.KINDS,
        "channels": rules.CHANNELS,
    }
    said = {key: _several(values) for key, values in words.items()} | {
        "strategies": _several(LABELS.values())
    }
    yield ENTITIES.format(**said)
    for title, variables in (("A customer has", CUSTOMER), ("A post has", POST)):
        rows = [[f"`{name}`", text.format(**said)] for name, text in variables.items()]
        yield f"**{title}**\n\n{table(['variable', 'what'], rows)}"
    yield SCALES.format(
        tick=known["time.tick"], horizon=known["time.horizon"], customers=known["network.customers"]
    )


def _outcomes() -> str:
    """Write the definitions of all outcomes."""
    rows = [
        [f"`{outcome.name}`", outcome.unit, outcome.better, outcome.meaning]
        for outcome in OUTCOMES.values()
    ]
    return table(["outcome", "unit", "better if", "definition"], rows)


def _start() -> Iterator[str]:
    """Write what every key is at the start, by section."""
    for name, section in SECTIONS.items():
        rows = [[f"`{key}`", _default(p), p.meaning] for key, p in _of_section(name)]
        yield f"**{name}.** {section.__doc__}\n\n{table(['key', 'default', 'what'], rows)}"


def _of_section(name: str) -> list[tuple[str, Parameter]]:
    return [(key, p) for key, p in all_parameters() if key.startswith(f"{name}.")]


def _default(parameter: Parameter, unit: bool = True) -> str:
    """Write a default as a scenario file has it; what is left out, as such."""
    value = parameter.default
    if value is None:
        return "solved"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, tuple)):
        return str(value or "none")
    said = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    one = parameter.unit.removesuffix("s") if value == 1 else parameter.unit
    return f"{said} {one}".strip() if unit else said


def _row(key: str, p: Parameter) -> list[str]:
    """Write all that is known of a key."""
    unit = (
        "" if p.kind is list else p.unit
    )  # a list's unit says what it holds, and so does `allowed`
    source = p.source or ("" if p.grade == "choice" else p.grade)
    return [f"`{key}`", p.allowed, _default(p, unit=False), unit, p.meaning, p.grade, source]


def _constants(file: str) -> str:
    """Write what a module holds above its functions, comments and all."""
    source = _source(file)
    nodes = ast.parse(source).body
    last_import = max(
        node.end_lineno or 0 for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))
    )
    last = max(node.end_lineno or 0 for node in nodes if isinstance(node, ast.Assign))
    code = "\n".join(source.splitlines()[last_import:last])
    return f"```python\n{code.strip()}\n```"


def _docstring(file: str) -> str:
    return ast.get_docstring(ast.parse(_source(file))) or ""


def _source(file: str) -> str:
    return (resources.files("buzzsim") / file).read_text(encoding="utf-8")


def _several(words: Iterable[str]) -> str:
    """Join words with commas and an "and"."""
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last
