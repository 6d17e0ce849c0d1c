"""The manager: pluggy with a type, and each plugin kept apart from the others.

Owns: registration of manifests, one typed method per hook, isolation. A manifest that uses an
unknown hook or a wrong signature is refused as a whole; a hook that raises loses its own answer only.
Must not know entry points or names of entries: that is ``registry``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import pluggy
from attrs import define, field

from penstock.plugins.hookspecs import SPECS
from penstock.plugins.problems import Origin, PluginProblem
from penstock.spi.entry import (
    AssetLoaderEntry,
    CommandEntry,
    Entry,
    ExecutorEntry,
    IOManagerEntry,
    ObserverEntry,
    ResourceEntry,
    TypeHandlerEntry,
)
from penstock.values import frozen

E = TypeVar("E", bound=Entry)

PREFIX = "penstock_"
_ENTRY_HINT = "import it from penstock.spi.entry"
_PLAIN_FUNCTION = "each hook is a plain function with @hookimpl"


@frozen
class Claim(Generic[E]):
    """An entry and the plugin that registered it."""

    entry: E
    origin: Origin


@define(eq=False)
class PluginManager:
    """Plugins by the name of their entry point, and what they answer.

    Args:
        trace: gets a line for each registration and each hook call; None for silence.
    """

    trace: Callable[[str], None] | None = None
    problems: list[PluginProblem] = field(factory=list[PluginProblem], init=False)
    _pluggy: pluggy.PluginManager = field(init=False)
    _origins: dict[str, Origin] = field(factory=dict[str, Origin], init=False)
    _answers: dict[tuple[str, str], tuple[Claim[Any], ...]] = field(
        factory=dict[tuple[str, str], tuple[Claim[Any], ...]], init=False
    )

    def __attrs_post_init__(self) -> None:
        self._pluggy = pluggy.PluginManager("penstock")
        for specs in SPECS:
            self._pluggy.add_hookspecs(specs)
        if self.trace is not None:
            self._pluggy.trace.root.setwriter(self.trace)
            self._pluggy.enable_tracing()

    def register(self, manifest: object, origin: Origin) -> bool:
        """Take a plugin in, or record why not.

        Args:
            manifest: a module or object with ``@hookimpl`` functions.
            origin: where it comes from.

        Returns:
            Whether it was taken.
        """
        marked = self._marked(manifest)
        fault = _first_fault(marked)
        if fault is not None:
            return self._refuse(origin, *fault)
        try:
            self._pluggy.register(manifest, name=origin.name)
        except (pluggy.PluginValidationError, ValueError) as error:
            return self._refuse(origin, f"its hooks cannot be used: {error}", _PLAIN_FUNCTION)
        self._origins[origin.name] = origin
        for name in SIGNATURES.keys() - marked.keys():
            if callable(getattr(manifest, name, None)):
                self._note(origin, f"{name} is not marked, so nobody calls it", "write @hookimpl above it")
        return True

    def executors(self) -> tuple[Claim[ExecutorEntry], ...]:
        """Every executor of every plugin, in order of registration."""
        return self._collect("penstock_executors", ExecutorEntry)

    def observers(self) -> tuple[Claim[ObserverEntry], ...]:
        """Every observer of every plugin, in order of registration."""
        return self._collect("penstock_observers", ObserverEntry)

    def io_managers(self) -> tuple[Claim[IOManagerEntry], ...]:
        """Every I/O manager of every plugin, in order of registration."""
        return self._collect("penstock_io_managers", IOManagerEntry)

    def type_handlers(self) -> tuple[Claim[TypeHandlerEntry], ...]:
        """Every table type of every plugin, in order of registration."""
        return self._collect("penstock_type_handlers", TypeHandlerEntry)

    def resources(self) -> tuple[Claim[ResourceEntry], ...]:
        """Every resource of every plugin, in order of registration."""
        return self._collect("penstock_resources", ResourceEntry)

    def asset_loaders(self) -> tuple[Claim[AssetLoaderEntry], ...]:
        """Every asset loader of every plugin, in order of registration."""
        return self._collect("penstock_asset_loaders", AssetLoaderEntry)

    def commands(self) -> tuple[Claim[CommandEntry], ...]:
        """Every command of every plugin, in order of registration."""
        return self._collect("penstock_commands", CommandEntry)

    def _collect(self, hook: str, kind: type[E]) -> tuple[Claim[E], ...]:
        found: list[Claim[E]] = []
        for name, origin in self._origins.items():
            key = (name, hook)
            if key not in self._answers:
                self._answers[key] = self._ask(hook, kind, origin)
            found.extend(self._answers[key])
        return tuple(found)

    def _ask(self, hook: str, kind: type[E], origin: Origin) -> tuple[Claim[E], ...]:
        others = [plugin for name, plugin in self._pluggy.list_name_plugin() if name != origin.name]
        call = self._pluggy.subset_hook_caller(hook, others)
        try:
            entries = [entry for answer in call() for entry in answer]
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the others go on
            self._note(origin, f"{hook}() raised {type(error).__name__}: {error}", "tell its author")
            return ()
        wrong = [entry for entry in entries if not isinstance(entry, kind)]
        for entry in wrong:
            self._note(origin, f"{hook}() answered {entry!r}, wanted {kind.__name__} values", _ENTRY_HINT)
        return tuple(Claim(entry, origin) for entry in entries if isinstance(entry, kind))

    def _marked(self, manifest: object) -> dict[str, _Answer]:
        found: dict[str, _Answer] = {}
        for name in dir(manifest):
            options = self._pluggy.parse_hookimpl_opts(manifest, name)
            if options is not None:
                hook = options.get("specname") or name
                signature = signature_of(getattr(manifest, name))
                found[hook] = _Answer(hook, signature, optional=bool(options.get("optionalhook")))
        return found

    def _refuse(self, origin: Origin, reason: str, hint: str) -> bool:
        self.problems.append(PluginProblem.of(origin, reason, hint))
        return False

    def _note(self, origin: Origin, reason: str, hint: str) -> None:
        self.problems.append(PluginProblem.of(origin, reason, hint, disables=False))


@frozen
class _Answer:
    """A marked function of a manifest."""

    hook: str
    signature: inspect.Signature
    optional: bool


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a hook, without ``self``."""
    signature = inspect.signature(function)
    kept = [one for one in signature.parameters.values() if one.name != "self"]
    return signature.replace(parameters=kept)


