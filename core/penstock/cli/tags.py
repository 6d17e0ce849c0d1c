"""Tags on the command line: ``KEY=VALUE``, how they read, and the partitions that they name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG


def parse_tags(given: Iterable[str]) -> dict[str, str]:
    """``KEY=VALUE`` options as a mapping.

    Raises:
        BadParameter: when one has no ``=``.
    """
    tags: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"wanted KEY=VALUE, found {text!r}", param_hint="--tag")
        tags[key] = value
    return tags


def tags_text(tags: Mapping[str, str], *, verbose: int = 0) -> str:
    """Tags as one line; those that Penstock puts there itself only when ``verbose``."""
    shown = sorted((key, value) for key, value in tags.items() if verbose or not key.startswith("penstock/"))
    return ", ".join(f"{key}={value}" for key, value in shown)


def partition_text(tags: Mapping[str, str]) -> str:
    """The partition that a run is for, or the first and the last of its range; empty when it has none."""
    if PARTITION_TAG in tags:
        return tags[PARTITION_TAG]
    ends = [tags[tag] for tag in (RANGE_START_TAG, RANGE_END_TAG) if tag in tags]
    return " … ".join(dict.fromkeys(ends))
