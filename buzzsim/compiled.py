"""The one way to compile: numba without Python objects, and a cache that notices changed rules.

Numba keeps machine code on disk, but watches only the file in which a function stands: a rule
changed in another file would go unnoticed. Here the name of the cache folder is a digest of all
compiled sources, so a changed rule gets a new folder. A file in it is used only if its checksum is
right.

Numba passes each array of a named tuple as seven values, in every call. A `bundle` is passed as one
pointer, to a list of where its arrays begin and how long they are.
"""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, cached_property, reduce, update_wrapper
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=type)

_UNCOMPILED = bool(config.DISABLE_JIT)
_PACKAGE = Path(__file__).parent
_ONE_AT_A_TIME = threading.Lock()

# ----------------------------------------------------------------------- the digest of the sources

_WORDS = {"annotation", "simple", "returns", "ctx", "kind", "type_params", "type_comment"}


def digest_of(sources: Mapping[str, str]) -> str:
    """Name Python sources by what they do: words, comments, types and line breaks do not count.

    Parameters
    ----------
    sources : mapping of str to str
        The text of each file, by its path.

    Returns
    -------
    str
        Sixteen hexadecimal digits, the same under every Python.

    Examples
    --------
    >>> digest_of({"a.py": "x = 1  # one"}) == digest_of({"a.py": "x: int = 1"})
    True
    """
    parts: list[str] = []
    for path in sorted(sources):
        parts.append(path)
        _take_apart(ast.parse(sources[path]), parts)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _take_apart(node: Any, parts: list[str]) -> None:
    if isinstance(node, list):
        parts.append("[")  # brackets, or a line could leave its block unnoticed
        for item in node:
            _take_apart(item, parts)
        parts.append("]")
    elif not isinstance(node, ast.AST):
        parts.append(repr(node))
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):  # a docstring
        parts.append("(Assign" if isinstance(node, ast.AnnAssign) else f"({type(node).__name__}")
        for field in node._fields:
            if field not in _WORDS:
                child = getattr(node, field, None)
                is_target = isinstance(node, ast.AnnAssign) and field == "target"
                _take_apart([child] if is_target else child, parts)  # as `Assign` has it
        parts.append(")")


def _name_of_sources() -> str:
    texts = {}
    for path in _PACKAGE.rglob("[!.]*.py"):  # an editor's own files begin with a dot
        data = path.read_bytes() if path.is_file() else b""
        if b"@compiled" in data:
            texts[path.relative_to(_PACKAGE).as_posix()] = data.decode("utf-8")
    return digest_of(texts)


SOURCES = _name_of_sources()
"""Digest of all files that hold compiled functions."""

# ------------------------------------------------------------------------------- the cache on disk


@cache
def cache_folder() -> Path | None:
    """Give the folder for what these sources made; None where none can be written.

    Folders of other sources in which nothing was compiled for a month are removed.
    """
    places = [Path(config.CACHE_DIR)] if config.CACHE_DIR else []
    places.append(_PACKAGE / "__pycache__")
    with suppress(RuntimeError):  # nobody's home
        places.append(Path.home() / ".cache" / "buzzsim")
    for place in places:
        folder = place / f"buzzsim-{SOURCES}"
        try:
            if not folder.exists():
                _remove_old(place)
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _remove_old(place: Path) -> None:
    """Remove the folders of other sources that have not changed for a month."""
    month_ago = time.time() - 30 * 86_400
    for folder in place.glob("buzzsim-*"):
        if re.fullmatch(r"buzzsim-[0-9a-f]{16}", folder.name) and folder.is_dir():
            if max(file.stat().st_mtime for file in (folder, *folder.iterdir())) < month_ago:
                shutil.rmtree(folder, ignore_errors=True)


def is_whole(file: Path) -> bool:
    """Whether a file is as it was when `seal` wrote its checksum."""
    try:
        return _checksum(file) == _seal_of(file).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False


def seal(file: Path) -> None:
    """Write the checksum of a file beside it, if the disk has room."""
    with suppress(OSError):
        _seal_of(file).write_text(_checksum(file), encoding="ascii")


def _checksum(file: Path) -> str:
    with file.open("rb") as data:
        return file.name + hashlib.file_digest(data, "sha256").hexdigest()


def _seal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


# --------------------------------------------------------------------------------------- compiling

_FROM_PYTHON = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
_INSIDE = {"no_cpython_wrapper": True, **_FROM_PYTHON}


def compiled(function: F) -> F:
    """Compile a function on first use, keep the machine code on disk, run it without Python's lock.

    Where no folder can be written the machine code lasts as long as the process. With
    `NUMBA_DISABLE_JIT=1` in the environment the function stays Python: a thousand times slower, for
    debuggers and mutation testing.
    """
    return function if _UNCOMPILED else cast("F", Compiled(function))


