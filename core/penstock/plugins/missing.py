"""Which libraries of a plugin's extras are not installed, read from metadata without an import.

Owns: the reading of ``Requires-Dist`` as far as extras need it. Not a full parser of requirements:
it answers a question of ``penstock plugins``; the truth comes when the target is imported.
Lazy: ``importlib.metadata`` is imported when somebody asks.
"""

from __future__ import annotations

import re

from penstock.plugins.problems import Origin

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def missing_libraries(origin: Origin) -> tuple[str, ...]:
    """Libraries that the plugin's extras require and that are not there, sorted."""
    if not origin.extras:
        return ()
    wanted = required_by(_requirements(origin.distribution), origin.extras)
    return tuple(sorted(name for name in wanted if not _is_installed(name)))


def required_by(requirements: list[str], extras: tuple[str, ...]) -> frozenset[str]:
    """The names of the libraries that belong to one of these extras.

    Args:
        requirements: lines such as ``ray[default]>=2.40; extra == "ray"``.
        extras: names of extras.
    """
    found: set[str] = set()
    for line in requirements:
        requirement, _, marker = line.partition(";")
        named = _NAME.match(requirement)
        if named and any(extra in extras for extra in _EXTRA.findall(marker)):
            found.add(named[1])
    return frozenset(found)


def _requirements(name: str) -> list[str]:
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - lazy, as above

    try:
        return list(distribution(name).requires or ())
    except PackageNotFoundError:
        return []


def _is_installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - lazy, as above

    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
