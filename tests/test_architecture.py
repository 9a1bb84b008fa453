"""The house: which room stands on which floor, where each heavy guest lives, what nobody does.

All of it is read from the sources, except what `import buzzsim` loads.
"""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import buzzsim
from buzzsim.model.parameters import NUMBERS, SECTIONS, all_parameters

HOUSE = Path(buzzsim.__file__).parent

# A room imports only from floors below its own; inside a room nobody imports in a circle.
FLOORS = [
    ["errors", "compiled", "progress"],
    ["files"],
    ["model"],
    ["network"],
    ["agents", "engine", "pictures"],
    ["study"],
    ["sweep", "teach", "testing"],
    ["cli"],
    ["__init__", "__main__"],
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Each heavy guest has its rooms.
GUESTS = {
    "numba": {"compiled"},
    "llvmlite": {"compiled"},
    "networkx": {"network"},
    "mesa": {"agents"},
    "matplotlib": {"pictures", "cli"},  # `cli` only chooses the backend that needs no screen
    "pandas": {"network", "study", "sweep"},
    "scipy": {"network", "study", "sweep"},
    "tqdm": {"progress"},
    "xarray": {"sweep"},
    "pyarrow": {"sweep"},
}

SOURCES = {
    path.relative_to(HOUSE).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(HOUSE.rglob("*.py"))
}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}
FILES = sorted(SOURCES)


def home(file):
    """The module of the plan that a file belongs to."""
    return file.split("/")[0].removesuffix(".py")


def imports(file):
    """Everything a file imports, with dots: inside functions and for types too."""
    found = []
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
    return found


def functions(file):
    """Every function of a file by its name, methods with the name of their class."""
    found = {}
    for place in ast.walk(TREES[file]):
        for node in ast.iter_child_nodes(place):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[
                    f"{place.name}.{node.name}" if isinstance(place, ast.ClassDef) else node.name
                ] = node
    return found


# -------------------------------------------------------------------------------------------- rooms


@pytest.mark.parametrize("file", FILES)
def test_rooms_import_only_from_floors_below(file):
    for name in imports(file):
        if name == "buzzsim" or name.startswith("buzzsim."):
            other = [*name.split("."), "__init__"][1]
            assert other in FLOOR, f"{file} imports {name}: name the module, not the package"
            assert other == home(file) or FLOOR[other] < FLOOR[home(file)], f"{file} imports {name}"


def test_inside_a_folder_nobody_imports_in_circles():
    files = {file.removesuffix(".py").replace("/", "."): file for file in FILES}
    graph = {}
    for module, file in files.items():
        names = [f"{name}." for name in imports(file)]
        graph[module] = {
            other for other in files if any(name.startswith(f"buzzsim.{other}.") for name in names)
        } - {module}
    assert len(list(TopologicalSorter(graph).static_order())) == len(files)


@pytest.mark.parametrize("file", FILES)
def test_imports_name_their_module_in_full(file):
    assert not [name for name in imports(file) if name.startswith(".") or name.endswith(".*")]


@pytest.mark.parametrize("file", FILES)
def test_heavy_guests_stay_in_their_rooms(file):
    for name in imports(file):
        guest = name.split(".")[0]
        assert home(file) in GUESTS.get(guest, {home(file)}), f"{file} imports {name}"


def test_importing_buzzsim_loads_no_heavy_guest_that_is_not_needed():
    guests = [
        "mesa",
        "matplotlib",
        "networkx",
        "solara",
        "scipy",
        "xarray",
        "IPython",
        "numba",
        "pandas",
        "numpy",
        "pyarrow",
    ]
    code = f"import sys, buzzsim; print([guest for guest in {guests} if guest in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE.parent
    )
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_surface_has_a_home():
    assert sorted(buzzsim.__all__) == sorted(buzzsim._HOMES)
    for name in buzzsim.__all__:
        assert getattr(buzzsim, name).__name__ == name
        assert name in dir(buzzsim)
    with pytest.raises(AttributeError, match="no attribute 'compere'"):
        _ = buzzsim.compere


# -------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("file", FILES)
def test_a_module_is_a_noun_of_its_own(file):
    assert not re.search(r"(^|[/_])(utils?|helpers?|commons?|misc|base|core)(_|/|\.py$)", file)


@pytest.mark.parametrize("file", FILES)
def test_a_module_opens_with_a_sentence(file):
    assert ast.get_docstring(TREES[file]), file
    assert ast.get_docstring(TREES[file]).split("\n\n")[0].rstrip().endswith((".", ":"))


# ------------------------------------------------------------------------------------------ habits


def is_alias(value):
    """Whether a value is only another name for a type."""
    return isinstance(value, (ast.Subscript, ast.Name, ast.Attribute)) or (
        isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    )


def assigned(node):
    """The plain names that a statement gives a value, and the value."""
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, (ast.AnnAssign, ast.AugAssign))
        else []
    )
    names = [
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    ]
    return names, getattr(node, "value", None)


@pytest.mark.parametrize("file", FILES)
def test_modules_hold_constants_and_no_state(file):
    for node in TREES[file].body:
        names, value = assigned(node)
        for name in names:
            constant = re.fullmatch(r"_?[A-Z][A-Z0-9_]*", name) or name == "__all__"
            assert constant or is_alias(value), f"{file}: {name} is no constant"


