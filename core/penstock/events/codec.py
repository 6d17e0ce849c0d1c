"""Events as bytes and back: compact, quick, and readable for ever.

A body is a JSON list of an event's fields in the order of their declaration, without ``at`` and
``step`` (which are columns), with ``null`` for a default and defaults at the end left away. So a
class may only grow at its end; hints for the store are left away too. A body of a later format is an
object ``{"v": …, "b": […]}``.
Owns: that layout. Must not know where bytes are kept. Must not be imported by definition code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

from attrs import fields

from penstock.events import values as v
from penstock.events.jsonbytes import dumps, loads
from penstock.events.metadata_cut import LIMITS, cut_metadata
from penstock.events.shortened import shorten
from penstock.keys import AssetKey
from penstock.metadata import metadata_from_plain, metadata_to_plain

FORMAT = 1
"""The format of bodies written now."""

BODY_LIMIT = 64 * 1024
"""Bytes; the long texts of an event beyond this are cut, visibly, then its long metadata."""

UPCASTERS: Mapping[tuple[int, int], Callable[[list[Any]], list[Any]]] = {}
"""For (kind, format) of an older body: how its fields become those of the next format."""

KIND_OF: Mapping[type[v.Happened], int] = {cls: n for n, cls in enumerate(v.EVENT_CLASSES, 1)}
"""The storage number of each class of event."""

_Write = Callable[[Any], Any]


class _Slot(NamedTuple):
    name: str
    default: Any
    write: _Write | None
    read: _Write | None


class _Layout(NamedTuple):
    slots: tuple[_Slot, ...]
    names: tuple[str, ...]
    reads: tuple[tuple[str, _Write], ...]

    @classmethod
    def of(cls, slots: Iterable[_Slot]) -> _Layout:
        slots = tuple(slots)
        reads = tuple((slot.name, slot.read) for slot in slots if slot.read is not None)
        return cls(slots, tuple(slot.name for slot in slots), reads)


def encode(event: v.Happened) -> tuple[int, bytes]:
    """Write an event without its ``at`` and ``step``.

    Returns:
        The number of its kind, and its body (empty when every field has its default).
    """
    cls = type(event)
    layout = _LAYOUTS[cls]
    try:
        plain = _plain(event, layout)
        body = dumps(plain, finite=True) if plain else b""
    except RecursionError:  # a chain of causes without end
        return KIND_OF[cls], _short_body(shorten(event), layout)
    if len(body) > BODY_LIMIT:
        body = _short_body(shorten(event), layout)
    return KIND_OF[cls], body


def _short_body(event: v.Happened, layout: _Layout) -> bytes:
    """The body of an event whose texts are cut; its metadata is cut only where that was not enough."""
    body = dumps(_plain(event, layout), finite=True)
    for limit in LIMITS:
        if len(body) <= BODY_LIMIT:
            break
        body = dumps(_plain(cut_metadata(event, limit), layout), finite=True)
    return body


def decode(kind: int, at: float, step: str | None, body: bytes) -> v.Happened:
    """Read an event back.

    Args:
        kind: the number that ``encode`` gave; an unknown one becomes an ``EngineNoted``.
        at: seconds since 1970.
        step: the step key, or None.
        body: the bytes that ``encode`` gave.
    """
    if kind > len(_READERS):
        text = f"An event of kind {kind}, which only a newer version of Penstock can read."
        return v.EngineNoted(at=at, step=step or None, message=text)
    cls, layout, no_step = _READERS[kind - 1]
    if not body:
        return cls(at=at, step=step or no_step) if no_step is not _STEPLESS else cls(at=at)
    kept = _arguments(_listed(kind, body), layout)
    kept["at"] = at
    if no_step is not _STEPLESS:
        kept["step"] = step or no_step
    return cls(**kept)


def step_of(event: v.Happened) -> str | None:
    """The step that an event is about, None for the run as a whole."""
    return getattr(event, "step", None) or None


def _listed(kind: int, body: bytes) -> list[Any]:
    found: Any = loads(body)
    if type(found) is not dict:
        return found
    later = cast("dict[str, Any]", found)
    plain: list[Any] = later["b"]
    for older in range(later["v"], FORMAT):
        upcast = UPCASTERS.get((kind, older))
        plain = upcast(plain) if upcast else plain
    return plain


def _plain(value: Any, layout: _Layout) -> list[Any]:
    plain: list[Any] = []
    end = 0
    for position, (name, default, write, _) in enumerate(layout.slots, 1):
        found = getattr(value, name)
        if found is default or found == default:
            plain.append(None)
        else:
            plain.append(found if write is None else write(found))
            end = position
    del plain[end:]
    return plain


def _arguments(plain: list[Any], layout: _Layout) -> dict[str, Any]:
    # zip ends with the shorter one: fields of a newer minor version are left alone
    kept = dict(zip(layout.names, plain, strict=False))
    if None in plain:
        for name, found in zip(layout.names, plain, strict=False):
            if found is None:
                del kept[name]
    for name, read in layout.reads:
        found = kept.get(name)
        if found is not None:
            kept[name] = read(found)
    return kept


# ---- how each type of field is written and read ---------------------------------------------------


def _write_key(key: AssetKey) -> str | list[str]:
    return key.parts[0] if len(key.parts) == 1 else list(key.parts)


@lru_cache(maxsize=8192)
def _key_of_one_part(part: str) -> AssetKey:
    return AssetKey(part)


def _read_key(plain: str | list[str]) -> AssetKey:
    return _key_of_one_part(plain) if type(plain) is str else AssetKey(plain)


def _enum_value(member: Any) -> Any:
    return member.value


def _nested(cls: type) -> tuple[_Write, _Write]:
    def write(value: Any) -> list[Any]:
        # an empty list, not nothing: the value is there, and all its fields have their defaults
        return _plain(value, layout)

    def read(plain: list[Any]) -> Any:
        return cls(**_arguments(plain, layout))

    known = dict(_TYPES)
    known[f"{cls.__name__} | None"] = (write, read)
    layout = _Layout.of(_slots(cls, known))
    return write, read


def _write_fact(fact: Any) -> list[Any]:
    plain = [
        _write_key(fact.asset_key),
        fact.description,
        metadata_to_plain(fact.metadata) if fact.metadata else None,
        fact.partition,
        fact.tags or None,
    ]
    while plain[-1] is None:
        plain.pop()
    return plain


def _fact(cls: Any) -> tuple[_Write, _Write]:
    """For the two classes whose own constructor cleans up what users give: here all is clean."""

    def read(plain: list[Any]) -> Any:
        key, description, metadata, partition, tags, *_ = (*plain, None, None, None, None)
        made = cls.__new__(cls)
        made.__attrs_init__(
            _read_key(key),
            description,
            metadata_from_plain(metadata) if metadata else {},
            partition,
            tags or {},
        )
        return made

    return _write_fact, read


_APART = frozenset({"at", "step", "place"})  # columns, and a hint for the store that is in no body

_SCALARS = ("str", "int", "float", "bool", "str | None", "int | None", "float | None", "Mapping[str, str]")

_TYPES: dict[str, tuple[_Write | None, _Write | None]] = {
    **dict.fromkeys(_SCALARS, (None, None)),
    "tuple[str, ...]": (list, tuple),
    "Sequence[str]": (list, tuple),
    "AssetKey": (_write_key, _read_key),
    "AssetKey | None": (_write_key, _read_key),
    "Metadata": (metadata_to_plain, metadata_from_plain),
    "Blame": (_enum_value, v.Blame),
    "AssetCheckSeverity": (_enum_value, v.AssetCheckSeverity),
}


def _slots(cls: Any, known: Mapping[str, tuple[_Write | None, _Write | None]]) -> list[_Slot]:
    return [_Slot(a.name, a.default, *known[a.type]) for a in fields(cls) if a.name not in _APART]


for _cls in (
    v.ErrorInfo,
    v.UserFailure,
    v.TypeChecked,
    v.Receipt,
    v.AssetCheckEvaluation,
    v.ExpectationResult,
):
    _TYPES[_cls.__name__] = _TYPES[f"{_cls.__name__} | None"] = _nested(_cls)
for _cls in (v.AssetMaterialization, v.AssetObservation):
    _TYPES[_cls.__name__] = _fact(_cls)


_STEPLESS = object()


def _reader(cls: Any) -> tuple[Any, _Layout, Any]:
    if not any(a.name == "step" for a in fields(cls)):
        return cls, _LAYOUTS[cls], _STEPLESS
    return cls, _LAYOUTS[cls], "" if issubclass(cls, v.StepHappened) else None


_LAYOUTS = {cls: _Layout.of(_slots(cls, _TYPES)) for cls in v.EVENT_CLASSES}
_READERS = tuple(_reader(cls) for cls in v.EVENT_CLASSES)
