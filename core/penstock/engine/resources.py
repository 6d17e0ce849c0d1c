"""Resources of a run: opened in the order of their needs, closed in reverse, whatever happens.

Owns: which resources a plan needs, ``InitResourceContext``, and their life-cycle. How one resource is
made is its definition's matter (``definition.open(context)``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field

from penstock.config import MISSING, collect, raise_faults
from penstock.define.resource import as_resource_definitions
from penstock.engine.failures import said_by
from penstock.engine.io import asset_manager_key, hands_straight_on
from penstock.engine.offered import Resources
from penstock.engine.program import Program
from penstock.errors import ResourceFunctionError, ResourceRequirementError, suggest
from penstock.events.runs import Run
from penstock.keys import AssetKey
from penstock.values import frozen

_NO_NEEDS: frozenset[str] = frozenset()
_NO_RESOURCES: Mapping[str, Any] = {}


@define(kw_only=True, eq=False)
class InitResourceContext:
    """What a resource sees while it is set up and torn down.

    Args:
        resource_config: its bound config.
        resources: the resources it requires, as attributes.
        resource_def: its definition.
        run, instance, log: of the run; None outside of one.
    """

    resource_config: Any = None
    resources: Any = None
    resource_def: Any = None
    run: Any = None
    instance: Any = None
    log: Any = None
    all_resource_defs: Mapping[str, Any] = field(factory=dict[str, Any])

    @property
    def run_id(self) -> str | None:
        """The id of the run, None outside of one."""
        return None if self.run is None else self.run.run_id

    @property
    def job_name(self) -> str | None:
        """The job of the run, None outside of one."""
        return None if self.run is None else self.run.job_name


def needed_keys(program: Program) -> list[str]:
    """Resource keys that the steps of a plan use, in order of first use."""
    found: dict[str, None] = {}
    for step in program.plan.steps:
        bound = program.bound(step)
        found.update(dict.fromkeys(sorted(bound.resource_keys)))
        for hook in bound.hooks:
            found.update(dict.fromkeys(sorted(hook.required_resource_keys)))
        for definition in bound.op.ins.values():
            if definition.input_manager_key is not None:
                found[definition.input_manager_key] = None
        if step.kind in ("op", "materialize"):
            found.update(
                (output.manager_key, None)
                for output in step.outputs
                if not output.nothing and not hands_straight_on(program, output)
            )
        found.update((manager, None) for manager in _loading_keys(program, step))
    return list(found)


def _loading_keys(program: Program, step: Any) -> Iterator[str]:
    layer = program.job.assets
    for one in step.inputs:
        if one.kind == "asset" and isinstance(one.asset_key, AssetKey):
            known = layer.known.get(one.asset_key) if layer is not None else None
            yield "io_manager" if known is None else asset_manager_key(known, one.asset_key)


def in_order_of_needs(defs: Mapping[str, Any], keys: Iterable[str], who: str) -> list[str]:
    """Keys with everything they require, requirements first.

    Raises:
        ResourceRequirementError: when a required key is bound to nothing, or resources require each other.
    """
    order: dict[str, None] = {}
    stack: list[tuple[str, str, bool]] = [(key, who, False) for key in reversed(list(keys))]
    open_keys: set[str] = set()
    while stack:
        key, asked_by, closing = stack.pop()
        if closing:
            open_keys.discard(key)
            order[key] = None
            continue
        if key in order:
            continue
        if key in open_keys:
            raise ResourceRequirementError(
                f"The resources {sorted(open_keys)} require each other in a circle."
            )
        if key not in defs:
            raise ResourceRequirementError(
                f"{asked_by} requires the resource {key!r}, which nobody provides."
                f"{suggest(key, defs)} Bind it under resources={{{key!r}: ...}}."
            )
        open_keys.add(key)
        stack.append((key, asked_by, True))
        needs: frozenset[str] = getattr(defs[key], "required_resource_keys", _NO_NEEDS)
        stack.extend(
            (need, f"Resource {key!r}", False) for need in sorted(needs, reverse=True) if need not in order
        )
    return list(order)


@frozen(kw_only=True, eq=False)
class Surroundings:
    """What resources are opened for.

    Args:
        run, instance, log: shown to the resources; None outside of a run.
        on_failure: called with (key, error, phase) when a set-up or tear-down raises.
    """

    run: Run | None = None
    instance: Any = None
    log: Any = None
    on_failure: Callable[[str, BaseException, str], None] | None = None


_NOWHERE = Surroundings()


@contextlib.contextmanager
def opened(
    defs: Mapping[str, Any],
    keys: Iterable[str],
    configs: Mapping[str, Any],
    around: Surroundings = _NOWHERE,
    before: Mapping[str, Any] = _NO_RESOURCES,
) -> Generator[dict[str, Any]]:
    """Open resources; close them in reverse order at the end, also after failures.

    Args:
        defs: resource key → definition.
        keys: in order of needs.
        configs: bound config by key.
        around: what they are opened for.
        before: resources that are open already, for those that require them.

    Raises:
        ResourceFunctionError: when one cannot be set up; those opened before are closed.
    """
    found: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        for key in keys:
            definition = defs[key]
            needs: frozenset[str] = getattr(definition, "required_resource_keys", _NO_NEEDS)
            wanted = {key: found.get(key, before.get(key)) for key in needs if key in found or key in before}
            context = InitResourceContext(
                resource_config=configs.get(key),
                resources=Resources(wanted, f"Resource {key!r}"),
                resource_def=definition,
                run=around.run,
                instance=around.instance,
                log=around.log,
                all_resource_defs=defs,
            )
            try:
                manager = definition.open(context)
                found[key] = manager.__enter__()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # also SystemExit: it ends the run, not the process
                _tell(around, key, error, "setup")
                raise ResourceFunctionError(
                    f"Resource {key!r} could not be set up: {type(error).__name__}: {said_by(error)}", error
                ) from error
            stack.push(_closing(key, manager, around))
        yield found


def _closing(key: str, manager: Any, around: Surroundings) -> Callable[..., bool]:
    """Close one resource; a failure to do so is told and does not stop the others."""

    def close(*exc: Any) -> bool:
        del exc  # steps have their own failures; a resource always sees an orderly end
        try:
            manager.__exit__(None, None, None)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # the rest must be closed too
            _tell(around, key, error, "teardown")
        return False

    return close


def _tell(around: Surroundings, key: str, error: BaseException, phase: str) -> None:
    if around.on_failure is not None:
        around.on_failure(key, error, phase)


@contextlib.contextmanager
def open_resources(
    resources: Mapping[str, Any],
    resource_config: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str],
    instance: Any = None,
    run: Any = None,
    log: Any = None,
) -> Generator[Resources]:
    """Open resources outside of any run, for tests and built contexts.

    Args:
        resources: key → definition, configurable resource or plain object.
        resource_config: key → ``{"config": ...}``.
        env: environment variables.

    Raises:
        InvalidConfigError: when a config does not fit.
        ResourceFunctionError: when one cannot be set up.
    """
    defs = as_resource_definitions(resources)
    configs: dict[str, Any] = {}
    faults: list[Any] = []
    for key, definition in defs.items():
        entry: Mapping[str, Any] = (resource_config or {}).get(key) or {}
        value, found = collect(
            definition.config, entry.get("config", MISSING), env=env, path=f"$.resources.{key}.config"
        )
        faults.extend(found)
        configs[key] = value
    raise_faults("The resource config has faults:", faults)
    order = in_order_of_needs(defs, defs, "A context built for a test")
    around = Surroundings(run=run, instance=instance, log=log)
    with opened(defs, order, configs, around) as found:
        yield Resources(found, "This context")
