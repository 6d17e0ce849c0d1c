"""Asset jobs: a selection of assets under a name, and the job that it becomes.

Owns: ``define_asset_job`` and ``build_asset_job``, which everything that runs assets goes through:
asset jobs, ``materialize`` and the implicit job of all assets. How assets become nodes: ``asset_wiring``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypedDict, Unpack, cast

from penstock.config import CoercibleToRunConfig, ConfigMapping, RunConfig, as_run_config_dict
from penstock.define.asset_graph import AssetGraph, cycle_message
from penstock.define.asset_wiring import Wired, wire_assets
from penstock.define.assets import AssetsDefinition
from penstock.define.bulk import without_collector
from penstock.define.callables import place_of_caller
from penstock.define.graph import GraphDefinition
from penstock.define.job import AssetLayer, JobDefinition
from penstock.define.names import as_tags, checked_name
from penstock.define.pending import checked_hooks
from penstock.define.requirements import check_resources
from penstock.define.retry import RetryPolicy
from penstock.define.run_requests import run_request_for_partition
from penstock.define.selection import AssetSelection
from penstock.define.spec_rules import check_options
from penstock.errors import InvalidDefinitionError, job_title, suggest
from penstock.events.values import as_metadata
from penstock.keys import AssetKey, user_strings
from penstock.metadata import MetadataValue
from penstock.values import frozen

IMPLICIT_JOB = "__ASSET_JOB"
"""The name of the job of all assets that every project has."""
DEFAULT_MANAGER = "io_manager"


class JobOptions(TypedDict, total=False):
    """What may be said about an asset job beside its name and selection.

    ``timeout`` is in seconds, for each step that has none of its own; ``config`` is the default run
    config; ``tags`` reach the run unless ``run_tags`` is given.
    """

    config: Any
    description: str | None
    tags: Mapping[str, Any] | None
    run_tags: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    partitions_def: Any
    executor_def: Any
    hooks: Iterable[Any] | None
    op_retry_policy: RetryPolicy | None
    owners: Sequence[str] | None
    automation_condition: Any
    timeout: float | None


@frozen(kw_only=True, eq=False)
class UnresolvedAssetJobDefinition:
    """An asset job before it is known which assets there are.

    Args:
        name: of the job.
        selection: what it makes.
        options: see ``JobOptions``.
        where: ``"file.py:12"`` of the call that made it.
    """

    name: str
    selection: AssetSelection
    options: JobOptions
    where: str = ""

    @property
    def description(self) -> str | None:
        """One sentence for people."""
        return self.options.get("description")

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the job."""
        return as_tags(self.options.get("tags"), self.name)

    @property
    def run_tags(self) -> Mapping[str, str]:
        """The tags of its runs: those of the job, unless others were given for runs."""
        given = self.options.get("run_tags")
        return self.tags if given is None else as_tags(given, self.name)

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """Facts for people."""
        return as_metadata(self.options.get("metadata"))

    @property
    def config(self) -> Any:
        """The default config of its runs, as it was given."""
        return self.options.get("config")

    @property
    def partitions_def(self) -> Any:
        """The partitions given, None when its assets say them."""
        return self.options.get("partitions_def")

    run_request_for_partition = run_request_for_partition

    def resolve(
        self,
        asset_graph: AssetGraph,
        resource_defs: Mapping[str, Any] | None = None,
        default_executor_def: Any = None,
        logger_defs: Mapping[str, Any] | None = None,
    ) -> JobDefinition:
        """The job, now that the assets are known.

        Args:
            asset_graph: of the project.
            resource_defs: resources of the project by key.
            default_executor_def: used unless the job has its own.
            logger_defs: loggers of the project by key.

        Raises:
            InvalidDefinitionError: when the selection cannot be made into a job.
        """
        options: BuildOptions = {**self.options, "logger_defs": logger_defs}
        if options.get("executor_def") is None:
            options["executor_def"] = default_executor_def
        self._read_selection()
        return build_asset_job(self.name, asset_graph, self.selection, resource_defs, **options)

    def _read_selection(self) -> None:
        try:
            _ = self.selection.node
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"Job {self.name!r}: {error}") from error