SIGNATURES: Mapping[str, inspect.Signature] = {
    name: signature_of(function)
    for specs in SPECS
    for name, function in vars(specs).items()
    if name.startswith(PREFIX)
}
"""Every hook with the signature that plugins may answer, in the order of the reference page."""


def shown(hook: str, signature: inspect.Signature) -> str:
    """A hook as people write it: name, arguments and what it answers."""
    return f"{hook}{signature}".replace("'", "")  # annotations are kept as text


def _first_fault(answers: Mapping[str, _Answer]) -> tuple[str, str] | None:
    """The first reason for which a manifest cannot be taken, with a hint."""
    for answer in answers.values():
        wanted = SIGNATURES.get(answer.hook)
        found = shown(answer.hook, answer.signature)
        if wanted is None and not answer.optional:
            near = get_close_matches(answer.hook, SIGNATURES, n=1) or list(SIGNATURES)
            known = ", ".join(shown(name, SIGNATURES[name]) for name in near)
            hint = f"did you mean {known}?" if len(near) == 1 else f"the hooks are {known}"
            return f"there is no hook {found}", hint
        if wanted is not None and not answer.signature.parameters.keys() <= wanted.parameters.keys():
            reason = (
                f"{answer.hook} has the wrong signature: found {found}, wanted {shown(answer.hook, wanted)}"
            )
            return reason, "a hook may leave arguments out, it cannot ask for others"
    return None