class Compiled:
    """One function compiled twice: `door` for calls from Python, `inner` for compiled callers."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        self._known = 0  # signatures whose files have their checksums
        update_wrapper(self, function)

    @cached_property
    def inner(self) -> Any:
        """What other compiled functions call."""
        return njit(**_INSIDE)(self.py_func)

    @cached_property
    def door(self) -> Any:
        """What Python calls, kept on disk where there is a folder."""
        folder = cache_folder()
        if folder is not None:
            with _ONE_AT_A_TIME:  # numba takes the folder from a variable of the whole process
                before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
                try:
                    door = njit(cache=True, **_FROM_PYTHON)(self.py_func)
                    if folder in Path(door.stats.cache_path).parents:
                        for file in self._files(door, "nb[ci]"):
                            if not is_whole(file):
                                file.unlink(missing_ok=True)
                        return door
                except (RuntimeError, OSError):  # no place, or a damaged file that stays
                    pass
                finally:
                    config.CACHE_DIR = before
        return njit(**_FROM_PYTHON)(self.py_func)

    def __call__(self, *args: Any) -> Any:
        """Call the machine code; compile first if these types are new."""
        door = self.door
        try:
            result = door(*args)
        except OSError:  # the disk is full, but the machine code is there
            result = door(*args)
        if len(door.overloads) > self._known:
            self._seal()
        return result

    def _seal(self) -> None:
        """Write the checksums of this function's files, if it was compiled and not only loaded."""
        self._known = len(self.door.overloads)
        for file in self._files(self.door, "nb[ci]") if self.door.stats.cache_misses else ():
            seal(file)

    @property
    def is_on_disk(self) -> bool:
        """Whether this function was compiled before, for this Python."""
        return bool(self._files(self.door, "nbc"))

    def _files(self, door: Any, ending: str) -> list[Path]:
        """List the files on disk that hold this function as it stands now, for this Python."""
        folder, code = door.stats.cache_path, self.py_func.__code__
        version = f"py{sys.version_info.major}{sys.version_info.minor}"
        name = f"*.{code.co_name}-{code.co_firstlineno}.{version}*.{ending}"
        return [*Path(folder).glob(name)] if folder else []

    def __repr__(self) -> str:
        return f"<compiled {self.py_func.__name__}>"


class _Call(types.Dispatcher):
    """The type of a compiled function; whole numbers of any width share one machine code."""

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Give the signature of a call; numba asks for the same one many times."""
        kinds = tuple(_wide(kind) for kind in args)
        known = self.__dict__.setdefault("known", {})
        if kinds not in known:
            known[kinds] = super().get_call_type(context, kinds, kws)
        return known[kinds]


register_model(_Call)(models.OpaqueModel)


def _wide(kind: Any) -> Any:
    """Give the type that stands for a literal number, or a narrow column's: signed 64 bits."""
    plain = types.unliteral(kind)
    is_signed = isinstance(plain, types.Integer) and getattr(plain, "signed", False)
    return types.int64 if is_signed else plain


@typeof_impl.register(Compiled)
def _type_of_compiled(value: Compiled, context: Any) -> Any:
    return _Call(value.inner)


def is_loaded(function: Any) -> bool:
    """Whether a function is ready in this process: compiled, or never to be."""
    return _UNCOMPILED or bool(function.door.signatures)


def is_warm(function: Any) -> bool:
    """Whether a function has been compiled before, in this process or in an earlier one."""
    return is_loaded(function) or bool(function.is_on_disk)


# ----------------------------------------------------------------------------------------- bundles

TESTED = (0, 68)
"""The newest numba that bundles were tested with."""
_WORD = ir.IntType(64)


class Bundle(types.Type):
    """The type of a named tuple of C-contiguous arrays and records; its name is short."""

    def __init__(self, name: str, arrays: tuple[tuple[str, Any, int], ...]) -> None:
        self.fields = {}  # name: type, bytes of an item, place of the address before the lengths
        self.size = 0
        for field, kind, itemsize in arrays:
            self.fields[field] = kind, itemsize, self.size
            self.size += 1 + getattr(kind, "ndim", 0)
        code = hashlib.sha256(repr(arrays).encode()).hexdigest()[:16]
        super().__init__(f"{name}_{code}")


def bundle(cls: T) -> T:
    """Let compiled code take a named tuple of arrays as one pointer, where this numba lets us."""
    if not _knows_bundles():
        return cls
    _register(cls)
    return cls


@cache
def _knows_bundles() -> bool:
    """Whether a bundle works with this numba: tried where it is newer than those tested."""
    version = tuple(int(part) for part in re.findall(r"\d+", numba.__version__)[:2])
    if _UNCOMPILED:
        return False

    class Tables(NamedTuple):
        one: Any
        two: Any
        row: Any

    try:
        _give_attributes()
        if version <= TESTED:
            return True
        _register(Tables)
        row = np.ones(1, [("a", np.int8), ("b", np.float64)]).view(np.recarray)[0]
        given = Tables(np.arange(3.0), np.ones((2, 2)), row)
        if njit(lambda w: w.one[1] + w.two[1, 1] + w.two.shape[1] + w.row.b)(given) == 5.0:
            return True
    except Exception:  # whatever a numba that nobody has seen yet may raise
        pass
    said = f"numba {numba.__version__} is too new for buzzsim's bundles: the first run takes longer"
    warnings.warn(said, RuntimeWarning, stacklevel=2)
    return False


