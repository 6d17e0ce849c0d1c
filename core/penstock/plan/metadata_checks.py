"""Whether what was recorded with materializations is as it should be, as a check says it.

Owns: the verdicts of ``build_column_schema_change_checks`` and ``build_metadata_bounds_checks``. Must not
know stores: who asks brings the metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.define.metadata_checks import Bounds
from penstock.metadata import MetadataValue, TableSchema
from penstock.metadata.sets import system_key

SCHEMA_KEY = system_key("column_schema")

Verdict = tuple[bool, str]
"""Whether a check passes, and one sentence or more for people."""
Metadata = Mapping[str, MetadataValue]


def judge_schemas(latest: Sequence[Metadata]) -> Verdict:
    """Whether the columns of the latest materialization are those of the one before.

    Args:
        latest: the metadata of the last two materializations, the newest first; fewer when there are fewer.
    """
    if len(latest) < 2:
        return True, "There are not yet two materializations to compare."
    new, old = _schema(latest[0]), _schema(latest[1])
    if new is None or old is None:
        which = "latest materialization" if new is None else "materialization before the latest"
        return False, f"The {which} has no {SCHEMA_KEY!r}, so nothing can be compared."
    changes = list(_changes(old, new))
    return not changes, " ".join(
        ["The columns have changed.", *changes] if changes else ["No column has changed."]
    )


def _schema(metadata: Metadata) -> TableSchema | None:
    found = metadata.get(SCHEMA_KEY)
    schema = getattr(found, "schema", None)
    return schema if isinstance(schema, TableSchema) else None


def _changes(old: TableSchema, new: TableSchema) -> Sequence[str]:
    before, after = ({column.name: column.type for column in one.columns} for one in (old, new))
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    other = [
        f"{name} ({kind} is now {after[name]})"
        for name, kind in before.items()
        if name in after and after[name] != kind
    ]
    found = (("Added", added), ("Removed", gone), ("Of another type", other))
    return [f"{title}: {', '.join(names)}." for title, names in found if names]


def judge_bounds(bounds: Bounds, latest: Metadata | None) -> Verdict:
    """Whether a number of the latest materialization is within bounds.

    Args:
        bounds: what the check was told.
        latest: the metadata of the latest materialization, None when there is none.
    """
    name = bounds.metadata_key
    if latest is None:
        return False, "It was never made."
    if name not in latest:
        return False, f"The latest materialization has no {name!r}."
    value = latest[name].value
    if not isinstance(value, int | float):
        return False, f"{name!r} is {value!r}, which is no number."
    if _is_within(bounds, value):
        return True, f"{name!r} is {value}, which is {bounds}."
    return False, f"{name!r} is {value}, but is to be {bounds}."


def _is_within(bounds: Bounds, value: float) -> bool:
    low, high = bounds.min_value, bounds.max_value
    if low is not None and not (value > low if bounds.exclusive_min else value >= low):
        return False
    return high is None or (value < high if bounds.exclusive_max else value <= high)
