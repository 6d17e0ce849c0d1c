"""Everything that is wrong with the user's code, without running any of it.

Owns: ``inspect_code``. Code that can be loaded is asked for its faults. Code that cannot is imported again so
that each failing statement is one fault (see ``watching``), and what is left of its definitions is looked
at; what is missing only because something else failed is not told. Must not know the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from types import ModuleType
from typing import Any, TypeVar

from attrs import evolve, field

from penstock.define.asset_graph import flattened
from penstock.define.assets import as_definition
from penstock.define.definitions import Definitions
from penstock.define.faults import DefinitionFault, faults
from penstock.define.loading import load_definitions_from_modules
from penstock.define.project_entries import strangers
from penstock.errors import CodeLocationError, UserError
from penstock.host.code import Code, Held, definitions_of, load_code
from penstock.host.executor_faults import executor_faults
from penstock.host.stand_in import StandIn
from penstock.host.user_code import CodeSource, import_source
from penstock.host.watching import Ledger, OwnCode, WatchingLoader, watching
from penstock.values import frozen

_Entry = TypeVar("_Entry")
_WHOLE = re.compile(r"definitions|repository", re.IGNORECASE)


def _by_place(fault: DefinitionFault) -> tuple[bool, str, int]:
    file, _, line = fault.where.rpartition(":")
    return not file, file, int(line) if line.isdigit() else 0


def _sorted(found: Iterable[DefinitionFault]) -> tuple[DefinitionFault, ...]:
    return tuple(sorted(found, key=_by_place))


@frozen
class Inspected:
    """What an inspection came to.

    Args:
        faults: by file and line; those without a place come last.
        code: the definitions, None when they cannot be loaded.
    """

    faults: Sequence[DefinitionFault] = field(converter=_sorted)
    code: Code | None = None


def inspect_code(source: CodeSource, executors: Callable[[], Collection[str]] | None = None) -> Inspected:
    """Find every fault of the user's definitions.

    Args:
        source: where the definitions are. They are imported, twice when there is a fault in them.
        executors: gives the names of executors that plugins offer; None leaves executors aside.
    """
    try:
        code = load_code(source)
    except UserError as error:
        found = _inspect_brokenly(source)
        return Inspected(found or [DefinitionFault("definitions", str(error))])
    found = faults(code.repository, strict_deps=True)
    if executors is not None:
        found += executor_faults(code.repository, executors)
    return Inspected(found, code)


def _inspect_brokenly(source: CodeSource) -> list[DefinitionFault]:
    """The faults of code that cannot be loaded, as far as they can be told apart."""
    ledger = Ledger()
    folders = [source.folder] if source.file is None else [source.folder, source.file.parent]
    own = OwnCode(folders, source.module.partition(".")[0] if source.module else None)
    with watching(ledger, own):
        try:
            module = import_source(source, lambda name, path: WatchingLoader(name, path, ledger))
        except CodeLocationError:
            return ledger.faults
        rest = _faults_of_rest(module, source, ledger)
    return _distinct([*ledger.faults, *rest])


def _faults_of_rest(module: ModuleType, source: CodeSource, ledger: Ledger) -> list[DefinitionFault]:
    """What is wrong with the definitions that could be made."""
    try:
        held, whole = definitions_of(module, source), True
    except UserError as error:
        if not ledger.faults:
            ledger.note(error, ledger.touches.count, ())
        held, whole = load_definitions_from_modules([module]), False
    whole = whole and not _is_stood_in(module, held, ledger)
    try:
        if isinstance(held, Definitions):
            held = _without_misfits(held, _place_of(held, module, ledger), ledger).get_repository_def()
        found = faults(held, strict_deps=True)
    except UserError as error:
        ledger.note(error, ledger.touches.count, ())
        return []
    except Exception:
        if not ledger.faults:
            raise
        return []  # a stand-in may make anything fail
    return [fault for fault in found if not fault.about_missing or (whole and not _is_hidden(fault, ledger))]


def _is_stood_in(module: ModuleType, held: Held, ledger: Ledger) -> bool:
    """Whether the loose definitions of a module were taken because its ``Definitions`` failed."""
    if any(one is held for one in vars(module).values()):
        return False
    stood_in = any(type(one) is StandIn for one in vars(module).values())
    return stood_in and bool(_WHOLE.search(ledger.files.get(str(module.__file__), "")))


def _is_hidden(fault: DefinitionFault, ledger: Ledger) -> bool:
    """Whether what is missing would be there had nothing failed."""
    return StandIn.__name__ in fault.message or any(f"'{name}'" in fault.message for name in ledger.hidden)


def _without_misfits(held: Definitions, where: str, ledger: Ledger) -> Definitions:
    """Definitions without stand-ins and without what stands where it cannot, each of which is a fault."""
    assets: list[Any] = []
    for entry in _real(flattened((*_real(held.assets), *_real(held.asset_checks)))):
        try:
            assets.append(as_definition(entry))
        except UserError as error:
            ledger.faults.append(DefinitionFault("asset", str(error), where))
    return evolve(
        held,
        assets=assets,
        asset_checks=(),
        jobs=_fitting("jobs", held, where, ledger),
        schedules=_fitting("schedules", held, where, ledger),
        sensors=_fitting("sensors", held, where, ledger),
        executor=None if type(held.executor) is StandIn else held.executor,
    )


def _fitting(argument: str, held: Definitions, where: str, ledger: Ledger) -> list[Any]:
    entries = _real(getattr(held, argument))
    strange = list(strangers(argument, entries))
    ledger.faults.extend(DefinitionFault("definitions", said, where) for _, said in strange)
    return [one for one in entries if all(one is not stranger for stranger, _ in strange)]


def _place_of(held: Definitions, module: ModuleType, ledger: Ledger) -> str:
    """Where a module assigns its definitions."""
    names = [name for name, one in vars(module).items() if one is held]
    return ledger.lines.get((str(module.__file__), names[0]), "") if names else ""


def _real(entries: Iterable[_Entry]) -> list[_Entry]:
    return [one for one in entries if type(one) is not StandIn]


def _distinct(found: Iterable[DefinitionFault]) -> list[DefinitionFault]:
    return list({(fault.where, fault.message): fault for fault in found}.values())
