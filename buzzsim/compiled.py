"""The one way to compile: numba without Python objects or the lock, and a cache that notices every change.

Numba's own cache looks only at the file a function stands in. A rule changed in `rules.py` would then go on unnoticed
in an engine compiled before, so the stamp that numba compares is made here from the sources of the whole package.

Numba also makes machine code and a door to Python for each function that another one calls, though nobody enters
there, and optimises it anew within every caller. Here a function is lowered once as a `_Part` for its callers; what
Python calls is a `_Whole`, which takes all its parts in and is optimised once. That halves the time of the first run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import _dynfunc, njit, types  # type: ignore[attr-defined]
from numba.core import cgutils, config
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.typed_passes import NativeLowering
from numba.extending import intrinsic


F = TypeVar("F", bound=Callable[..., Any])


def _stamp() -> tuple[str, int]:
    """Digest all sources that hold compiled functions, or say how to compile."""
    sources = sorted((path.name, path.read_bytes()) for path in Path(__file__).parent.rglob("*.py"))
    digest = hashlib.sha256()
    for name, source in sources:
        if b"@compiled" in source or b"from numba" in source:
            digest.update(name.encode() + source)
    return digest.hexdigest(), 0


_STAMP = _stamp()
SOURCES = _STAMP[0][:16]
"""Names the compiled sources: the rules, and all that makes numbers of them."""


class _Part(JITCodeLibrary):
    """The code of a function for others to take in: lowered, and no more."""

    def _optimize_functions(self, module: Any) -> None:  # that is left to the whole
        module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        self._finalized = True

    def alone(self) -> Any:
        """Give the code without what it calls."""
        return super()._get_module_for_linking()

    def _get_module_for_linking(self) -> Any:
        """Give the code with all that it calls, for a function that somebody else compiled with plain numba."""
        return _take_in(self.alone().clone(), self._linking_libraries)


class _Whole(JITCodeLibrary):
    """The code of a function that Python calls, with all that it calls in turn, optimised together."""

    def finalize(self) -> None:
        _take_in(self._final_module, self._linking_libraries)
        self._linking_libraries = []
        super().finalize()


def _take_in(module: Any, libraries: Iterable[Any]) -> Any:
    """Put into a module what libraries hold and, of parts, what they call in turn; each once."""
    for library in _needed(libraries, {}):
        code = library.alone() if isinstance(library, _Part) else library._get_module_for_linking()
        module.link_in(code, preserve=True)
    return module


def _needed(libraries: Iterable[Any], found: dict[Any, None]) -> dict[Any, None]:
    for library in libraries:
        if library not in found:
            found[library] = None
            if isinstance(library, _Part):
                _needed(library._linking_libraries, found)
    return found


class _Cache(FunctionCache):
    """Numba's cache, which stops nobody: what is damaged is compiled anew, and what no disk takes is not kept."""

    def load_overload(self, *which: Any) -> Any:
        """Give what was compiled before, None where it cannot be read."""
        try:
            return super().load_overload(*which)
        except Exception:  # whatever unpickling of a damaged file may raise
            return None

    def save_overload(self, *what: Any) -> None:
        """Keep what was compiled, in a new index where the old one cannot be read."""
        try:
            super().save_overload(*what)
        except OSError:
            return
        except Exception:
            with suppress(OSError):
                self.flush()
                super().save_overload(*what)


class _Flags(Flags):
    """How to compile; numba compares that whenever it looks a builtin up, and its own way takes a tenth of all the time."""

    _HASH = hash(Flags())

    def __hash__(self) -> int:
        return self._HASH

    def __eq__(self, other: object) -> bool:
        return (
            self._values == other._values
            if isinstance(other, _Flags)
            else bool(super().__eq__(other))
        )


class _Compiler(CompilerBase):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.state.flags = _Flags(self.state.flags)


