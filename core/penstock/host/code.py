"""The user's definitions: found in a module, and asked for assets and jobs.

Owns: what counts as definitions (a ``Definitions``, a ``@repository``, a function or variable that is
named, or the loose assets and jobs of a module) and ``Code``, what everything above loads code as.
Must not know the command line. How a module is imported: ``user_code``. Lazy: the instance is asked only by
a selection that asks what definitions do not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from penstock.define.asset_graph import AssetGraph
from penstock.define.asset_job import IMPLICIT_JOB, build_asset_job
from penstock.define.definitions import Definitions
from penstock.define.job import JobDefinition
from penstock.define.loading import load_definitions_from_modules
from penstock.define.repository import RepositoryDefinition
from penstock.define.selection import AssetSelection, needs_facts
from penstock.define.selection_hints import refuse_unknown_groups
from penstock.define.targets import ANONYMOUS_JOB_PREFIX
from penstock.errors import CodeLocationError, UserError, suggest
from penstock.host.settings import Settings
from penstock.host.user_code import CodeSource, import_source, told
from penstock.values import frozen

Held = Definitions | RepositoryDefinition


@frozen(kw_only=True, eq=False)
class Code:
    """The user's definitions and where they came from.

    Args:
        repository: everything by name.
        module: that was imported.
        source: that named it.
        strict_deps: whether depending on an asset that nobody defines is a fault.
    """

    repository: RepositoryDefinition
    module: ModuleType
    source: CodeSource
    strict_deps: bool = False

    @property
    def graph(self) -> AssetGraph:
        """Every asset and what it depends on.

        Raises:
            InvalidDefinitionError: when a key stands twice.
        """
        return self.repository.asset_graph

    @property
    def jobs(self) -> Mapping[str, JobDefinition]:
        """Every job that has a name of its own, sorted by it.

        Raises:
            InvalidDefinitionError: when one of them cannot be made.
        """
        return {name: self.repository.get_job(name) for name in self.job_names}

    @property
    def job_names(self) -> list[str]:
        """The names of the jobs, sorted; those of all assets and of targets have none of their own."""
        made_up = (IMPLICIT_JOB, ANONYMOUS_JOB_PREFIX)
        return sorted(name for name in self.repository.job_names if not name.startswith(made_up))

    def job(self, name: str) -> JobDefinition:
        """The job of that name.

        Raises:
            CodeLocationError: when there is none.
        """
        if name != IMPLICIT_JOB and not self.repository.has_job(name):
            names = self.job_names
            known = f" There are: {', '.join(names)}." if names else " It has no jobs at all."
            raise CodeLocationError(f"{self.source} has no job {name!r}.{suggest(name, names)}{known}")
        return self.repository.get_job(name)

    def chosen(self, selection: Any) -> AssetSelection:
        """A selection as somebody typed it, with all that it asks answered by the instance here.

        Args:
            selection: in any spelling.

        Raises:
            InvalidDefinitionError: when it cannot be read.
            InvalidSubsetError: when it names a group that no asset is in, or another code location.
        """
        found = AssetSelection.from_coercible(selection)
        refuse_unknown_groups(found, self.graph)
        if not needs_facts(found):
            return found
        from penstock.host.selection_facts import answered  # noqa: PLC0415 - lazy, as the docstring says

        return answered(found, self.graph, self.source)

    def asset_job(self, selection: Any = None, executor: Any = None) -> JobDefinition:
        """The job that makes a selection of the assets.

        Args:
            selection: in any spelling, None for everything that a run can make.
            executor: the definition of an executor, None for that of the definitions.

        Raises:
            InvalidDefinitionError: when there are no assets, or the selected ones cannot be made.
        """
        given = self.repository
        if not given.has_implicit_global_asset_job_def():
            jobs = self.job_names
            instead = f" Its jobs are run by name: penstock job run {jobs[0]}." if jobs else ""
            raise CodeLocationError(f"{self.source} has no assets that can be made.{instead}")
        return build_asset_job(
            IMPLICIT_JOB,
            self.graph,
            None if selection is None else self.chosen(selection),
            given.resources,
            logger_defs=given.loggers,
            executor_def=executor or given.executor,
        )


def source_of(
    settings: Settings, *, module: str | None = None, file: str | None = None, folder: Path
) -> CodeSource:
    """Where the definitions are: as the arguments say, else as the settings say.

    Args:
        settings: with ``module`` or ``file``, from ``[tool.penstock]``.
        module: ``MODULE[:NAME]``.
        file: ``FILE.py[:NAME]``.
        folder: the current folder.

    Raises:
        CodeLocationError: when nothing says where they are.
    """
    if module is not None or file is not None:
        return CodeSource.parse(module=module, file=file, folder=folder)
    if settings.module is None and settings.file is None:
        raise CodeLocationError(
            "Nothing says where your definitions are. Name the module (-m package.module) or the file"
            ' (-f file.py), or write it once into pyproject.toml: [tool.penstock] module = "package.module".'
        )
    found = CodeSource.parse(
        module=settings.module,
        file=None if settings.file is None else str(settings.file),
        folder=_folder_of(settings) or folder,
    )
    attribute = settings.attribute or found.attribute
    return CodeSource(module=found.module, file=found.file, attribute=attribute, folder=found.folder)


def _folder_of(settings: Settings) -> Path | None:
    """The folder of the pyproject.toml that names the module."""
    origin = settings.origins.get("module", "")
    path = origin.rpartition(": ")[0]
    return Path(path).parent if path.endswith("pyproject.toml") else None


def load_code(source: CodeSource) -> Code:
    """Import a module and find its definitions.

    Raises:
        CodeLocationError: when it cannot be imported, holds no definitions, or holds several.
        InvalidDefinitionError: when its definitions contradict each other, or miss a dependency although
            they are strict about that.
    """
    module = import_source(source)
    found = definitions_of(module, source)
    if isinstance(found, Definitions):
        if found.strict_deps:
            Definitions.validate_loadable(found)
        repository = found.get_repository_def()
        return Code(repository=repository, module=module, source=source, strict_deps=found.strict_deps)
    return Code(repository=found, module=module, source=source)


def definitions_of(module: ModuleType, source: CodeSource) -> Held:
    """The definitions of an imported module: those that are named, else those that it holds.

    Raises:
        CodeLocationError: when there are none or several, or a function that is to give them raises.
    """
    try:
        return _named(module, source) if source.attribute else _found(module, source)
    except UserError:
        raise
    except Exception as error:
        raise CodeLocationError(told(str(source), error)) from error


def _named(module: ModuleType, source: CodeSource) -> Held:
    name = source.attribute or ""
    if not hasattr(module, name):
        near = suggest(name, [one for one in vars(module) if not one.startswith("_")])
        raise CodeLocationError(f"{_title(source)} has no {name!r}.{near}")
    return as_definitions(getattr(module, name), str(source))


def as_definitions(value: Any, where: str) -> Held:
    """What a variable holds, as definitions.

    Args:
        value: definitions, a repository, a function without arguments that gives such, a job, assets.
        where: for messages.

    Raises:
        CodeLocationError: when it is none of these.
    """
    if isinstance(value, (Definitions, RepositoryDefinition)):
        return value
    if isinstance(value, JobDefinition):
        return Definitions(jobs=[value])
    if callable(value) and not isinstance(value, type) and hasattr(value, "__code__"):
        return as_definitions(value(), f"what {where} returns")
    assets = cast("list[Any]", value) if isinstance(value, (list, tuple)) else [value]
    made = Definitions(assets=assets)
    try:
        made.get_repository_def()  # looks at what the list holds
        return made
    except UserError as error:
        kind = type(assets[0]).__name__ if assets else "list"
        raise CodeLocationError(
            f"{where} is a {kind}, wanted Definitions, a repository, a job or assets."
        ) from error


def _found(module: ModuleType, source: CodeSource) -> Held:
    held = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, (Definitions, RepositoryDefinition))
    }
    different = {id(value): name for name, value in held.items()}
    if len(different) > 1:
        names = list(different.values())
        flag = f"-m {source.module}" if source.module else f"-f {source.file}"
        raise CodeLocationError(
            f"{_title(source)} holds {len(names)} definitions: {', '.join(names)}."
            f" Say which: {flag}:{names[0]}"
        )
    if held:
        return next(iter(held.values()))
    loose = load_definitions_from_modules([module])
    repository = loose.get_repository_def()
    if not repository.given_jobs and not repository.asset_graph.by_key:
        raise CodeLocationError(
            f"{_title(source)} holds no definitions. Write `defs = Definitions(assets=[...])` at its end,"
            " or define assets or jobs in it."
        )
    return loose


def _title(source: CodeSource) -> str:
    return f"Module {source.module}" if source.module else str(source.file)
