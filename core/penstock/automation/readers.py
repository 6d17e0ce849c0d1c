"""Who reads some partitions of a part.

Owns: ``readers``. Pure.
"""

from __future__ import annotations

from penstock.automation.cutting import everything
from penstock.automation.scheme import Link, Scheme
from penstock.partitions.mapping_rules import downstream_partitions
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View


def readers(scheme: Scheme, link: Link, read: PartitionsSubset, view: View) -> PartitionsSubset:
    """The partitions of the reading part that read some partitions of the other.

    Args:
        scheme: of the link.
        link: who reads whom.
        read: partitions of the part that is read.
        view: what counts as now, and who knows dynamic keys.

    Raises:
        InvalidDefinitionError: when a mapping of the user raises or gives something else.
    """
    reader = scheme.parts[link.reader]
    if read.is_empty:
        return reader.definition.empty_subset()
    if link.mapping is None:
        return everything(reader.definition, view)
    if link.is_same:
        return read
    where = f"{reader.name!r}, which reads {scheme.parts[link.read].name!r}"
    return downstream_partitions(link.mapping, read, reader.definition, view, where)


def is_arithmetic(link: Link) -> bool:
    """Whether asking for readers is cheap: mappings of users are asked about each key."""
    mapping = link.mapping
    return link.is_same or mapping is None or type(mapping).__module__.startswith("penstock.partitions.")
