"""What a backfill is to make: the partitions of each part, from what somebody asked for.

Owns: ``Asked`` and ``targets``, by arithmetic on subsets: no keys are listed. What was made or failed
already is for whoever asks the store. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.automation.cutting import everything
from penstock.automation.readers import readers
from penstock.automation.scheme import ONCE, Part, Scheme
from penstock.errors import InvalidInvocationError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange, reversed_range
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.values import frozen


@frozen(kw_only=True)
class Asked:
    """The partitions that somebody asked for; nothing at all asks for none.

    Args:
        everything: every partition there is.
        keys: these.
        first, last: from one to another; either end may be left out.
    """

    everything: bool = False
    keys: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None

    @property
    def is_range(self) -> bool:
        """Whether an end of a range was given."""
        return self.first is not None or self.last is not None


def targets(scheme: Scheme, asked: Asked, view: View) -> Mapping[int, PartitionsSubset]:
    """The partitions that each part is to make.

    What was asked for are partitions of the parts that read no other part with partitions, and of all parts
    of the same definition; other parts make what reads them.

    Args:
        scheme: of the backfill.
        asked: which partitions.
        view: what counts as now, and who knows dynamic keys.

    Raises:
        UnknownPartitionError: when a key does not exist, or a range is the wrong way round.
        InvalidInvocationError: when nothing was asked for, or it is not clear of whose partitions.
    """
    if not any(part.is_partitioned for part in scheme.parts):
        return _unpartitioned(scheme, asked)
    if asked.everything:
        return {part.place: everything(part.definition, view) for part in scheme.parts}
    if not asked.keys and not asked.is_range:
        raise InvalidInvocationError(
            f"{_names(scheme)} is partitioned. Say which partitions: a list, a range, the missing or failed"
            " ones, or all."
        )
    definition = _anchor(scheme)
    wanted = _wanted(definition, asked, view)
    found: dict[int, PartitionsSubset] = {}
    for part in scheme.parts:
        if part.definition is definition or part.definition == definition:
            found[part.place] = wanted
        elif part.is_partitioned:
            found[part.place] = _reading(scheme, part, found, view)
        else:
            found[part.place] = everything(ONCE, view)
    return found


def _unpartitioned(scheme: Scheme, asked: Asked) -> Mapping[int, PartitionsSubset]:
    if asked.keys or asked.is_range:
        shown = asked.keys[0] if asked.keys else asked.first or asked.last
        raise InvalidInvocationError(
            f"{_names(scheme)} has no partitions, so there is no partition {shown!r}."
            " Leave the partitions out; it is made once."
        )
    return {part.place: ONCE.subset_with_all_partitions() for part in scheme.parts}


def _names(scheme: Scheme) -> str:
    first = scheme.parts[0].name
    return repr(first) if len(scheme.parts) == 1 else f"What was selected ({first!r} and others)"


def _anchor(scheme: Scheme) -> PartitionsDefinition:
    """The definition whose partitions are meant.

    Raises:
        InvalidInvocationError: when there are two.
    """
    found: list[Part] = []
    for part in scheme.parts:
        above = (scheme.parts[link.read] for link in scheme.links_of[part.place] if link.read != part.place)
        if part.is_partitioned and not any(one.is_partitioned for one in above):
            found.append(part)
    other = next((part for part in found if part.definition != found[0].definition), None)
    if other is not None:
        raise InvalidInvocationError(
            f"Partitions of two definitions could be meant: {found[0].name!r} has {found[0].definition},"
            f" {other.name!r} has {other.definition}. Launch a backfill for each, or ask for all."
        )
    return found[0].definition


def _wanted(definition: PartitionsDefinition, asked: Asked, view: View) -> PartitionsSubset:
    at, store = view.effective_dt, view.dynamic_partitions_store
    for key in (*asked.keys, asked.first, asked.last):
        if key is not None:
            definition.validate_partition_key(key, at, store)
    found = definition.subset_with_partition_keys(asked.keys)
    if not asked.is_range:
        return found
    first = asked.first or definition.get_first_partition_key(at, store)
    last = asked.last or definition.get_last_partition_key(at, store)
    if first is None or last is None:
        return found
    ends = PartitionKeyRange(first, last)
    span = definition.empty_subset().with_partition_key_range(ends, at, store)
    if span.is_empty:
        raise reversed_range(ends)
    return found | (span & everything(definition, view))


def _reading(
    scheme: Scheme, part: Part, found: Mapping[int, PartitionsSubset], view: View
) -> PartitionsSubset:
    """What reads the targets of the parts above."""
    own = part.definition.empty_subset()
    for link in scheme.links_of[part.place]:
        if link.read in found and link.read != part.place and scheme.parts[link.read].is_partitioned:
            own |= readers(scheme, link, found[link.read], view)
    return own & everything(part.definition, view)
