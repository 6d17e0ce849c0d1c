"""Where plugins come from: entry points of what is installed, and the import of what they name.

Owns: the entry-point group, the reading of an entry point without importing it, and what is said when
an import fails. Lazy: ``importlib.metadata`` and targets are imported when they are first needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from penstock.errors import PluginError
from penstock.plugins.announced import Announcement, announced
from penstock.plugins.problems import Origin
from penstock.spi.entry import Entry

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    Point = EntryPoint | Announcement

GROUP = "penstock.plugins"
TELL_AUTHOR = "tell its author"


def installed() -> Iterable[Point]:
    """The entry points of every installed plugin; reads metadata and imports nothing."""
    found = announced(GROUP)
    if found is not None:
        return found
    from importlib.metadata import entry_points  # noqa: PLC0415 - lazy: costs more than all of this room

    return entry_points(group=GROUP)


def distribution_of(point: Point) -> str:
    """The name of the distribution that an entry point belongs to."""
    return point.dist.name if point.dist is not None else "?"


def version_of(distribution: str) -> str:
    """The version of an installed distribution; empty when it is not installed, as from a checkout."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - lazy, as above

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def origin_of(point: Point) -> Origin:
    """What an entry point says of its plugin; ``module`` is empty when it cannot be read."""
    try:
        module, extras = point.module, tuple(point.extras)
    except (
        AttributeError,
        AssertionError,
    ):  # how it tells that its text has no such form
        module, extras = "", ()
    return Origin(
        name=point.name,
        distribution=distribution_of(point),
        version=(point.dist.version or "") if point.dist is not None else "",
        module=module,
        extras=extras,
    )


def import_target(entry: Entry, origin: Origin) -> Any:
    """Import what an entry names.

    Raises:
        PluginError: when module or attribute is not there.
    """
    module, _, attribute = entry.target.partition(":")
    whose = f"{entry.name!r} of plugin {origin.name!r} ({origin.title})"
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as error:
        if origin.builtin:
            raise  # nothing that a user can mend
        pip = origin.pip_hint
        end = f" Run: {pip}" if pip else f" {TELL_AUTHOR.capitalize()}."
        raise PluginError(f"{whose} cannot be loaded: {said(error)}.{end}") from error
    except AttributeError as error:
        raise PluginError(
            f"{whose} names {entry.target!r}, and that cannot be found: {error}. {TELL_AUTHOR.capitalize()}."
        ) from error
    return found


def said(error: BaseException) -> str:
    """Class and message of an exception."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def hint_of(origin: Origin, error: BaseException) -> str:
    """What to install, when a library is missing that the plugin declares as an extra."""
    pip = origin.pip_hint if isinstance(error, ImportError) else ""
    return pip or TELL_AUTHOR
