"""Storing outputs and loading inputs in a folder, as the contexts of a step say.

Owns: from a context to stems, partitions, receipts and messages. Knows no disk: a ``Folder`` does.
An output of several partitions is a dict by partition key; an input of several partitions becomes
one; a single partition is always the bare value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast, get_args, get_origin

from penstock.errors import HandleOutputError, LoadInputError, suggest
from penstock.metadata import MetadataValue
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files.folder import Folder, Published
from penstock_files.formats import Encoded, encode
from penstock_files.layout import stem
from penstock_files.temporary import Origin

Context: TypeAlias = OutputContext | InputContext

_MAPPINGS = (dict, Mapping)


def store(folder: Folder, context: OutputContext, value: Any) -> None:
    """Publish an output and add its receipt to the context's metadata.

    Args:
        folder: where to.
        context: the output context.
        value: what the step returned; a dict by partition key when the output has several.

    Raises:
        HandleOutputError: when the value cannot be stored; what was there stays readable.
    """
    parts, partitions = _address(context)
    origin = _origin(context)
    if partitions is None or len(partitions) == 1:
        target = stem(parts, partitions[0] if partitions else None)
        encoded, published = _publish(folder, context, target, value, origin)
        context.add_output_metadata(_receipt(encoded, published))
        return
    values = _by_partition(context, partitions, value)
    done = [_publish(folder, context, stem(parts, key), values[key], origin) for key in partitions]
    context.add_output_metadata(_receipt_of_many(folder.describe(stem(parts))[: -len(".*")], done))


def fetch(folder: Folder, context: InputContext) -> Any:
    """Load an input as its declared type.

    Args:
        folder: where from.
        context: the input context.

    Returns:
        The value; a dict by partition key for several partitions; None for no partition.

    Raises:
        FileNotFoundError: when nothing is stored there.
        LoadInputError: when what is stored cannot be read.
    """
    parts, partitions = _address_of_input(context)
    wanted = getattr(context.type, "typing_type", None)  # a context built by hand may hold a bare type
    if partitions is None:
        return _load(folder, context, stem(parts), wanted, None)
    if not partitions:
        return None
    present = _present(folder, context, parts, partitions)
    if len(partitions) == 1:
        return _load(folder, context, stem(parts, partitions[0]), wanted, partitions[0]) if present else None
    each = _wanted_of_each(context, wanted, len(partitions))
    return {key: _load(folder, context, stem(parts, key), each, key) for key in present}


def _address(context: Context) -> tuple[Sequence[str], Sequence[str] | None]:
    """The parts of the key, and the partition keys of what has partitions."""
    if not context.has_asset_key:
        return context.get_identifier(), None
    return context.asset_key.parts, context.asset_partition_keys if context.has_asset_partitions else None


def _address_of_input(context: InputContext) -> tuple[Sequence[str], Sequence[str] | None]:
    parts, partitions = _address(context)
    if partitions is None and context.asset_partitions_def is not None and context.run_partition_keys:
        return parts, ()  # mapped to no partition: the first one of an asset that reads its own past
    return parts, partitions


def _origin(context: OutputContext) -> Origin:
    return Origin(run_id=context.run_id, step_key=context.step_key, attempt=context.attempt)


def _publish(
    folder: Folder, context: Context, target: str, value: Any, origin: Origin
) -> tuple[Encoded, Published]:
    try:
        encoded = encode(value)
        return encoded, folder.publish(target, encoded, origin)
    except OSError as error:
        raise HandleOutputError(
            f"{_subject(context)}: cannot write {folder.describe(target)}: {error}."
            " Free space there, or mend the permissions, or choose another base_dir; then run it again."
            " What was stored before is untouched.",
            error,
        ) from error
    except Exception as error:
        raise HandleOutputError(_unstorable(context, folder.describe(target), value, error), error) from error


def _unstorable(context: Context, path: str, value: Any, error: Exception) -> str:
    cls = cast("type[Any]", type(value))
    return (
        f"{_subject(context)}: a value of type {cls.__module__}.{cls.__qualname__} cannot be stored in"
        f" {path}: {type(error).__name__}: {error}. Return a table, a JSON value, bytes, text or anything"
        " that pickle takes; or give it an I/O manager of its own (io_manager_key=...); or annotate the"
        " function '-> None' if nothing is to be stored. What was stored before is untouched."
    )


def _load(folder: Folder, context: Context, source: str, wanted: Any, partition: str | None) -> Any:
    try:
        return folder.load(source, wanted)
    except FileNotFoundError as error:
        raise FileNotFoundError(_missing(context, folder.describe(source), partition)) from error
    except Exception as error:
        raise LoadInputError(
            f"{_subject(context)}: {folder.describe(source)} is there but cannot be read:"
            f" {type(error).__name__}: {error}. It may be damaged, or its classes may have changed:"
            " run what produces it again.",
            error,
        ) from error


def _missing(context: Context, path: str, partition: str | None) -> str:
    what = "It" if partition is None else f"Partition {partition!r}"
    hint = "" if partition is None else ", or set the input's metadata allow_missing_partitions to true"
    return (
        f"{_subject(context)}: nothing is stored at {path}. {what} was not run yet, was stored by another I/O"
        f" manager or under another base_dir, or was removed: run it first{hint}."
    )


def _present(folder: Folder, context: Context, parts: Sequence[str], partitions: Sequence[str]) -> list[str]:
    """The partitions to load: all, or those that are there when others may be missing."""
    allowed = context.definition_metadata.get("allow_missing_partitions", False)
    if not getattr(allowed, "value", allowed):
        return list(partitions)
    return [key for key in partitions if folder.exists(stem(parts, key))]


def _wanted_of_each(context: Context, wanted: Any, count: int) -> Any:
    """What the values of a dict by partition are to be, from the annotation of the dict."""
    if get_origin(wanted) in _MAPPINGS:
        return (*get_args(wanted), None, None)[1]
    if wanted in (None, Any, object, *_MAPPINGS):
        return None
    name = getattr(wanted, "__name__", str(wanted))
    raise LoadInputError(
        f"{_subject(context)}: {count} partitions are loaded, so the input is a dict by partition key, but it"
        f" is annotated as {name}. Annotate it as dict[str, {name}], or map it to one partition."
    )


def _by_partition(context: Context, partitions: Sequence[str], value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise HandleOutputError(
            f"{_subject(context)}: the run covers {len(partitions)} partitions, so the value must be a dict"
            f" by partition key ({', '.join(map(repr, partitions[:3]))}, …),"
            f" found {type(value).__qualname__}."
            " Return such a dict, or run each partition on its own (BackfillPolicy.multi_run())."
        )
    values = cast("Mapping[str, Any]", value)
    missing = [key for key in partitions if key not in values]
    extra = [str(key) for key in values if key not in set(partitions)]
    if missing or extra:
        raise HandleOutputError(
            f"{_subject(context)}: the keys of the returned dict are not the partitions of the run."
            f" Missing: {_some(missing)}. Not of this run: {_some(extra)}."
            f"{suggest(extra[0], missing) if extra else ''}"
        )
    return values


def _some(keys: Sequence[str]) -> str:
    shown = ", ".join(map(repr, keys[:5]))
    return f"{shown} and {len(keys) - 5} more" if len(keys) > 5 else shown or "none"


def _receipt(encoded: Encoded, published: Published) -> dict[str, Any]:
    receipt: dict[str, Any] = {
        "path": MetadataValue.path(published.path),
        "bytes": published.size,
        "checksum": published.checksum,
    }
    if encoded.table is None:
        return receipt
    from penstock_files.parquet import column_schema  # noqa: PLC0415  # imports pyarrow, only for tables

    return receipt | {
        "format": encoded.extension[1:],
        "penstock/row_count": encoded.table.num_rows,
        "penstock/column_schema": MetadataValue.table_schema(column_schema(encoded.table)),
    }


def _receipt_of_many(path: str, done: Sequence[tuple[Encoded, Published]]) -> dict[str, Any]:
    receipt: dict[str, Any] = {
        "path": MetadataValue.path(path),
        "bytes": sum(published.size for _, published in done),
        "partitions": len(done),
    }
    tables = [encoded.table for encoded, _ in done if encoded.table is not None]
    if tables and len(tables) == len(done):
        receipt["penstock/row_count"] = sum(table.num_rows for table in tables)
    return receipt


def _subject(context: Context) -> str:
    """Who stores or loads, as the beginning of a message."""
    if context.has_asset_key:
        return f"Asset {context.asset_key.to_user_string()!r}"
    owner = context if isinstance(context, OutputContext) else context.upstream_output or context
    return f"Output {owner.name!r} of step {owner.step_key!r}"