@pytest.mark.parametrize("file", FILES)
def test_no_function_changes_what_its_module_holds(file):
    held = {name for node in TREES[file].body for name in assigned(node)[0]}
    changers = {
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "clear",
        "remove",
        "discard",
        "sort",
    }
    for function in functions(file).values():
        if (file, function.name) in (
            ("model/strategy.py", "keep"),
            ("model/strategy.py", "register_strategy"),
            ("pictures/words.py", "speak"),
        ):
            continue  # the register of strategies, and the language of pictures
        for node in ast.walk(function):
            assert not isinstance(node, ast.Global), (
                f"{file}: {function.name} changes a module's state"
            )
            changed = None
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in changers
            ):
                changed = node.func.value
            elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(
                node.ctx, (ast.Store, ast.Del)
            ):
                changed = node.value
            assert not (isinstance(changed, ast.Name) and changed.id in held), (
                f"{file}: {function.name} changes {ast.unparse(changed)}"
            )


@pytest.mark.parametrize("file", FILES)
def test_chance_comes_from_draws_alone(file):
    """NumPy's generators only make a key; Mesa's and Python's are never drawn from."""
    if file == "testing.py":  # it watches that nobody else throws dice
        return
    assert not {"random", "secrets", "uuid"} & {name.split(".")[0] for name in imports(file)}
    assert not any(name.startswith("numpy.random") for name in imports(file))
    allowed = set()
    if file == "model/draws.py":
        allowed = {
            id(node)
            for name in ("entropy_of", "key_of")
            for node in ast.walk(functions(file)[name])
        }
    drawing = {"shuffle", "shuffle_do", "select_random_agent", "select_random_cell"}
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Attribute) and id(node) not in allowed:
            assert not (node.attr == "random" and ast.unparse(node.value) in ("np", "numpy")), (
                f"{file}: line {node.lineno}"
            )
            from_mesa = isinstance(node.value, ast.Attribute) and node.value.attr in (
                "random",
                "rng",
            )
            assert not from_mesa, f"{file}: line {node.lineno} draws from Mesa's generator"
            assert node.attr not in drawing, (
                f"{file}: line {node.lineno} draws from Mesa's generator"
            )


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_read_from_the_environment_and_types_alone_are_asserted(file):
    for node in ast.walk(TREES[file]):
        assert not (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")), (
            f"{file}: line {node.lineno}"
        )
        assert not isinstance(node, ast.Assert) or ast.unparse(node.test).startswith(
            "isinstance("
        ), f"{file}: line {node.lineno}"
        assert not (isinstance(node, ast.ExceptHandler) and node.type is None), (
            f"{file}: line {node.lineno}"
        )


# -------------------------------------------------------------------------------- one set of rules


def calls(tree, module=None):
    """Names called in a tree: plain ones, or those of a module."""
    found = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == module
        ):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and module is None:
            found.add(node.id)
    return found


def rules_used_by(*homes):
    """Every rule that these modules call, and those that the rules call in turn."""
    known = functions("model/rules.py")
    used, fresh = (
        set(),
        {name for file in FILES if home(file) in homes for name in calls(TREES[file], "rules")},
    )
    while fresh:
        used |= fresh
        fresh = {name for rule in fresh if rule in known for name in calls(known[rule])} - used
    return used & set(known)


def test_rules_are_used_by_their_full_name():
    """So that the next two tests see them."""
    imported = {
        name for file in FILES for name in imports(file) if name.startswith("buzzsim.model.rules.")
    }
    assert imported <= {"buzzsim.model.rules.ticks"}


def test_every_rule_is_called_by_the_engine():
    assert set(functions("model/rules.py")) - rules_used_by("engine") == set()


def test_every_rule_is_called_by_the_mesa_model():
    sieve = {
        "noticed_by"
    }  # spares the engine a logarithm for each reader who never looks; no decision hangs on it
    assert set(functions("model/rules.py")) - rules_used_by("agents") - sieve == set()


def test_every_rule_is_held_against_what_it_says():
    """Alone, not only somewhere within a run."""
    tree = ast.parse((Path(__file__).parent / "test_rules.py").read_text(encoding="utf-8"))
    assert set(functions("model/rules.py")) - calls(tree, "rules") == set()


def test_rules_know_nothing_but_the_numbers():
    assert {name.split(".")[0] for name in imports("model/rules.py")} == {
        "__future__",
        "math",
        "buzzsim",
    }
    assert {name for name in imports("model/rules.py") if name.startswith("buzzsim")} == {
        "buzzsim.compiled.compiled",
        "buzzsim.model.parameters.Numbers",
        "buzzsim.model.visibility",
    }


def test_every_number_of_a_scenario_is_used_by_a_rule_or_an_engine():
    """A parameter that moves nothing is a promise not kept."""
    text = "\n".join(
        SOURCES[file]
        for file in FILES
        if file not in ("model/parameters.py", "study/describe.py", "study/protocol.py")
    )
    for name in NUMBERS.names:
        section, _, leaf = name.partition("_")
        assert re.search(rf"\bp\.{name}\b", text) or re.search(rf"\b{section}\.{leaf}\b", text), (
            name
        )


def test_parameters_have_one_flat_name_each():
    flat = [key.replace(".", "_") for key, _ in all_parameters()]
    assert len(flat) == len(set(flat)) == len({key for key, _ in all_parameters()})
    assert len(set(NUMBERS.names)) == len(NUMBERS.names)
    assert not any(other.startswith(f"{section}_") for section in SECTIONS for other in SECTIONS)


def test_every_parameter_says_what_it_means_and_where_it_comes_from():
    for key, parameter in all_parameters():
        assert parameter.meaning, key
        assert parameter.grade in ("measured", "derived", "assumption", "choice"), key
        assert parameter.source or parameter.grade in ("choice", "assumption"), (
            f"{key} is {parameter.grade} and names no source"
        )
