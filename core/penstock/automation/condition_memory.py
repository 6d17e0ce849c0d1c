"""What is remembered from one evaluation of conditions to the next, and how it is written.

Owns: ``Memory``, ``Cursor`` and their text. Subsets are written as their definitions write them; the keys of
listed partitions are written once for all, so that a subset can be read when keys were added or removed.
What cannot be read any more is forgotten, and the asset counts as seen for the first time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from attrs import field

from penstock.automation.entities import Entity, Scene
from penstock.automation.scheme import ONCE
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, InvariantViolationError
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.carry import carried
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen

_VERSION = 1
Place = tuple[str, Entity]
"""A condition, by its fingerprint, and what it was asked about."""


def _no_states() -> Mapping[Place, PartitionsSubset]:
    return {}


@frozen(kw_only=True)
class Memory:
    """What is remembered of one asset or check that has a condition.

    Args:
        at: when it was evaluated, in seconds since 1970.
        head: the place in the log up to which everything was known then.
        requested: what was requested then.
        states: for what conditions within its condition held; empty ones are left out.
        codes: the code versions that were seen, by asset.
        notes: what conditions of the user's keep as their cursors.
    """

    at: float
    head: int
    requested: PartitionsSubset
    states: Mapping[Place, PartitionsSubset] = field(factory=_no_states)
    codes: Mapping[Entity, str | None] = field(factory=dict[Entity, "str | None"])
    notes: Mapping[Place, str] = field(factory=dict[Place, str])


@frozen
class Cursor:
    """What is remembered of all.

    Args:
        memories: by asset or check.
    """

    memories: Mapping[Entity, Memory] = field(factory=dict[Entity, Memory])


# ---- writing ---------------------------------------------------------------------------------------


class _Forms:
    """The definitions of written subsets, each once."""

    def __init__(self) -> None:
        self.listed: list[list[Any]] = []
        self._places: dict[str, int] = {}

    def place(self, definition: PartitionsDefinition) -> int:
        identity = definition.form.identity
        found = self._places.get(identity)
        if found is None:
            found = self._places[identity] = len(self.listed)
            self.listed.append([identity, _keys_of(definition)])
        return found


def _keys_of(definition: Any) -> Any:
    """The keys of listed partitions, alone or in a dimension."""
    if isinstance(definition, StaticPartitionsDefinition):
        return list(definition.keys)
    if isinstance(definition, MultiPartitionsDefinition):
        return {one.name: _keys_of(one.partitions_def) for one in definition.partitions_defs}
    return None


def write_cursor(cursor: Cursor) -> str:
    """A cursor as text."""
    forms = _Forms()
    written: dict[str, Any] = {
        entity_text(entity): _written_memory(memory, forms) for entity, memory in cursor.memories.items()
    }
    whole = {"v": _VERSION, "of": written, "forms": forms.listed}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def _written_memory(memory: Memory, forms: _Forms) -> list[Any]:
    states = {
        _place_text(place): _written_subset(subset, forms)
        for place, subset in memory.states.items()
        if not subset.is_empty
    }
    codes = {entity_text(entity): code for entity, code in memory.codes.items()}
    notes = {_place_text(place): note for place, note in memory.notes.items()}
    found: list[Any] = [
        memory.at,
        memory.head,
        _written_subset(memory.requested, forms),
        states,
        codes,
        notes,
    ]
    while len(found) > 3 and not found[-1]:
        found.pop()
    return found


def _written_subset(subset: PartitionsSubset, forms: _Forms) -> Any:
    definition = subset.partitions_def
    if definition is ONCE:
        return 0 if subset.is_empty else 1
    return [forms.place(definition), definition.form.write(subset.body)]


def _place_text(place: Place) -> str:
    fingerprint, entity = place
    return f"{fingerprint} {entity_text(entity)}"


def _place(text: str) -> Place:
    fingerprint, _, name = text.partition(" ")
    return fingerprint, _entity(name)


def entity_text(entity: Entity) -> str:
    """An asset or a check as text: its parts in a JSON list, of a check the name in another."""
    if isinstance(entity, AssetCheckKey):
        return json.dumps([[*entity.asset_key.parts], entity.name], separators=(",", ":"))
    return json.dumps([*entity.parts], separators=(",", ":"))


def _entity(text: str) -> Entity:
    read: Any = json.loads(text)
    return AssetCheckKey(AssetKey(read[0]), read[1]) if isinstance(read[0], list) else AssetKey(read)


# ---- reading ---------------------------------------------------------------------------------------


def read_cursor(text: str | None, scene: Scene) -> Cursor:
    """A cursor from its text.

    Args:
        text: as it was written; None for nothing remembered.
        scene: what is defined now.

    Raises:
        InvalidInvocationError: when it is no cursor of this kind.
    """
    if text is None:
        return Cursor()
    try:
        whole: Any = json.loads(text)
        if whole["v"] != _VERSION:
            raise _odd(text)
        forms: list[tuple[str, Any]] = [(one[0], one[1]) for one in whole["forms"]]
        memories: dict[Entity, Memory] = {}
        for written, memory in cast("dict[str, Any]", whole["of"]).items():
            entity = _entity(written)
            if not _is_there(scene, entity):
                continue
            found = _Reader(scene, forms).memory(entity, memory)
            if found is not None:
                memories[entity] = found
    except (ValueError, TypeError, LookupError, AttributeError, InvalidDefinitionError) as fault:
        raise _odd(text) from fault
    return Cursor(memories)


def _odd(text: object) -> InvalidInvocationError:
    return InvalidInvocationError(
        f"This is no cursor of automation conditions: {str(text)[:60]!r}."
        " Pass the cursor of an earlier result, or None to begin anew."
    )


def _is_there(scene: Scene, entity: Entity) -> bool:
    if isinstance(entity, AssetCheckKey):
        return entity in scene.graph.by_check
    return scene.graph.has(entity)


@frozen
class _Reader:
    """Reads what was written about subsets.

    Args:
        scene: what is defined now.
        forms: identity and keys of the definitions that subsets were written by.
    """

    scene: Scene
    forms: list[tuple[str, Any]]

    def memory(self, entity: Entity, written: list[Any]) -> Memory | None:
        """What is remembered of one; None when it has other partitions now."""
        at, head, requested, *rest = written
        subset = self._subset(entity, requested)
        if subset is None:
            return None
        states_of, codes, notes = self._kept(rest)
        states: dict[Place, PartitionsSubset] = {}
        for text, state in states_of.items():
            place = _place(text)
            found = self._subset(place[1], state) if _is_there(self.scene, place[1]) else None
            if found is not None:
                states[place] = found
        return Memory(
            at=at,
            head=head,
            requested=subset,
            states=states,
            codes={_entity(text): code for text, code in codes.items()},
            notes={_place(text): note for text, note in notes.items()},
        )

    def _kept(self, written: list[Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """States, codes and notes; what is empty at the end was left out."""
        nothing: dict[str, Any] = {}
        states, codes, notes = [*written, nothing, nothing, nothing][:3]
        return states, codes, notes

    def _subset(self, entity: Entity, written: Any) -> PartitionsSubset | None:
        definition = self.scene.definition(entity)
        if isinstance(written, int) or definition is ONCE:
            if not isinstance(written, int) or definition is not ONCE:
                return None
            return self.scene.everything(entity) if written else self.scene.nothing(entity)
        return self._partitions(definition, int(written[0]), written[1])

    def _partitions(self, definition: Any, place: int, body: Any) -> PartitionsSubset | None:
        identity, keys = self.forms[place]
        former = definition if definition.form.identity == identity else _former(definition, keys)
        if former is None or former.form.identity != identity:
            return None
        try:
            found = PartitionsSubset(former, former.form.read(body))
        except InvariantViolationError:
            return None
        return found if former is definition else carried(found, definition)[0]


def _former(definition: Any, keys: Any) -> PartitionsDefinition | None:
    """A definition as it was when its listed keys were these; None when it was something else."""
    if isinstance(definition, StaticPartitionsDefinition):
        return StaticPartitionsDefinition(cast("list[str]", keys)) if isinstance(keys, list) else None
    if not isinstance(definition, MultiPartitionsDefinition) or not isinstance(keys, dict):
        return None
    lists = cast("dict[str, Any]", keys)
    now = {one.name: one.partitions_def for one in definition.partitions_defs}
    if now.keys() != lists.keys():
        return None
    before = {name: one if lists[name] is None else _former(one, lists[name]) for name, one in now.items()}
    found = {name: one for name, one in before.items() if one is not None}
    return MultiPartitionsDefinition(found) if len(found) == len(now) else None