class _WholeCompiler(_Compiler):
    """Numba's usual steps, into a `_Whole`."""

    def define_pipelines(self) -> list[Any]:
        self.state.library = _Whole(
            self.state.targetctx.codegen(), self.state.func_id.func_qualname
        )
        self.state.library.enable_object_caching()
        self.state.flags.no_cfunc_wrapper = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _PartCompiler(_Compiler):
    """Numba's usual steps, into a `_Part`, without machine code."""

    def define_pipelines(self) -> list[Any]:
        self.state.library = _Part(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        flags = self.state.flags
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        steps = DefaultPassBuilder.define_nopython_pipeline(self.state)
        steps.add_pass_after(_MakeKnown, NativeLowering)
        steps.finalize()
        return [steps]


@register_pass(mutates_CFG=True, analysis_only=False)
class _MakeKnown(LoweringPass):
    """Tell numba where callers find a part."""

    _name = "buzzsim_make_known"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        made = state.cr
        name = made.fndesc.qualname
        known = _dynfunc.make_function(
            made.fndesc.lookup_module(), name, name, 0, made.env, (state.library,)
        )
        state.targetctx.insert_user_function(known, made.fndesc, [state.library])
        state.cr = made._replace(cfunc=known)
        return False


def _wide(kind: Any) -> Any:
    """Give the type that stands for a written-out number, or a narrow column's: signed 64 bits."""
    plain = types.unliteral(kind)
    return (
        types.int64
        if isinstance(plain, types.Integer) and getattr(plain, "signed", False)
        else plain
    )


def compiled(function: F) -> F:
    """Compile a function on first use, keep the machine code on disk, and release the lock while it runs.

    Where no folder can be written (not even the user's cache) the machine code lasts as long as the process, and where what is
    on disk was damaged it is compiled anew. With
    `NUMBA_DISABLE_JIT=1` in the environment it stays Python: a thousand times slower, for debuggers and mutation testing.
    """
    if _UNCOMPILED:
        return function
    whole: Any = njit(pipeline_class=_WholeCompiler, nogil=True)(function)
    try:
        cache = _Cache(function)
        cache._cache_file._source_stamp = (
            _STAMP  # numba offers no public way; tests/test_compiled.py watches it
        )
        whole._cache = cache
    except RuntimeError:  # no folder can be written
        pass
    part = njit(pipeline_class=_PartCompiler, nogil=True)(function)

    def template(args: Any, kws: Any) -> Any:
        """Compile for callers; for whole numbers of any value and width, not once more for each."""
        return part.get_call_template(
            [_wide(arg) for arg in args], {name: _wide(kws[name]) for name in kws}
        )

    whole.get_call_template, whole.get_overload = template, part.get_overload
    return cast("F", whole)


_UNCOMPILED = bool(config.DISABLE_JIT)  # type: ignore[attr-defined]
LINE = 64  # bytes that the processor fetches at once
AHEAD = 16  # items of a loop over which a fetch goes ahead


def _intrinsic(define: Callable[..., Any]) -> Any:
    """Let numba call what writes its own machine code; where nothing is compiled it does nothing."""
    return (lambda array, i: None) if _UNCOMPILED else intrinsic(define)


@_intrinsic
def fetch(context: Any, array: Any, i: Any) -> Any:
    """Ask the processor for the first line of an item that will be needed soon; that changes nothing but the time."""
    return types.none(array, types.intp), _asking(0)


@_intrinsic
def fetch_rest(context: Any, array: Any, i: Any) -> Any:
    """Ask the processor for the second line of an item."""
    return types.none(array, types.intp), _asking(LINE)


def _asking(skipped: int) -> Callable[..., Any]:
    """Say how to ask for the line that many bytes into an item."""

    def ask(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, given[0])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        item = builder.bitcast(
            cgutils.get_item_pointer(context, builder, kind, held, [given[1]]), byte
        )
        asked = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], asked)
        builder.call(
            call, [builder.gep(item, [word(skipped)]), word(0), word(3), word(1)]
        )  # to read; to all levels; data
        return context.get_dummy_value()

    return ask


def records(table: Any) -> Any:
    """Give a table whose rows have their columns as attributes, as in compiled code, where nothing is compiled."""
    return table.view(np.recarray) if _UNCOMPILED else table


def is_loaded(dispatcher: Any) -> bool:
    """Whether a function is ready in this process: compiled, or never to be."""
    return _UNCOMPILED or bool(dispatcher.signatures)


def is_warm(dispatcher: Any) -> bool:
    """Whether a function has been compiled before, in this process or in an earlier one."""
    if is_loaded(dispatcher):
        return True
    folder = dispatcher.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*{dispatcher.py_func.__name__}-*.nbc"))