def _register(cls: Any) -> None:
    """Teach numba the type of a named tuple's bundle."""

    @typeof_impl.register(cls)
    def _type(value: Any, context: Any) -> Any:
        kinds = [typeof_impl(array, context) for array in value]
        if all(isinstance(kind, types.Record) or _is_plain(kind) for kind in kinds):
            sizes = (array.dtype.itemsize for array in value)
            return Bundle(cls.__name__, tuple(zip(value._fields, kinds, sizes, strict=True)))
        return types.NamedTuple(kinds, cls)


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, types.Array) and kind.layout == "C"


def _give_attributes() -> None:
    """Let compiled code write `bundle.field`."""
    # Perhaps not in every numba to come.
    from numba.core.typing.templates import AttributeTemplate
    from numba.extending import infer_getattr, lower_getattr_generic

    @infer_getattr
    class _Fields(AttributeTemplate):
        key = Bundle

        def generic_resolve(self, value: Bundle, attr: str) -> Any:
            return value.fields[attr][0] if attr in value.fields else None

    lower_getattr_generic(Bundle)(_field)


def _field(context: Any, builder: Any, bundle: Bundle, words: Any, name: str) -> Any:
    """Read where an array is; a bundle stays the same during a call."""
    kind, itemsize, place = bundle.fields[name]
    once = builder.module.add_metadata([])

    def word(i: int) -> Any:
        value = builder.load(builder.gep(words, [_WORD(place + i)], inbounds=True))
        value.set_metadata("invariant.load", once)
        return value

    if isinstance(kind, types.Record):
        return builder.inttoptr(word(0), context.get_value_type(kind))
    lengths = [word(1 + axis) for axis in range(kind.ndim)]
    strides = [_WORD(itemsize)]
    for length in reversed(lengths[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(kind)(context, builder)
    array.data = builder.inttoptr(word(0), array.data.type)
    array.shape, array.strides = _packed(builder, lengths), _packed(builder, strides)
    array.itemsize = _WORD(itemsize)
    array.nitems = reduce(builder.mul, lengths)
    array.meminfo, array.parent = array.meminfo.type(None), array.parent.type(None)
    return array._getvalue()


def _packed(builder: Any, values: list[Any]) -> Any:
    packed = ir.ArrayType(_WORD, len(values))(ir.Undefined)
    for i, value in enumerate(values):
        packed = builder.insert_value(packed, value, i)
    return packed


@register_model(Bundle)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Bundle) -> None:
        super().__init__(manager, kind, _WORD.as_pointer())


@unbox(Bundle)
def _enter(kind: Bundle, value: Any, c: Any) -> NativeValue:
    """Write down where the arrays of a tuple are; Python holds them during the call."""
    words = c.builder.alloca(_WORD, size=kind.size)
    failed = ir.IntType(1)(0)
    for i, (held, _, place) in enumerate(kind.fields.values()):
        entered = c.unbox(held, c.pyapi.tuple_getitem(value, i))
        failed = c.builder.or_(failed, entered.is_error)
        if isinstance(held, types.Record):
            address, lengths = entered.value, []
            entered.cleanup()
        else:
            array = c.context.make_array(held)(c.context, c.builder, entered.value)
            address = array.data
            lengths = [c.builder.extract_value(array.shape, axis) for axis in range(held.ndim)]
            c.context.nrt.decref(c.builder, held, entered.value)
        for k, word in enumerate([c.builder.ptrtoint(address, _WORD), *lengths]):
            c.builder.store(word, c.builder.gep(words, [_WORD(place + k)], inbounds=True))
    return NativeValue(words, is_error=failed)


# ---------------------------------------------------------------------------------- fetching ahead

LINE = 64  # bytes that the processor fetches at once
AHEAD = 16  # items of a loop over which a fetch goes ahead


def _intrinsic(define: Callable[..., Any]) -> Any:
    """Let compiled code call what writes machine code of its own; Python does nothing there."""
    return (lambda array, i: None) if _UNCOMPILED else intrinsic(define)


@_intrinsic
def fetch(context: Any, array: Any, i: Any) -> Any:
    """Ask the processor for an item that a loop needs soon; that changes nothing but the time.

    W1 of `experiments/benchmarks` on 10^6 customers takes 1.4 times as long without it.
    """

    def ask(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        held = context.make_array(array)(context, builder, given[0])
        place = builder.mul(given[1], held.itemsize)
        item = builder.gep(builder.bitcast(held.data, byte), [place])
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(prefetch, [item, word(0), word(3), word(1)])  # to read; all levels; data
        return context.get_dummy_value()

    return types.none(array, types.intp), ask


def records(table: Any) -> Any:
    """Give a table whose rows have attributes where nothing is compiled, as they have in numba."""
    return table.view(np.recarray) if _UNCOMPILED else table
