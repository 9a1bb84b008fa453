"""A named tuple of arrays goes into compiled code as one pointer.

Numba hands each array of a tuple over as seven values and counts references to it, in every call: with a workspace of
16 tables most of what it compiles is that. Here a call from Python writes down once where each array begins and how
long it is, and compiled code reads there what it uses. The arrays are only lent: Python holds them during the call,
and no compiled function may return one.
"""

from __future__ import annotations

import hashlib
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import as_dtype

_WORD = ir.IntType(64)


class Bundle(types.Type):
    """The type of a named tuple of C-contiguous arrays; its name is short, since it stands in every symbol."""

    def __init__(self, held: types.NamedTuple) -> None:
        self.held = held
        self.fields = {}  # name: type of the array, bytes of an item, where its address stands; then come its lengths
        self.size = 0
        for name, array in zip(held.fields, held.types, strict=True):
            self.fields[name] = array, as_dtype(array.dtype).itemsize, self.size
            self.size += 1 + array.ndim
        super().__init__(
            f"{held.instance_class.__name__}_{hashlib.sha256(str(held).encode()).hexdigest()[:16]}"
        )


def bundle(cls: type) -> type:
    """Let compiled code take a named tuple of arrays as one pointer."""

    @typeof_impl.register(cls)
    def _type(value: Any, context: Any) -> Any:
        held = types.NamedTuple([typeof_impl(array, context) for array in value], cls)
        lendable = all(
            isinstance(array, types.Array) and array.layout == "C" for array in held.types
        )
        return Bundle(held) if lendable else held

    return cls


@register_model(Bundle)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Bundle) -> None:
        super().__init__(manager, kind, _WORD.as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):
    key = Bundle

    def generic_resolve(self, kind: Bundle, name: str) -> Any:  # type: ignore[override]
        return kind.fields[name][0] if name in kind.fields else None


@lower_getattr_generic(Bundle)
def _field(context: Any, builder: Any, kind: Bundle, words: Any, name: str) -> Any:
    """Read where an array is; nothing in a bundle changes during a call (numba keeps what enters it apart from what
    runs in it), so one look is enough.
    """  # noqa: D205
    kept = builder.module.add_metadata([])
    array_type, size, place = kind.fields[name]

    def word(i: int) -> Any:
        found = builder.load(builder.gep(words, [_WORD(place + i)], inbounds=True))
        found.set_metadata("invariant.load", kept)
        return found

    array = context.make_array(array_type)(context, builder)
    shape = [word(1 + axis) for axis in range(array_type.ndim)]
    strides = [_WORD(size)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.inttoptr(word(0), array.data.type)
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return array._getvalue()


@unbox(Bundle)
def _enter(kind: Bundle, value: Any, c: Any) -> NativeValue:
    """Write down where the arrays of a tuple are; they stay Python's."""
    words = cgutils.alloca_once(c.builder, _WORD, size=kind.size)
    failed = cgutils.false_bit
    for i, (array_type, _, place) in enumerate(kind.fields.values()):
        entered = c.unbox(array_type, c.pyapi.tuple_getitem(value, i))
        failed = c.builder.or_(failed, entered.is_error)
        array = c.context.make_array(array_type)(c.context, c.builder, entered.value)
        found = [
            c.builder.ptrtoint(array.data, _WORD),
            *cgutils.unpack_tuple(c.builder, array.shape),
        ]
        for k, word in enumerate(found):
            c.builder.store(word, c.builder.gep(words, [_WORD(place + k)], inbounds=True))
        c.context.nrt.decref(c.builder, array_type, entered.value)
    return NativeValue(words, is_error=failed)
