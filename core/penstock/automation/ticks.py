"""Ticks: what a schedule or sensor function gave, as requests for runs or as a reason for none.

Owns: ``read_answer``, which checks mixtures, and ``resolve_requests``, which gives every request its job
and what it takes from its partition. Must not know who calls the function, nor when. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from penstock.define.run_requests import RunRequest, SkipReason
from penstock.define.targets import Target
from penstock.errors import InvariantViolationError, suggest
from penstock.partitions.view import View
from penstock.values import frozen

NOTHING_ASKED = "The function asked for no run."
"""Why nothing runs when a function gave neither a request nor a reason."""
_WANTED = "Give a RunRequest, a list of them, or a SkipReason."


def read_answer(given: Any, who: str) -> tuple[tuple[RunRequest, ...], str | None]:
    """The requests that a function gave, or why it gave none.

    Args:
        given: a request, a reason, a list of requests, or nothing.
        who: ``"Schedule 'nightly'"``, for messages.

    Returns:
        The requests, and the message when there are none (None when the reason said nothing).

    Raises:
        InvariantViolationError: when it is something else, or requests are mixed with a reason.
    """
    entries = _entries(given)
    if not entries:
        return (), NOTHING_ASKED
    for one in entries:
        if not isinstance(one, RunRequest | SkipReason):
            raise InvariantViolationError(
                f"{who} gave {one!r:.200} ({type(one).__name__}), which asks for no run. {_WANTED}"
            )
    reasons = [one for one in entries if isinstance(one, SkipReason)]
    if reasons and len(entries) > 1:
        raise InvariantViolationError(
            f"{who} gave a SkipReason ({reasons[0].skip_message!r}) among {len(entries)} answers."
            " A tick asks for runs or skips, not both."
        )
    return ((), reasons[0].skip_message) if reasons else (cast("tuple[RunRequest, ...]", entries), None)


def _entries(given: Any) -> tuple[Any, ...]:
    found = tuple(cast("Sequence[Any]", given)) if isinstance(given, list | tuple) else (given,)
    return () if found in ((), (None,)) else found


def insist_on_run_keys(requests: Sequence[RunRequest], who: str) -> None:
    """Refuse several requests that could not be told from those of the same tick asked for again.

    Raises:
        InvariantViolationError: when there are several and one has no run key.
    """
    lacking = sum(1 for one in requests if not one.run_key)
    if len(requests) > 1 and lacking:
        raise InvariantViolationError(
            f"{who} asks for {len(requests)} runs at once, and {lacking} of them have no run_key. Give each"
            " one its own: a tick that is carried out again must not run anything twice."
        )


@frozen(kw_only=True, eq=False)
class Surroundings:
    """Where requests are resolved.

    Args:
        who: ``"Schedule 'nightly'"``, for messages.
        targets: the jobs that it may run.
        get_job: the job of a name, of the project; None when there is no project.
        view: what counts as now, and who knows dynamic keys.
        tags: that every run of it has.
    """

    who: str
    targets: Sequence[Target]
    get_job: Callable[[str], Any] | None = None
    view: View = View()
    tags: dict[str, str] | None = None


def resolve_requests(requests: Iterable[RunRequest], around: Surroundings) -> tuple[RunRequest, ...]:
    """Requests with the config and tags of their partitions.

    Args:
        requests: as the function gave them.
        around: where they are resolved.

    Raises:
        InvariantViolationError: when one is for no job of the targets, or it is not said for which.
        InvalidInvocationError, UnknownPartitionError: when it is for a partition that its job has not.
    """
    return tuple(_resolved(one, around) for one in requests)


def _resolved(request: RunRequest, around: Surroundings) -> RunRequest:
    target = _target(request, around)
    if not request.has_resolved_partition():
        view = around.view
        request = request.with_resolved_tags_and_config(
            _job(target, around), view.dynamic_partitions_store, view.effective_dt
        )
    return request.with_replaced_attrs(tags={**request.tags, **around.tags}) if around.tags else request


def _target(request: RunRequest, around: Surroundings) -> Target:
    names = [one.job_name for one in around.targets]
    if not names:
        raise InvariantViolationError(
            f"{around.who} asks for a run, and has no job to run. Give it job=, jobs= or target=."
        )
    if request.job_name is None and len(names) > 1:
        raise InvariantViolationError(
            f"{around.who} asks for a run without saying of which job. Give RunRequest(job_name=…), one of"
            f" {', '.join(names)}."
        )
    wanted = request.job_name or names[0]
    for one in around.targets:
        if one.job_name == wanted:
            return one
    raise InvariantViolationError(
        f"{around.who} asks for a run of the job {wanted!r}, which it does not target."
        f"{suggest(wanted, names)} It targets {', '.join(names)}."
    )


def _job(target: Target, around: Surroundings) -> Any:
    """The job of a target, the project's by choice."""
    if around.get_job is not None:
        return around.get_job(target.job_name)
    if hasattr(target.job, "graph"):  # an op job is whole without a project
        return target.job
    raise InvariantViolationError(
        f"{around.who} asks for a partition of the job {target.job_name!r}, which only its project knows."
        " Build the context with repository_def=."
    )
