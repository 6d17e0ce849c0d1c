"""Checks that nobody writes: one step that looks at what is recorded of several assets.

Owns: what all builders of such checks share. What the checks look at is found out by a higher room, through
the port, when they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, cast

from penstock.define import port
from penstock.define.assets import AssetChecksDefinition
from penstock.define.checks import multi_asset_check
from penstock.define.results import AssetCheckResult
from penstock.define.specs import AssetCheckSpec, keys_of
from penstock.errors import InvalidDefinitionError
from penstock.events.values import AssetCheckSeverity
from penstock.keys import AssetKey

_DIGEST_BYTES = 4


def checked_keys(assets: Any, builder: str) -> tuple[AssetKey, ...]:
    """The keys of the assets that are to be checked, in order.

    Args:
        assets: a list of assets, in any spelling; a definition stands for all its assets.
        builder: who asks, for the message.

    Raises:
        InvalidDefinitionError: when it is no list, or something in it names no asset.
    """
    if isinstance(assets, str) or not isinstance(assets, Iterable):
        raise InvalidDefinitionError(
            f"{builder} wants a list of assets, found {assets!r}. Write assets=[{assets!r}]."
        )
    return tuple(key for one in cast("Iterable[Any]", assets) for key in keys_of(one))


def checked_severity(given: Any, builder: str) -> AssetCheckSeverity:
    """A severity as it was given.

    Raises:
        InvalidDefinitionError: when it is none.
    """
    if isinstance(given, AssetCheckSeverity):
        return given
    raise InvalidDefinitionError(
        f"{builder} wants AssetCheckSeverity.ERROR or .WARN as severity, found {given!r}."
    )


def built_checks(
    specs: Sequence[AssetCheckSpec], evaluator: str, terms: Any
) -> Sequence[AssetChecksDefinition]:
    """One definition of checks that are evaluated together, and can be chosen one by one.

    Args:
        specs: of the checks; all have one name.
        evaluator: a name of the port: takes the context and the terms, gives a result for each check that
            the run asks for.
        terms: what the builder was told.
    """

    def evaluate(context: Any) -> Iterator[AssetCheckResult]:
        yield from port.call(evaluator, context, terms)

    title = f"{specs[0].name if specs else evaluator}_{_digest(specs)}"
    return [multi_asset_check(specs=specs, name=title, can_subset=True)(evaluate)]


def _digest(specs: Sequence[AssetCheckSpec]) -> str:
    """Tells steps over different assets apart: the same for the same checks, in any order."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for key in sorted(spec.key for spec in specs):
        digest.update(f"{key.to_user_string()}\0".encode())
    return digest.hexdigest()
