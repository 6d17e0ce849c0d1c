"""Jobs that another process can make again: where their code is, instead of the job itself.

Owns: ``ReconstructableJob`` and the two ways to one. Nothing is pickled but names and arguments.
Lazy: the module is imported when the definition is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from attrs import field

from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.values import frozen


@frozen(kw_only=True)
class ReconstructableJob:
    """A job by its place in the code.

    Args:
        module: dotted name of the module.
        attribute: dotted name inside it: of a job, a graph, or a function that makes one.
        args, kwargs: for the function.
        file: the file of the module, for one that was run as a script.
    """

    module: str
    attribute: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(factory=dict[str, Any])
    file: str | None = None

    def get_definition(self) -> JobDefinition:
        """The job, made or looked up.

        Raises:
            InvalidDefinitionError: when there is something else in its place.
        """
        found: Any = import_module(self.module)
        for part in self.attribute.split("."):
            found = getattr(found, part)
        if callable(found) and not isinstance(found, JobDefinition | GraphDefinition):
            found = found(*self.args, **self.kwargs)
        if isinstance(found, GraphDefinition):
            found = found.to_job()
        if not isinstance(found, JobDefinition):
            raise InvalidDefinitionError(
                f"{self.module}.{self.attribute} should be a job or a function that returns one,"
                f" found {found!r}."
            )
        return found

    @property
    def job_name(self) -> str:
        """The name of the job; its code is run to find out."""
        return self.get_definition().name


def reconstructable(target: Any) -> ReconstructableJob:
    """A job that another process can make again.

    Args:
        target: a function at the top of a module that returns a job, or a job defined there.

    Raises:
        InvariantViolationError: when it has no place at the top of a module: lambdas, local functions.
    """
    if isinstance(target, JobDefinition | GraphDefinition):
        module, attribute = _place_of(target)
        return ReconstructableJob(module=module, attribute=attribute)
    name: str = getattr(target, "__qualname__", "")
    module_name: str | None = getattr(target, "__module__", None)
    if not callable(target) or not name or module_name is None:
        raise InvariantViolationError(
            f"reconstructable wants a function at the top of a module that returns a job, found {target!r}."
        )
    if "<lambda>" in name or "<locals>" in name:
        raise InvariantViolationError(
            f"reconstructable wants a function at the top of a module, found {name!r}, which other processes"
            " cannot import. Move it to the top of its module."
        )
    code = getattr(target, "__code__", None)
    return ReconstructableJob(
        module=module_name, attribute=name, file=None if code is None else code.co_filename
    )


def job_of(job: Any) -> JobDefinition:
    """The job itself.

    Args:
        job: a job, a graph, or what ``reconstructable`` made.

    Raises:
        InvalidDefinitionError: when it is something else.
    """
    if isinstance(job, JobDefinition):
        return job
    if isinstance(job, ReconstructableJob):
        return job.get_definition()
    if isinstance(job, GraphDefinition):
        return job.to_job()
    raise InvalidDefinitionError(f"Wanted a job, or what reconstructable(...) makes of one, found {job!r}.")


def _place_of(definition: JobDefinition | GraphDefinition) -> tuple[str, str]:
    """Module and name under which a definition can be imported: those of the function it was made of."""
    origin = definition.origin if isinstance(definition, GraphDefinition) else definition.graph.origin
    if origin is None or "<" in origin[1]:
        raise InvariantViolationError(
            f"{definition.name!r} is not defined at the top of a module, so other processes cannot find it."
            " Define it there, or give reconstructable a function that returns it."
        )
    return origin


def build_reconstructable_job(
    reconstructor_module_name: str,
    reconstructor_function_name: str,
    reconstructable_args: Sequence[Any] | None = None,
    reconstructable_kwargs: Mapping[str, Any] | None = None,
    reconstructor_working_directory: str | None = None,
) -> ReconstructableJob:
    """A job that another process makes by calling a function with arguments.

    Args:
        reconstructor_module_name: dotted name of the module.
        reconstructor_function_name: of the function in it.
        reconstructable_args, reconstructable_kwargs: plain values for the function.
        reconstructor_working_directory: accepted; the module must be importable.
    """
    del reconstructor_working_directory  # where a process looks for modules is its own setting
    return ReconstructableJob(
        module=reconstructor_module_name,
        attribute=reconstructor_function_name,
        args=tuple(reconstructable_args or ()),
        kwargs=dict(reconstructable_kwargs or {}),
    )
