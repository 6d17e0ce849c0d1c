"""``penstock partition``: list the partitions of an asset; list, add and delete dynamic keys.

Owns: the command line of it. Which partitions there are and where they stand is asked of ``query``.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from penstock.cli.loading import load_or_none
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.partition_list import list_command
from penstock.cli.screen import Screen
from penstock.define.asset_graph import AssetGraph
from penstock.errors import InvariantViolationError, suggest
from penstock.host.instance import Instance
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.keys import SEPARATOR, as_keys
from penstock.partitions.multi import MultiPartitionsDefinition

_SHOWN = 10


@click.group("partition")
def command() -> None:
    """List partitions; add and delete dynamic ones."""


@command.command(
    "add",
    epilog=examples(
        "penstock partition add files a.csv b.csv", "ls data | xargs penstock partition add files"
    ),
)
@click.argument("name")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@with_code
@click.option("--force", is_flag=True, help="Also when no definition has dynamic partitions of that NAME.")
@answering
def add(screen: Screen, name: str, keys: tuple[str, ...], code: CodeChoice, *, force: bool) -> None:
    """Add keys to the dynamic partitions NAME, at the end. Those already there stay where they are."""
    wanted = _checked(name, keys)
    with Instance.get() as instance:
        known = set(instance.get_dynamic_partitions(name))
        if not known and not force:
            _refuse_unknown(name, code)
        instance.add_dynamic_partitions(name, wanted)
    added = [key for key in wanted if key not in known]
    there = [key for key in wanted if key in known]
    if screen.as_json:
        screen.document({"name": name, "added": added, "already_there": there})
    elif screen.quiet:
        screen.names(added)
    else:
        screen.say(
            _sentence("Added", added, f"to {name}", f"Already there: {_shown(there)}." if there else "")
        )


@command.command(
    "delete",
    epilog=examples("penstock partition delete files a.csv", "penstock partition delete --yes files a.csv"),
)
@click.argument("name")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@answering
def delete(screen: Screen, name: str, keys: tuple[str, ...], *, yes: bool) -> None:
    """Delete keys from the dynamic partitions NAME.

    What was made of them stays, on record and where it is stored; it counts again when a key is added again.
    """
    wanted = list(dict.fromkeys(keys))
    with Instance.get() as instance:
        known = instance.get_dynamic_partitions(name)
        there = set(known)
        gone = [key for key in wanted if key in there]
        missing = [key for key in wanted if key not in there]
        if gone and not yes:
            click.confirm(
                f"Delete {_shown(gone)} from {name}? What was made of {_them(gone)} stays.",
                abort=True,
                err=True,
            )
        instance.store.dynamic_partitions(name, remove=gone)
    if screen.as_json:
        screen.document({"name": name, "deleted": gone, "not_there": missing})
    elif screen.quiet:
        screen.names(gone)
    else:
        hint = suggest(missing[0], known) if missing else ""
        rest = f"Not there: {_shown(missing)}.{hint}" if missing else ""
        screen.say(_sentence("Deleted", gone, f"from {name}", rest))


def _checked(name: str, keys: Sequence[str]) -> list[str]:
    """Keys that can be partitions, each once.

    Raises:
        InvalidDefinitionError: when a key has ``...`` in it.
        InvariantViolationError: when a key is empty or has a bar or a line break in it, or the name is empty.
    """
    if not name.strip():
        raise InvariantViolationError("Dynamic partitions have a name, and this one is empty.")
    for key in keys:
        if not key.strip() or SEPARATOR in key or not key.isprintable():
            raise InvariantViolationError(
                f"{key!r} cannot be a partition key: it is empty, or has {SEPARATOR!r} or a line break in it."
            )
    return list(as_keys(dict.fromkeys(keys)))


def _refuse_unknown(name: str, choice: CodeChoice) -> None:
    """Refuse to begin a set that the definitions, where they are known, do not have."""
    code = load_or_none(choice)
    names = [] if code is None else dynamic_names(code.graph)
    if code is None or name in names:
        return
    known = f" There are: {', '.join(names)}." if names else " They have no dynamic partitions by name."
    raise InvariantViolationError(
        f"{code.source} has no dynamic partitions {name!r}.{suggest(name, names)}{known}"
        " With --force they are added all the same."
    )


def dynamic_names(graph: AssetGraph) -> list[str]:
    """The names of the dynamic partitions that assets have, sorted."""
    found: set[str] = set()
    for spec in graph.specs:
        whole = spec.partitions_def
        parts = (
            [one.partitions_def for one in whole.dimensions]
            if isinstance(whole, MultiPartitionsDefinition)
            else [whole]
        )
        found.update(one.name for one in parts if isinstance(one, DynamicPartitionsDefinition) and one.name)
    return sorted(found)


def _sentence(verb: str, keys: Sequence[str], where: str, rest: str) -> str:
    first = f"{verb} {_shown(keys)} {where}." if keys else f"{verb} nothing {where}."
    return f"{first} {rest}".rstrip()


def _shown(keys: Sequence[str]) -> str:
    if len(keys) <= _SHOWN:
        return ", ".join(keys)
    return f"{', '.join(keys[:_SHOWN])} … ({len(keys):,} keys)"


def _them(keys: Sequence[str]) -> str:
    return "it" if len(keys) == 1 else "them"


command.add_command(list_command)