def define_asset_job(
    name: str, selection: Any = None, **options: Unpack[JobOptions]
) -> UnresolvedAssetJobDefinition:
    """A job that makes the assets of a selection.

    Args:
        name: of the job.
        selection: an ``AssetSelection``, a text of the selection language, or a list of assets; all
            assets by default.
        options: see ``JobOptions``.

    Raises:
        InvalidDefinitionError: when the name or the selection cannot be read.
    """
    check_options(options, JobOptions.__annotations__, "define_asset_job()")
    chosen = AssetSelection.all() if selection is None else AssetSelection.from_coercible(selection)
    return UnresolvedAssetJobDefinition(
        name=checked_name(name, "job"), selection=chosen, options=options, where=place_of_caller()
    )


class BuildOptions(JobOptions, total=False):
    """``JobOptions``, and what the surrounding project gives."""

    logger_defs: Mapping[str, Any] | None


@without_collector
def build_asset_job(
    name: str,
    assets: AssetGraph | Iterable[Any],
    selection: Any = None,
    resources: Mapping[str, Any] | None = None,
    **options: Unpack[BuildOptions],
) -> JobDefinition:
    """The job that makes some assets and evaluates their checks.

    Args:
        name: of the job.
        assets: the graph of the project, or its assets.
        selection: in any spelling; everything that a run can make, by default.
        resources: of the project by key.
        options: see ``JobOptions`` and ``BuildOptions``.

    Raises:
        InvalidSubsetError: when the selection names what does not exist or cannot be taken apart.
        InvalidDefinitionError: when assets are in a circle, an argument names no asset, a resource is
            missing, or the assets have different partitions.
    """
    graph = assets if isinstance(assets, AssetGraph) else AssetGraph.from_assets(assets)
    _refuse_circle(graph)
    chosen = AssetSelection.all() if selection is None else AssetSelection.from_coercible(selection)
    keys, checks = chosen.resolve(graph), chosen.resolve_checks(graph)
    runnable = keys & graph.executable_asset_keys
    if keys and not runnable and not checks:
        raise InvalidDefinitionError(
            f"{job_title(name, begins=True)}: nothing here makes {', '.join(user_strings(keys)[:10])}."
            " Select assets that have a function."
        )
    wired = wire_assets(graph, runnable, checks, name)
    refuse_unknown_inputs(wired.by_node.values(), graph)
    layer = AssetLayer(
        by_node=wired.by_node,
        known=graph.by_key,
        selected=frozenset(runnable),
        checks=frozenset(key for one in wired.by_node.values() for key in one.check_keys),
    )
    made = JobDefinition(
        name=name,
        graph=GraphDefinition(name=name, nodes=wired.nodes),
        assets=layer,
        resource_defs=_resources(wired, resources or {}, layer),
        **_said(name, options, wired),
    )
    check_resources(made)
    _check_readers(wired, made)
    return made


def _refuse_circle(graph: AssetGraph) -> None:
    circle = graph.find_cycle()
    if circle:
        raise InvalidDefinitionError(cycle_message(circle))


def _said(name: str, options: BuildOptions, wired: Wired) -> dict[str, Any]:
    """The fields of a job that options speak about."""
    run_tags = options.get("run_tags")
    return {
        "config": as_job_config(options.get("config")),
        "tags": as_tags(options.get("tags"), name),
        "run_tags": None if run_tags is None else as_tags(run_tags, name),
        "metadata": options.get("metadata") or {},
        "description": options.get("description"),
        "executor_def": options.get("executor_def"),
        "loggers": options.get("logger_defs") or {},
        "hooks": checked_hooks(options.get("hooks") or (), name),
        "op_retry_policy": options.get("op_retry_policy"),
        "partitions_def": _partitions(name, options, wired),
        "owners": tuple(options.get("owners") or ()),
        "timeout": options.get("timeout"),
    }


def as_job_config(given: Any) -> Any:
    """Default run config in the form that a job keeps: a plain dict, a mapping, or as it is."""
    if given is None or isinstance(given, ConfigMapping):
        return given
    if isinstance(given, RunConfig | Mapping):
        return as_run_config_dict(cast("CoercibleToRunConfig", given))
    return given


