"""The registry: names of every kind, found lazily among what is built in and what is installed.

Owns: discovery by entry points, selection, the version check, and who owns a name. What is built in
is looked at first; manifests of installed plugins are imported only when a name is not found there or
everything is listed; targets are imported when their name is first used. Lazy: manifests are imported
by name. What goes wrong is recorded; it is fatal only when somebody names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from penstock.errors import PluginError, suggest
from penstock.plugins.discovery import (
    distribution_of,
    hint_of,
    import_target,
    installed,
    origin_of,
    said,
    version_of,
)
from penstock.plugins.manager import Claim, PluginManager
from penstock.plugins.missing import missing_libraries
from penstock.plugins.problems import Origin, PluginProblem
from penstock.plugins.selection import Selection
from penstock.plugins.versions import version_fault
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.plugins.discovery import Point

Claims = tuple[Claim[Any], ...]

_KINDS: Mapping[str, tuple[str, Callable[[PluginManager], Claims]]] = {
    "executor": ("executor", PluginManager.executors),
    "io_manager": ("I/O manager", PluginManager.io_managers),
    "resource": ("resource", PluginManager.resources),
    "type_handler": ("type handler", PluginManager.type_handlers),
    "observer": ("observer", PluginManager.observers),
    "command": ("command", PluginManager.commands),
    "asset_loader": ("asset loader", PluginManager.asset_loaders),
}

KINDS = tuple(_KINDS)
"""What can be asked for: ``registry.resolve("executor", "in_process")``."""


@frozen(kw_only=True)
class PluginInfo:
    """A plugin as ``penstock plugins`` shows it.

    Args:
        state: ``ready``, ``incomplete`` (a library of its extra is missing), ``faulty`` (part of it
            cannot be used), ``disabled`` (nothing of it can) or ``not selected``.
        provides: names by kind, of what it registered.
        reason, hint: why it is not ready, and what to do.
    """

    origin: Origin
    state: str
    provides: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    reason: str = ""
    hint: str = ""


@define(eq=False, kw_only=True)
class Registry:
    """Every plugin of this process.

    Args:
        builtins: name → module of each manifest that belongs to the core.
        selection: which installed plugins count: None for all, their names, or text with commas.
        discover: gives the entry points, by default those of what is installed.
        trace: gets a line for each registration and hook call; None for silence.
    """

    builtins: Mapping[str, str] = field(factory=dict[str, str])
    selection: Selection = field(default=None, converter=Selection.parse)
    discover: Callable[[], Iterable[Any]] = installed
    trace: Callable[[str], None] | None = None
    _manager: PluginManager = field(init=False)
    _origins: dict[str, Origin] = field(factory=dict[str, Origin], init=False)
    _refused: list[PluginProblem] = field(factory=list[PluginProblem], init=False)
    _unselected: list[Origin] = field(factory=list[Origin], init=False)
    _targets: dict[str, Any] = field(factory=dict[str, Any], init=False)
    _has_builtins: bool = field(default=False, init=False)
    _has_installed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._manager = PluginManager(self.trace)

    @property
    def problems(self) -> tuple[PluginProblem, ...]:
        """Everything that was found wrong so far, in order."""
        return (*self._manager.problems, *self._refused)

    def insist_on_selection(self) -> None:
        """Refuse to go on without the plugins that the settings name.

        Raises:
            PluginError: when one of them is not installed or cannot be used.
        """
        if self.selection.names:
            self._load_installed()
            self._insist_on_selection()

    def names(self, kind: str) -> Mapping[str, Claim[Any]]:
        """Every name of a kind that has exactly one owner, with its entry.

        Args:
            kind: one of ``KINDS``.
        """
        self._load_installed()
        return self._owned(kind)

    def entry(self, kind: str, name: str) -> Claim[Any]:
        """The entry of a name; nothing but light manifests is imported.

        Args:
            kind: one of ``KINDS``.
            name: as it was registered.

        Raises:
            PluginError: when nobody registered it, several did, or a selected plugin is unusable.
        """
        self._load_builtins()
        found = self._owned(kind).get(name)
        if found is None:
            self._load_installed()
            self._insist_on_selection()
            found = self._owned(kind).get(name)
        if found is None:
            raise PluginError(self._not_found(kind, name))
        return found

    def resolve(self, kind: str, name: str) -> Any:
        """What a name stands for; its module is imported on first use.

        Raises:
            PluginError: when the name is nobody's, or its module or attribute is not there.
        """
        claim = self.entry(kind, name)
        return self.load(claim)

    def load(self, claim: Claim[Any]) -> Any:
        """The target of an entry, imported on first use.

        Raises:
            PluginError: when it cannot be imported; says which pip extra is missing.
        """
        target = claim.entry.target
        if target not in self._targets:
            self._targets[target] = import_target(claim.entry, claim.origin)
        return self._targets[target]

    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin there is, usable or not; what is built in comes first. Never raises."""
        self._load_installed()
        for kind in KINDS:
            self._owned(kind)
        known = [_with_version(self._info(origin)) for origin in self._origins.values()]
        return (*known, *(PluginInfo(origin=one, state="not selected") for one in self._unselected))

    # ---- loading -----------------------------------------------------------------------------

    def _load_builtins(self) -> None:
        if self._has_builtins:
            return
        self._has_builtins = True
        for name, module in self.builtins.items():
            origin = Origin(name=name, module=module, builtin=True)
            self._origins[name] = origin
            self._manager.register(import_module(module), origin)

    def _load_installed(self) -> None:
        self._load_builtins()
        if self._has_installed:
            return
        self._has_installed = True
        if self.selection.is_none:
            return
        for point in self._discovered():
            self._take(point)

    def _discovered(self) -> list[Point]:
        try:
            points = list(self.discover())
        except Exception as error:  # noqa: BLE001 - damaged metadata of any package in the environment
            damaged = Origin(name="?", distribution="?")
            reason = f"the metadata of installed packages cannot be read: {error}"
            self._refused.append(PluginProblem.of(damaged, reason, "reinstall the damaged package"))
            return []
        return sorted(points, key=lambda point: (point.name, distribution_of(point)))

    def _take(self, point: Point) -> None:
        origin = origin_of(point)
        if not self.selection.admits(origin):
            self._unselected.append(origin)
            return
        other = self._origins.get(origin.name)
        if other is not None:
            self._refuse(origin, f"{other.title} has a plugin of the same name", "uninstall one of them")
            return
        self._origins[origin.name] = origin
        manifest = self._load(origin)
        if manifest is None:
            return
        fault = version_fault(getattr(manifest, "penstock_spi", None))
        if fault is not None:
            self._refuse(origin, *fault)
            return
        self._manager.register(manifest, origin)

    def _load(self, origin: Origin) -> object | None:
        if not origin.module:
            self._refuse(origin, "its entry point names no module", 'write name = "package.plugin"')
            return None
        try:
            return import_module(origin.module)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a manifest may raise anything, even exit
            self._refuse(origin, f"importing {origin.module} raised {said(error)}", hint_of(origin, error))
            return None

    def _refuse(self, origin: Origin, reason: str, hint: str = "") -> None:
        self._refused.append(PluginProblem.of(origin, reason, hint))

    # ---- names -------------------------------------------------------------------------------

    def _owned(self, kind: str) -> dict[str, Claim[Any]]:
        by_name: dict[str, list[Claim[Any]]] = {}
        for claim in _kind(kind)[1](self._manager):
            by_name.setdefault(claim.entry.name, []).append(claim)
        return {
            name: owner
            for name, claims in by_name.items()
            if (owner := self._owner(kind, name, claims)) is not None
        }

    def _owner(self, kind: str, name: str, claims: list[Claim[Any]]) -> Claim[Any] | None:
        """The one that a name belongs to: what is built in, else the only claim."""
        if len(claims) == 1:
            return claims[0]
        owner = claims[0] if claims[0].origin.builtin else None
        for claim in claims[1:] if owner else claims:
            others = " and ".join(one.origin.title for one in claims if one is not claim)
            reason = f"{_kind(kind)[0]} {name!r} is claimed by {others} as well"
            problem = PluginProblem.of(claim.origin, reason, "uninstall one of them", disables=False)
            if problem not in self._refused:
                self._refused.append(problem)
        return owner

    def _not_found(self, kind: str, name: str) -> str:
        claims = [claim for claim in _kind(kind)[1](self._manager) if claim.entry.name == name]
        label = _kind(kind)[0]
        if claims:
            titles = " and ".join(claim.origin.title for claim in claims)
            return f"{label.capitalize()} {name!r} is claimed by {titles}. Uninstall one of them."
        known = sorted(self._owned(kind))
        listed = f" There are: {', '.join(known)}." if known else ""
        lines = [f"There is no {label} {name!r}.{suggest(name, known)}{listed}"]
        if self.selection.is_none:
            lines.append("Installed plugins are switched off (PENSTOCK_PLUGINS=none).")
        broken = [problem for problem in self.problems if problem.disables]
        if broken:
            lines += ["Plugins that cannot be used:", *(f"  {problem}" for problem in broken)]
        return "\n".join(lines)

    def _insist_on_selection(self) -> None:
        for name in self.selection.names or ():
            origins = [one for one in self._origins.values() if name in (one.name, one.distribution)]
            if not origins:
                near = suggest(name, [one.name for one in (*self._origins.values(), *self._unselected)])
                raise PluginError(
                    f"The setting `plugins` (PENSTOCK_PLUGINS) names {name!r}, and no plugin of that name"
                    f" is installed.{near}"
                )
            broken = [one for one in self.problems if one.name == name and one.disables]
            if broken:
                raise PluginError(
                    f"The setting `plugins` (PENSTOCK_PLUGINS) names what cannot be used: {broken[0]}"
                )

    def _info(self, origin: Origin) -> PluginInfo:
        mine = [one for one in self.problems if one.name == origin.name]
        mine = [one for one in mine if one.distribution == origin.distribution]
        provides = {kind: _names_of(self, kind, origin) for kind in KINDS}
        provides = {kind: names for kind, names in provides.items() if names}
        if mine:
            state = "disabled" if any(one.disables for one in mine) else "faulty"
            reason = "; ".join(one.reason for one in mine)
            hint = next((one.hint for one in mine if one.hint), "")
            return PluginInfo(origin=origin, state=state, provides=provides, reason=reason, hint=hint)
        missing = missing_libraries(origin)
        if missing:
            reason = f"{', '.join(missing)} not installed"
            return PluginInfo(
                origin=origin, state="incomplete", provides=provides, reason=reason, hint=origin.pip_hint
            )
        return PluginInfo(origin=origin, state="ready", provides=provides)


def _with_version(info: PluginInfo) -> PluginInfo:
    """What is built in has the version of the distribution it came with."""
    if not info.origin.builtin:
        return info
    return evolve(info, origin=evolve(info.origin, version=version_of(info.origin.distribution)))


def _kind(kind: str) -> tuple[str, Callable[[PluginManager], Claims]]:
    if kind not in _KINDS:
        raise PluginError(f"There is no kind of plugin {kind!r}.{suggest(kind, KINDS)}")
    return _KINDS[kind]


def _names_of(registry: Registry, kind: str, origin: Origin) -> tuple[str, ...]:
    claims = registry.names(kind).values()
    return tuple(sorted(claim.entry.name for claim in claims if claim.origin is origin))
