"""Packing values to leave their process, and unpacking them as their consumer asks.

Owns: which values travel as Arrow and which as pickles. A value comes back exactly as it was: what Arrow
cannot carry exactly is pickled. A consumer in another process sees what it would see in the same one.
Lazy: carriers (and with them pyarrow) are imported when the first value of their type comes.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

from penstock.spi.tables import TypeHandler
from penstock.tables.convert import build, convert, tables_in
from penstock.tables.packed import Packed, Pickled
from penstock.tables.pickles import Reducers, dumps, loads
from penstock.tables.registry import (
    TableType,
    handler_of_kind,
    is_built_in,
    load_target,
    table_type,
    when_registered,
)

_CARRIERS = "penstock.tables.carriers"
_TARGETS = {
    "pyarrow.lib.Table": "TABLE",
    "pyarrow.lib.RecordBatch": "BATCH",
    "pyarrow.lib.RecordBatchReader": "READER",
    "pyarrow.lib.Array": "ARRAY",
    "pyarrow.lib.ChunkedArray": "CHUNKED",
    "pandas.DataFrame": "PANDAS",
    "pandas.core.frame.DataFrame": "PANDAS",
    "pandas.Series": "PANDAS_SERIES",
    "pandas.core.series.Series": "PANDAS_SERIES",
    "polars.dataframe.frame.DataFrame": "POLARS",
    "polars.lazyframe.frame.LazyFrame": "POLARS_LAZY",
    "polars.series.series.Series": "POLARS_SERIES",
}
_OF_KIND = {
    "pyarrow.Table": "TABLE",
    "pyarrow.RecordBatch": "BATCH",
    "pyarrow.Array": "ARRAY",
    "pyarrow.ChunkedArray": "CHUNKED",
    "pandas.DataFrame": "PANDAS",
    "pandas.Series": "PANDAS_SERIES",
    "polars.DataFrame": "POLARS",
    "polars.LazyFrame": "POLARS_LAZY",
    "polars.Series": "POLARS_SERIES",
}
_NO_TABLES = frozenset({"pyarrow.Array", "pyarrow.ChunkedArray", "pandas.Series", "polars.Series"})
_WRITABLE = frozenset({"pandas.DataFrame", "pandas.Series"})
_NUMPY = "numpy.ndarray"


def pack(value: Any) -> Packed:
    """A value as it leaves its process.

    Args:
        value: anything; a ``Packed`` comes back as it is.

    Returns:
        The value as an Arrow table where that is exact, else as a pickle with its buffers out of band.

    Raises:
        UnstorableValueError: when the value can be carried in no way.
    """
    if isinstance(value, Packed):
        return value
    carrier = _carrier_of(_type(value))
    if carrier is not None:
        packed = carrier(value)
        if packed is not None:
            return packed
    return _pickled(value)


def unpack(packed: Packed, wanted: Any = None) -> Any:
    """The value, as its consumer declares it.

    Args:
        packed: from ``pack``, here or in another process.
        wanted: the consumer's annotation; None or ``Any`` gives the producer's own type.

    Returns:
        What ``convert`` would give of the producer's value. NumPy arrays and Arrow tables lie over the
        memory they came in and cannot be written to; pandas objects can.

    Raises:
        InvariantViolationError: when a table has extension types that this process does not know.
    """
    if isinstance(packed.body, Pickled):
        return convert(loads(packed.body, writable=packed.kind in _WRITABLE), wanted)
    target = _target(packed, wanted)
    if target is not None:
        return build(target.handler(), _as_others_see_it(packed))
    if packed.kind in _OF_KIND and packed.target is None:
        note = None if packed.note is None else pickle.loads(packed.note)  # noqa: S301  # our own
        return load_carrier(_OF_KIND[packed.kind]).give(packed.table, note)
    handler = _handler(packed)
    return packed.table if handler is None else build(handler, packed.table)


def _as_others_see_it(packed: Packed) -> Any:
    """The table, for a consumer that wants another type than the producer's."""
    if packed.note is None or _OF_KIND.get(packed.kind) != "PANDAS":
        return packed.table
    note = pickle.loads(packed.note)  # noqa: S301  # our own
    return load_carrier("PANDAS").plain(packed.table, note)


def load_carrier(name: str) -> Any:
    """A carrier by its name; its module is imported now if it was not yet."""
    return getattr(import_module(_CARRIERS), name)


def _pickled(value: Any) -> Packed:
    kind = _kind(_type(value))
    if kind == _NUMPY and value.ndim and not value.dtype.hasobject and not value.flags.forc:
        value = value.copy()  # only what lies in one piece stays out of band
    body = dumps(value, _reducers(_type(value)))
    return Packed(kind=kind, nbytes=body.nbytes, body=body)


def _kind(cls: type) -> str:
    name = _name(cls)
    if name == _NUMPY:
        return _NUMPY
    carrier = _TARGETS.get(name)
    return "object" if carrier is None else next(k for k, one in _OF_KIND.items() if one == carrier)


def _type(value: object) -> type:
    return type(value)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


@lru_cache(maxsize=4096)
def _carrier_of(cls: type) -> Callable[[Any], Packed | None] | None:
    """What packs the values of a type as tables; None when they are pickled."""
    found = table_type(cls)
    if found is not None and not is_built_in(found):
        return _by_handler(found) if found.exact else None
    for candidate in cls.__mro__:
        name = _name(candidate)
        if name in _TARGETS:
            own = candidate is cls or name.startswith("pyarrow.")
            return load_carrier(_TARGETS[name]).pack if own else None
    return load_carrier("STREAM").pack if found is not None else None


when_registered(_carrier_of.cache_clear)


def _by_handler(found: TableType) -> Callable[[Any], Packed | None]:
    """Packing by the handler of a plugin, which travels along for readers that never met the plugin."""
    handler = found.handler()
    target = found.target if _is_picklable(found.target) else None
    table_packed = load_carrier("table_packed")

    def packed(value: Any) -> Packed:
        return table_packed(handler.kind, handler.to_arrow(value), target=target)

    return packed


def _is_picklable(target: object) -> bool:
    try:
        pickle.dumps(target)
    except Exception:  # noqa: BLE001  # whatever a foreign handler raises
        return False
    return True


def _handler(packed: Packed) -> TypeHandler | None:
    return handler_of_kind(packed.kind) if packed.target is None else load_target(packed.target)


def _target(packed: Packed, wanted: Any) -> TableType | None:
    """The table type to make; None for the producer's own."""
    if wanted is None or packed.kind in _NO_TABLES:
        return None
    targets = tables_in(wanted)
    if not targets or any(one.handler().kind == packed.kind for one in targets):
        return None
    return targets[0]


def _reducers(root: type) -> Reducers:
    """How tables inside a value are pickled: each in an envelope of its own, save the value itself."""
    known = _envelopes(tuple(name in sys.modules for name in ("pyarrow", "pandas", "polars")))
    return {cls: one for cls, one in known.items() if cls is not root} if root in known else known


@lru_cache(maxsize=8)
def _envelopes(loaded: tuple[bool, ...]) -> Reducers:
    """For the libraries that are imported; others have no values yet."""
    if not any(loaded):
        return {}
    return dict.fromkeys(load_carrier("classes")(), _in_envelope)


def _in_envelope(value: Any) -> tuple[Any, ...]:
    packed = pack(value)
    return unpack, (packed,)