def _partitions(name: str, options: BuildOptions, wired: Wired) -> Any:
    """The partitions of a job: those given, or the ones that all its partitioned assets share."""
    given = options.get("partitions_def") or getattr(options.get("config"), "partitions_def", None)
    found: list[Any] = [] if given is None else [given]
    who: list[AssetsDefinition] = []
    for one in wired.by_node.values():
        own = one.partitions_def
        several = [own] if own is not None else [spec.partitions_def for spec in one.specs]
        for partitions in several:
            if partitions is None or any(partitions is other or partitions == other for other in found):
                continue
            found.append(partitions)
            who.append(one)
    if len(found) > 1 and name != IMPLICIT_JOB:
        raise InvalidDefinitionError(
            f"Job {name!r} has assets of different partitions: {found[0]} and {found[1]}"
            f" (asset {who[-1].name!r}). Make one job for each."
        )
    return found[0] if len(found) == 1 else None


def refuse_unknown_inputs(definitions: Iterable[AssetsDefinition], graph: AssetGraph) -> None:
    """Refuse arguments that load an asset which nobody defines.

    Args:
        definitions: whose arguments to look at.
        graph: of the project.

    Raises:
        InvalidDefinitionError: naming every such argument, its function and what is near.
    """
    if not graph.undeclared:
        return
    faults = [
        unknown_input(argument, key, one, graph)
        for one in definitions
        for argument, key in one.keys_by_input.items()
        if key in graph.undeclared and one.kind != "check"
    ]
    if faults:
        raise InvalidDefinitionError("\n".join(faults))


def unknown_input(argument: str, key: AssetKey, definition: AssetsDefinition, graph: AssetGraph) -> str:
    """The message for an argument that loads an asset which nobody defines."""
    known = user_strings(one for one in graph.by_key if one not in graph.undeclared)
    name = key.to_user_string()
    at = f" ({definition.where})" if definition.where else ""
    return (
        f"The argument {argument!r} of {definition.name!r}{at} loads the asset {name!r}, which nobody"
        f" defines.{suggest(name, known)} Add that asset, or AssetSpec({name!r}) if something else makes it."
    )


def _check_readers(wired: Wired, job: JobDefinition) -> None:
    """Refuse a job that reads an asset it does not make through an I/O manager that nobody provides.

    Raises:
        InvalidDefinitionError: naming the asset, its reader and the key.
    """
    layer = job.assets
    for one in _readers(wired, layer) if layer is not None else ():
        reader, key, manager = one
        if manager not in job.resource_defs and manager != DEFAULT_MANAGER:
            raise InvalidDefinitionError(
                f"In {job_title(job.name)}, {reader!r} reads the asset {key.to_user_string()!r} through the"
                f" resource {manager!r}, which nobody provides.{suggest(manager, job.resource_defs)}"
                " Bind it in resources=."
            )


def _readers(wired: Wired, layer: AssetLayer) -> Iterator[tuple[str, AssetKey, str]]:
    """Who reads which asset that is not made in the job, through which resource."""
    for name, part in wired.by_node.items():
        inputs = wired.nodes[name].inputs
        if len(inputs) == len(part.keys_by_input):
            continue
        ins = part.node_def.ins
        for argument, key in part.keys_by_input.items():
            upstream = layer.known.get(key)
            if argument not in inputs and upstream is not None and ins[argument].input_manager_key is None:
                yield name, key, upstream.get_io_manager_key_for_asset_key(key)


def _resources(wired: Wired, given: Mapping[str, Any], layer: AssetLayer) -> Mapping[str, Any]:
    """Resources of the project and those bound to single assets.

    Raises:
        InvalidDefinitionError: when two assets bind different resources to one key.
    """
    found = dict(given)
    bound: dict[str, AssetsDefinition] = {}
    for one in [*wired.by_node.values(), *_read_by(wired, layer)]:
        for key, resource in one.resource_defs.items():
            if key in bound and found[key] is not resource and found[key] != resource:
                raise InvalidDefinitionError(
                    f"{bound[key].name!r} and {one.name!r} bind different resources to {key!r}."
                    " Give them different keys, or bind one of them for all."
                )
            found[key] = resource
            bound[key] = one
    return found


def _read_by(wired: Wired, layer: AssetLayer) -> list[AssetsDefinition]:
    """The definitions of assets that are loaded without being made, if they bind resources."""
    keys: AbstractSet[AssetKey] = {
        key for one in wired.by_node.values() for key in one.keys_by_input.values()
    }
    found = [layer.known[key] for key in keys - layer.selected if key in layer.known]
    return [one for one in found if one.resource_defs]
