"""The contract of a store about backfills: what is to be made, cut into chunks, each of which is one run.

Owns: ``BackfillStore`` and its values. A store keeps rows and refuses a change that somebody else's change
came before; it decides nothing. What is asked of it can be answered without the user's code: partitions are
texts here, which only their definitions can read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from attrs import field

from penstock.keys import AssetKey
from penstock.values import frozen

BACKFILL_TAG = "penstock/backfill"
"""The tag of a run that says for which backfill it is."""


class BackfillStatus(Enum):
    """Where a backfill stands. The last four are ends; a paused or failed one can be resumed."""

    REQUESTED = "REQUESTED"
    IN_PROGRESS = "IN_PROGRESS"
    PAUSED = "PAUSED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    COMPLETED_SUCCESS = "COMPLETED_SUCCESS"
    COMPLETED_FAILED = "COMPLETED_FAILED"
    FAILED = "FAILED"

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS.get(self.value, self.value.lower())


_WORDS: Mapping[str, str] = {
    "IN_PROGRESS": "running",
    "COMPLETED_SUCCESS": "done",
    "COMPLETED_FAILED": "done, with failures",
}

ENDED = frozenset(
    {
        BackfillStatus.CANCELED,
        BackfillStatus.COMPLETED_SUCCESS,
        BackfillStatus.COMPLETED_FAILED,
        BackfillStatus.FAILED,
    }
)


class ChunkStatus(Enum):
    """What came of the run of a chunk. Only ``REQUESTED`` is open.

    ``LOST``: its process went away; what it had not made is asked for again. ``RETURNED``: it was interrupted
    with its backfill, which goes on later.
    """

    REQUESTED = "REQUESTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    LOST = "LOST"
    RETURNED = "RETURNED"


@frozen(kw_only=True)
class Backfill:
    """One backfill, as stored. Times are seconds since 1970.

    Args:
        backfill_id: chosen by whoever made it.
        version: grows with each change; a change says which one it follows.
        assets: what it makes; empty for a job.
        job: the job whose partitions it runs, None for assets.
        location: where the definitions are, as text.
        newest_first: whether late partitions come before early ones.
        max_runs: at most so many runs at a time, None for no limit of its own.
        run_config: of each run.
        tags: of each run, besides ``penstock/backfill``.
        message: why it stands where it stands, for people.
    """

    backfill_id: str
    status: BackfillStatus = BackfillStatus.REQUESTED
    version: int = 1
    created: float
    updated: float
    ended: float | None = None
    title: str = ""
    assets: tuple[AssetKey, ...] = ()
    job: str | None = None
    location: str = ""
    newest_first: bool = False
    max_runs: int | None = None
    run_config: Mapping[str, Any] = field(factory=dict[str, Any])
    tags: Mapping[str, str] = field(factory=dict[str, str])
    message: str = ""

    @property
    def is_finished(self) -> bool:
        """Whether it is over, unless somebody resumes it."""
        return self.status in ENDED

    @property
    def asset_selection(self) -> tuple[AssetKey, ...]:
        """Another name of ``assets``."""
        return self.assets

    @property
    def is_asset_backfill(self) -> bool:
        """Whether it makes assets, and is not of a job."""
        return self.job is None

    @property
    def backfill_timestamp(self) -> float:
        """Another name of ``created``."""
        return self.created


@frozen(kw_only=True)
class BackfillPart:
    """What a backfill has to do with one asset, or with its job.

    Args:
        place: number of the part, from 0; upstream parts come first.
        name: the asset or the job, for people.
        asset: None for a job.
        wave: 0 for what waits for nothing, then up.
        shown: the partitions that are wanted, for people.
        texts: name of a set of partitions → the set, as its definition writes it: ``target``, ``done``,
            ``skipped``, ``failed``, ``blocked``, ``canceled``, ``removed``; what is not there is empty.
        counts: the same names → how many partitions.
        keys: the keys of listed partitions, so that the texts can be read when the list has changed.
    """

    place: int
    name: str
    asset: AssetKey | None = None
    wave: int = 0
    shown: str = ""
    texts: Mapping[str, str] = field(factory=dict[str, str])
    counts: Mapping[str, int] = field(factory=dict[str, int])
    keys: tuple[str, ...] = ()


@frozen(kw_only=True)
class BackfillChunk:
    """Partitions that one run of a backfill is to make.

    Args:
        number: from 1, dense within the backfill.
        run_id: of the run, which exists as soon as somebody begins it.
        parts: places of the parts that it makes.
        first, last: the ends of the range of partitions; None for what has no partitions.
        count: how many partitions.
        owner: the process that is to begin the run.
        status: what came of it.
    """

    number: int
    run_id: str
    parts: tuple[int, ...]
    first: str | None
    last: str | None
    count: int
    owner: str = ""
    status: ChunkStatus = ChunkStatus.REQUESTED


@frozen(kw_only=True)
class BackfillChange:
    """What changes in one transaction; what is None or empty stays.

    Args:
        status, message: of the backfill.
        max_runs: of the backfill.
        parts: that replace those of the same place.
        chunks: new ones.
        settled: numbers of chunks → what came of them.
        owners: numbers of chunks → their new owner.
    """

    status: BackfillStatus | None = None
    message: str | None = None
    max_runs: int | None = None
    parts: tuple[BackfillPart, ...] = ()
    chunks: tuple[BackfillChunk, ...] = ()
    settled: Mapping[int, ChunkStatus] = field(factory=dict[int, ChunkStatus])
    owners: Mapping[int, str] = field(factory=dict[int, str])


class BackfillStore(Protocol):
    """Backfills and their rows. Every method may be called from any thread."""

    def add(self, backfill: Backfill, parts: Sequence[BackfillPart]) -> None:
        """Store a new backfill.

        Raises:
            InvariantViolationError: when its id is taken.
        """
        ...

    def forget(self, backfill_id: str) -> None:
        """Remove a backfill and its rows; an unknown one is no fault. Its runs stay."""
        ...

    def find(
        self,
        backfill_ids: Sequence[str] | None = None,
        *,
        statuses: Sequence[BackfillStatus] = (),
        before: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Backfill]:
        """Backfills, newest first.

        Args:
            backfill_ids: only these; None for all.
            statuses: only in one of these states; empty for all.
            before: the id of a backfill: only older ones.
            limit: at most so many.
        """
        ...

    def parts(self, backfill_id: str) -> Sequence[BackfillPart]:
        """The parts of a backfill, in order of their places."""
        ...

    def chunks(
        self,
        backfill_id: str,
        *,
        statuses: Sequence[ChunkStatus] = (),
        first: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[BackfillChunk]:
        """Chunks of a backfill, in order of their numbers.

        Args:
            backfill_id: whose.
            statuses: only in one of these states; empty for all.
            first: only those that begin with this partition.
            after: only those of higher numbers.
            limit: at most so many.
        """
        ...

    def last_chunk(self, backfill_id: str) -> int:
        """The number of the newest chunk, 0 when there is none."""
        ...

    def change(self, backfill_id: str, after_version: int, change: BackfillChange, now: float) -> int:
        """Change a backfill, all or nothing.

        Args:
            backfill_id: which one.
            after_version: the version that the writer knows.
            change: what becomes of it.
            now: seconds since 1970.

        Returns:
            The version now.

        Raises:
            TransitionRejected: when somebody else changed it in between.
        """
        ...
