"""What travels between processes: a value packed as an Arrow table, or as a pickle with its buffers.

Owns: ``Packed`` and the shape of its own pickle, the envelope: buffers go out of band, so that a store
of shared memory takes them as they are and a reader maps them. Must not know how values are packed.
Lazy: ``envelope`` (and with it pyarrow) is imported when a table is pickled or opened.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from attrs import field

from penstock.spi.tables import TypeHandler
from penstock.values import frozen

Buffer: TypeAlias = Any
"""Anything with the buffer protocol."""
OUT_OF_BAND = 64 << 10
"""Bytes; from here on a pickle stream itself travels out of band."""
_ENVELOPE = "penstock.tables.envelope"


@frozen
class Pickled:
    """A value as a pickle of protocol 5.

    Args:
        stream: the pickle.
        buffers: what it leaves outside, in its order.
    """

    stream: Buffer
    buffers: tuple[Buffer, ...] = ()

    @property
    def nbytes(self) -> int:
        """The stream and its buffers, in bytes."""
        return sum(memoryview(one).nbytes for one in (self.stream, *self.buffers))


@frozen
class Image:
    """A table as an Arrow IPC stream, opened when it is asked for.

    Args:
        data: the stream.
        extensions: name → module of the extension types that the reader must know.
    """

    data: Buffer
    extensions: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True, eq=False, repr=False)
class Packed:
    """A value on its way to another process.

    Args:
        kind: what the producer returned (``"pandas.DataFrame"``, ``"numpy.ndarray"``, ``"object"``).
        nbytes: of the body, in bytes.
        body: a ``pyarrow.Table``, the ``Image`` of one, or a ``Pickled``.
        note: pickled; what gives the producer's type back and is not in the table.
        target: of a type that a plugin registered, its handler or where that is found.
    """

    kind: str
    nbytes: int
    body: Any = field()
    note: bytes | None = None
    target: str | TypeHandler | None = None

    @property
    def is_table(self) -> bool:
        """Whether the value travels as an Arrow table."""
        return not isinstance(self.body, Pickled)

    @property
    def table(self) -> Any:
        """The ``pyarrow.Table``, None when the value travels as a pickle.

        Raises:
            InvariantViolationError: when the table has extension types that this process does not know.
        """
        if isinstance(self.body, Pickled):
            return None
        return _from_envelope("open_image")(self.body) if isinstance(self.body, Image) else self.body

    def __repr__(self) -> str:
        """The kind and the size; never the value."""
        return f"Packed(kind={self.kind!r}, nbytes={self.nbytes})"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The envelope, its buffers out of band where the protocol knows of them."""
        facts = (self.kind, self.nbytes, self.note, self.target)
        if isinstance(self.body, Pickled):
            return _from_pickled, (*facts, *_parts(self.body, protocol))
        if isinstance(self.body, Image):
            return _from_image, (*facts, _out(self.body.data, protocol), self.body.extensions)
        return _from_table, (*facts, *_from_envelope("sealed")(self.body))


def _parts(body: Pickled, protocol: int) -> tuple[Any, ...]:
    large = memoryview(body.stream).nbytes >= OUT_OF_BAND
    stream = _out(body.stream, protocol) if large else bytes(body.stream)
    return stream, tuple(_out(one, protocol) for one in body.buffers)


def _out(data: Buffer, protocol: int) -> Any:
    """A buffer as a pickle of this protocol takes it."""
    return pickle.PickleBuffer(data) if protocol >= 5 else bytes(pickle.PickleBuffer(data).raw())


def _from_pickled(
    kind: str, nbytes: int, note: bytes | None, target: Any, stream: Buffer, buffers: tuple[Buffer, ...]
) -> Packed:
    return Packed(kind=kind, nbytes=nbytes, note=note, target=target, body=Pickled(stream, buffers))


def _from_image(
    kind: str, nbytes: int, note: bytes | None, target: Any, data: Buffer, extensions: Any
) -> Packed:
    return Packed(kind=kind, nbytes=nbytes, note=note, target=target, body=Image(data, extensions))


def _from_table(kind: str, nbytes: int, note: bytes | None, target: Any, *parts: Any) -> Packed:
    table = _from_envelope("unsealed")(*parts)
    return Packed(kind=kind, nbytes=nbytes, note=note, target=target, body=table)


def _from_envelope(name: str) -> Callable[..., Any]:
    return getattr(import_module(_ENVELOPE), name)
