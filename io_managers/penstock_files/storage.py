"""Storing outputs and loading inputs in a folder, as the contexts of a step say.

Owns: the way from a context to a ``Folder`` and the receipt that goes back. Which partitions a
context means is ``addressing``'s, what is said when something is wrong ``messages``'.
Lazy: ``parquet`` (and with it pyarrow) is imported for the receipt of a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.errors import HandleOutputError, LoadInputError, UnstorableValueError
from penstock.metadata import MetadataValue
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock_files import messages
from penstock_files.addressing import by_partition, fetch_each, origin_of, partitions_of, stem_of
from penstock_files.folder import Folder, Published
from penstock_files.formats import Encoded, encode


def store(folder: Folder, context: OutputContext, value: Any) -> None:
    """Publish an output and add its receipt to the context's metadata.

    Args:
        folder: where to.
        context: of the output.
        value: what the step returned; a dict by partition key when the output has several.

    Raises:
        HandleOutputError: when the place does not take it; what was there stays readable.
        UnstorableValueError: when no format holds the value.
    """
    partitions = partitions_of(context)
    if partitions is None or len(partitions) == 1:
        target = stem_of(context, partitions[0] if partitions else None)
        context.add_output_metadata(_receipt(*_publish(folder, context, target, value)))
        return
    values = by_partition(context, partitions, value)
    done = [_publish(folder, context, stem_of(context, key), values[key]) for key in partitions]
    context.add_output_metadata(_receipt_of_many(folder.locate(stem_of(context)), done))


def fetch(folder: Folder, context: InputContext) -> Any:
    """Load an input as its declared type.

    Args:
        folder: where from.
        context: of the input.

    Returns:
        The value; a dict by partition key for several partitions; None for no partition.

    Raises:
        FileNotFoundError: when nothing is stored there.
        LoadInputError: when what is stored cannot be read.
    """
    return fetch_each(
        context,
        load=lambda partition, wanted: _load(folder, context, stem_of(context, partition), wanted, partition),
        exists=lambda partition: folder.exists(stem_of(context, partition)),
    )


def _publish(folder: Folder, context: OutputContext, target: str, value: Any) -> tuple[Encoded, Published]:
    try:
        encoded = encode(value)
        return encoded, folder.publish(target, encoded, origin_of(context))
    except OSError as error:
        message = messages.unwritable(context, folder.describe(target), error)
        raise HandleOutputError(message) from error
    except Exception as error:
        message = messages.unstorable(context, folder.describe(target), value, error)
        raise UnstorableValueError(message) from error


def _load(folder: Folder, context: InputContext, source: str, wanted: Any, partition: str | None) -> Any:
    try:
        return folder.load(source, wanted)
    except FileNotFoundError as error:
        raise FileNotFoundError(messages.missing(context, folder.describe(source), partition)) from error
    except Exception as error:
        message = messages.unreadable(context, folder.describe(source), error)
        raise LoadInputError(message) from error


def _receipt(encoded: Encoded, published: Published) -> dict[str, Any]:
    receipt: dict[str, Any] = {
        "path": MetadataValue.path(published.path),
        "bytes": published.size,
        "checksum": published.checksum,
    }
    if encoded.table is None:
        return receipt
    from penstock_files.parquet import column_schema  # noqa: PLC0415  # lazy, see the top

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
