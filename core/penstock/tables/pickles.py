"""Values as pickles of protocol 5, their buffers out of band.

Owns: which pickler takes a value, and what is said when none does. Tables inside containers travel as
they would alone. Must not know how a table is packed: it is told which types it meets are to be replaced.
Lazy: cloudpickle is imported when plain pickle refuses a value, or the value is of ``__main__``.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any, cast

from penstock.errors import CodeLocationError, Error, UnstorableValueError
from penstock.tables.packed import Buffer, Pickled

Reducers = Mapping[type, Callable[[Any], tuple[Any, ...]]]
_MAIN = b"__main__"


def dumps(value: Any, reducers: Reducers) -> Pickled:
    """A value as a pickle; by value what ``__main__`` defines, for another process has another one.

    Args:
        value: anything.
        reducers: how objects of certain types are taken apart, instead of their own way.

    Raises:
        UnstorableValueError: when the value cannot be pickled.
    """
    if not _is_by_value_wanted():
        try:
            found = _dumped(pickle.Pickler, value, reducers)
        except Error:  # what interrupts a step
            raise
        except Exception:  # noqa: BLE001, S110  # a foreign __reduce__ raises anything; cloudpickle is asked next
            pass
        else:
            if _MAIN not in cast("bytes", found.stream):
                return found
    return _dumped_by_value(value, reducers)


def loads(body: Pickled, *, writable: bool = False) -> Any:
    """The value of a pickle, over its buffers.

    Args:
        body: the pickle.
        writable: whether to copy the buffers, for values that are written to.

    Raises:
        CodeLocationError: when this process has no module, class or function that the value needs.
    """
    buffers = [bytearray(one) for one in body.buffers] if writable else body.buffers
    try:
        return pickle.loads(body.stream, buffers=buffers)  # noqa: S301  # made by a step of the same run
    except (ImportError, AttributeError) as error:
        raise CodeLocationError(
            "Wanted to read a value that an earlier step returned, found that this process lacks what it is"
            f" made of: {error}. Install the module wherever steps run, or send it along with"
            " cloudpickle.register_pickle_by_value(module)."
        ) from error


def _dumped(pickler_type: Any, value: Any, reducers: Reducers) -> Pickled:
    buffers: list[Buffer] = []
    sink = io.BytesIO()
    pickler = pickler_type(sink, protocol=5, buffer_callback=buffers.append)
    own: Any = copyreg.dispatch_table if pickler_type is pickle.Pickler else pickler_type.dispatch_table
    pickler.dispatch_table = ChainMap(dict(reducers), own)
    pickler.dump(value)
    return Pickled(sink.getvalue(), tuple(one.raw() for one in buffers))


def _dumped_by_value(value: Any, reducers: Reducers) -> Pickled:
    try:
        from cloudpickle import Pickler  # noqa: PLC0415  # lazy, see the top
    except ImportError:
        return _refused_or_dumped(pickle.Pickler, value, reducers)
    return _refused_or_dumped(Pickler, value, reducers)


def _refused_or_dumped(pickler_type: Any, value: Any, reducers: Reducers) -> Pickled:
    try:
        return _dumped(pickler_type, value, reducers)
    except Error:
        raise
    except Exception as error:  # a foreign __reduce__ raises anything
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        raise UnstorableValueError(
            f"Wanted a value that can travel to another process, found {name}, which cannot be pickled:"
            f" {error}. Return something picklable{_hint(value)}, store it with an I/O manager that keeps"
            " such values, or run the job with the in-process executor.",
            error,
        ) from error


def _hint(value: Any) -> str:
    return " (list(...) of what it yields)" if hasattr(value, "__next__") else ""


def _is_by_value_wanted() -> bool:
    """Whether the user told cloudpickle of modules that other processes do not have."""
    cloudpickle: Any = sys.modules.get("cloudpickle")
    return bool(cloudpickle and cloudpickle.list_registry_pickle_by_value())
