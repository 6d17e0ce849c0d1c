"""The instance: one store, its settings and its folders, under the names people know.

Owns: how an instance comes to be and goes (``ephemeral``, ``local_temp``, ``get``, ``close``), where
its files lie, and which questions it answers: those stand in ``instance_runs``, ``instance_events``
and ``instance_assets`` and are methods here. Wiring only: decides nothing, knows no engine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from penstock.errors import InvariantViolationError, StoreError
from penstock.host import (
    instance_assets,
    instance_backfills,
    instance_events,
    instance_pools,
    instance_runs,
)
from penstock.host.deferred import deferred
from penstock.host.ownership import mend_lost_runs
from penstock.host.settings import Settings, load_settings, prepare_home, settings_of
from penstock.spi.store import Store, StoreInfo
from penstock.store.logs import LogFolder

if TYPE_CHECKING:
    from penstock.store import open as opening
    from penstock.store import retention as keeping
    from penstock.store.retention import RetentionPolicy, RetentionReport
else:  # a definition file may import Instance or materialize: the database's modules wait for a run
    opening = deferred("penstock.store.open")
    keeping = deferred("penstock.store.retention")

_DAY = 86_400.0
DATABASE_FILE = "penstock.db"


class Instance:
    """What was run, made and learned, and where it is kept.

    Args:
        store: where runs, events and facts are kept.
        settings: everything that was decided; without a home, files go to a temporary folder
            that is made when first needed and removed by ``close``.
        temporary: a folder to remove by ``close``.
    """

    def __init__(
        self, store: Store, settings: Settings | None = None, *, temporary: Path | None = None
    ) -> None:
        self._store = store
        self._writers: list[Callable[[], None]] = []
        self._settings = settings or Settings()
        self._folder = self._settings.home
        self._sweep: weakref.finalize[[str, int, Callable[[], None] | None], Instance] | None = None
        self._is_open = True
        self._is_ephemeral: bool | None = None
        if temporary is not None:
            self._remove_at_end(temporary, store.close)

    # ---- how it comes to be --------------------------------------------------------------------------

    @staticmethod
    def ephemeral(tempdir: str | os.PathLike[str] | None = None) -> Instance:
        """An instance that keeps everything in memory and shares nothing with any other.

        Args:
            tempdir: where files go; None for a temporary folder, made when first needed.
        """
        settings = Settings() if tempdir is None else Settings(storage_dir=os.fspath(tempdir))
        return Instance(opening.open_store(opening.MEMORY_URL), settings)

    @staticmethod
    def local_temp(
        tempdir: str | os.PathLike[str] | None = None, overrides: Mapping[str, Any] | None = None
    ) -> Instance:
        """An instance that keeps everything in a folder, and finds it there again.

        Args:
            tempdir: the folder; None for a temporary one that is removed by ``close``.
            overrides: settings by name, such as ``{"retention": {"runs_days": 30}}``.
        """
        if tempdir is not None:
            return Instance.open(settings_of(Path(tempdir).absolute(), overrides))
        temporary = Path(tempfile.mkdtemp(prefix="penstock-"))
        try:
            return Instance.open(settings_of(temporary, overrides), temporary=temporary)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise

    @staticmethod
    def get(**arguments: Any) -> Instance:
        """The instance that settings and ``PENSTOCK_HOME`` name; ``~/.penstock`` when nothing does.

        Runs whose process is gone are ended as failed, so that nobody waits for them.

        Args:
            arguments: settings by name, above all others.

        Raises:
            SettingsError: when settings are wrong or the home folder cannot be used.
            StoreError: when the database cannot be opened.
        """
        settings = load_settings(arguments)
        if settings.home is not None:
            prepare_home(settings.home)
        instance = Instance.open(settings)
        mend_lost_runs(instance.store)
        return instance

    @staticmethod
    def open(settings: Settings, *, temporary: Path | None = None) -> Instance:
        """An instance with these settings; the home folder is made when it is missing.

        Args:
            settings: everything that was decided.
            temporary: a folder to remove by ``close``.

        Raises:
            SettingsError: when the home folder cannot be used.
            StoreError: when the database cannot be opened.
        """
        if settings.home is not None:
            prepare_home(settings.home, _keep_quiet)
        url = store_url(settings)
        return Instance(
            opening.open_store(url, allow_network_fs=settings.allow_network_fs), settings, temporary=temporary
        )

    def close(self) -> None:
        """Close the store and remove what is temporary; idempotent."""
        self._is_open = False
        self._store.close()
        if self._sweep is not None:
            self._sweep()

    dispose = close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_ephemeral:
            raise InvariantViolationError(
                "An ephemeral instance lives in the memory of one process and cannot be sent to another."
                " Use Instance.local_temp(folder) or Instance.get()."
            )
        return Instance.open, (self._settings,)

    def __repr__(self) -> str:
        return f"Instance({store_url(self._settings)!r})"

    # ---- what it is made of --------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Where runs, events and facts are kept, with everything that runs of this object have noted."""
        for flush in self._writers:
            flush()
        return self._store

    @contextmanager
    def written_by(self, flush: Callable[[], None]) -> Generator[None]:
        """A time in which somebody collects events: whoever asks for the store has them stored first.

        Args:
            flush: returns when what was collected so far is stored.
        """
        self._writers.append(flush)
        try:
            yield
        finally:
            self._writers.remove(flush)

    @property
    def settings(self) -> Settings:
        """Everything that was decided."""
        return self._settings

    @property
    def is_ephemeral(self) -> bool:
        """Whether nothing of it is left behind."""
        if self._is_ephemeral is None:  # asked several times a run, and working it out looks at the disk
            self._is_ephemeral = store_url(self._settings) == opening.MEMORY_URL
        return self._is_ephemeral

    @property
    def is_durable(self) -> bool:
        """Whether the next opening finds everything again."""
        return not self.is_ephemeral

    @property
    def is_persistent(self) -> bool:
        """Another name of ``is_durable``."""
        return self.is_durable

    @property
    def is_open(self) -> bool:
        """Whether ``close`` was not called yet."""
        return self._is_open

    @property
    def home(self) -> Path:
        """The folder of everything; without one a temporary folder, made now."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="penstock-"))
            self._remove_at_end(self._folder)
        return self._folder

    @property
    def root_directory(self) -> str:
        """The home folder as text."""
        return str(self.home)

    @property
    def storage_dir(self) -> str:
        """Path or URL where the default I/O manager stores; it may not exist yet."""
        return self._settings.storage_dir or str(self.home / "storage")

    @property
    def log_dir(self) -> Path:
        """Where the logs of steps go; it may not exist yet."""
        return self._settings.log_dir or self.home / "logs"

    @property
    def logs(self) -> LogFolder:
        """The logs of steps: writers, readers, deletion."""
        return LogFolder(self.log_dir)

    def storage_directory(self) -> str:
        """Path or URL where the default I/O manager stores."""
        return self.storage_dir

    def logs_directory(self) -> str:
        """Where the logs of steps go."""
        return str(self.log_dir)

    # ---- upkeep --------------------------------------------------------------------------------------

    def info(self) -> StoreInfo:
        """Where the store is, its schema and its size."""
        return self._store.info()

    def retain(self, policy: RetentionPolicy | None = None, *, dry_run: bool = False) -> RetentionReport:
        """Forget finished runs and logs that are old enough; facts about assets stay.

        Args:
            policy: which runs; None for what the settings say.
            dry_run: only tell.
        """
        if not isinstance(self._store, opening.SqliteStore):
            raise StoreError(f"{type(self._store).__name__} cannot forget runs by age.")
        now = time.time()
        wanted = retention_policy(self._settings) if policy is None else policy
        report = keeping.retain(self._store, wanted, now, dry_run=dry_run)
        if not dry_run and self._has_files:
            self._sweep_logs(report, now)
        return report

    def _sweep_logs(self, report: RetentionReport, now: float) -> None:
        logs = self.logs
        for run_id in report.run_ids:
            logs.delete(run_id)
        days = self._settings.retention.logs_days
        if days is not None:
            logs.delete_older_than(now - days * _DAY)

    @property
    def _has_files(self) -> bool:
        """Whether there may be files: asking for the home of an ephemeral instance would make it."""
        return self._folder is not None or self._settings.log_dir is not None

    def _remove_at_end(self, folder: Path, before: Callable[[], None] | None = None) -> None:
        self._sweep = weakref.finalize(self, _remove, str(folder), os.getpid(), before)

    # ---- questions about runs ------------------------------------------------------------------------

    get_runs = instance_runs.get_runs
    get_run_records = instance_runs.get_run_records
    get_run_ids = instance_runs.get_run_ids
    get_runs_count = instance_runs.get_runs_count
    get_run_by_id = instance_runs.get_run_by_id
    get_run_record_by_id = instance_runs.get_run_record_by_id
    has_run = instance_runs.has_run
    add_run = instance_runs.add_run
    delete_run = instance_runs.delete_run
    add_run_tags = instance_runs.add_run_tags
    get_run_tags = instance_runs.get_run_tags
    get_run_stats = instance_runs.get_run_stats
    get_run_step_stats = instance_runs.get_run_step_stats
    report_run_canceling = instance_runs.report_run_canceling
    report_run_canceled = instance_runs.report_run_canceled
    report_run_failed = instance_runs.report_run_failed
    report_engine_event = instance_runs.report_engine_event

    # ---- questions about the log ---------------------------------------------------------------------

    all_logs = instance_events.all_logs
    logs_after = instance_events.logs_after
    get_records_for_run = instance_events.get_records_for_run
    fetch_events = instance_events.fetch_events
    get_event_records = instance_events.get_event_records
    fetch_materializations = instance_events.fetch_materializations
    fetch_observations = instance_events.fetch_observations
    fetch_check_evaluations = instance_events.fetch_check_evaluations
    fetch_run_status_changes = instance_events.fetch_run_status_changes

    # ---- questions about assets ----------------------------------------------------------------------

    report_runless_asset_event = instance_assets.report_runless_asset_event
    all_asset_keys = instance_assets.all_asset_keys
    get_asset_keys = instance_assets.get_asset_keys
    has_asset_key = instance_assets.has_asset_key
    get_asset_records = instance_assets.get_asset_records
    get_latest_materialization_event = instance_assets.get_latest_materialization_event
    get_latest_materialization_events = instance_assets.get_latest_materialization_events
    get_latest_data_version_record = instance_assets.get_latest_data_version_record
    get_latest_materialization_code_versions = instance_assets.get_latest_materialization_code_versions
    get_latest_asset_check_evaluation_record = instance_assets.get_latest_asset_check_evaluation_record
    get_materialized_partitions = instance_assets.get_materialized_partitions
    get_status_by_partition = instance_assets.get_status_by_partition
    wipe_assets = instance_assets.wipe_assets
    wipe_asset_partitions = instance_assets.wipe_asset_partitions
    get_dynamic_partitions = instance_assets.get_dynamic_partitions
    add_dynamic_partitions = instance_assets.add_dynamic_partitions
    delete_dynamic_partition = instance_assets.delete_dynamic_partition
    has_dynamic_partition = instance_assets.has_dynamic_partition

    # ---- questions about backfills -------------------------------------------------------------------

    get_backfills = instance_backfills.get_backfills
    get_backfill = instance_backfills.get_backfill

    # ---- questions about pools -----------------------------------------------------------------------

    get_pools = instance_pools.get_pools
    get_pool = instance_pools.get_pool
    set_pool_limit = instance_pools.set_pool_limit


def store_url(settings: Settings) -> str:
    """The database that settings mean: the one they name, the file in the home, or memory."""
    if settings.store is not None:
        return settings.store
    return opening.MEMORY_URL if settings.home is None else opening.sqlite_url(settings.home / DATABASE_FILE)


def retention_policy(settings: Settings) -> RetentionPolicy:
    """Which finished runs may go by the settings."""
    days = settings.retention.runs_days
    return keeping.RetentionPolicy(
        older_than=None if days is None else days * _DAY, keep_last=settings.retention.runs_keep
    )


_CURRENT: dict[Settings, Instance] = {}


def current_instance() -> Instance:
    """The instance that settings name now: opened once per process and settings, and kept open.

    Raises:
        SettingsError: when settings are wrong or the home folder cannot be used.
        StoreError: when the database cannot be opened.
    """
    settings = load_settings()
    found = _CURRENT.get(settings)
    if found is None or not found.is_open:
        found = _CURRENT[settings] = Instance.get()
    return found


def ephemeral_instance() -> Instance:
    """An instance in memory, for contexts that are made by hand."""
    return Instance.ephemeral()


def _remove(folder: str, pid: int, before: Callable[[], None] | None) -> None:
    if os.getpid() != pid:  # a forked child that ends must not remove the folder of its parent
        return
    if before is not None:
        with suppress(StoreError):  # somebody has removed the folder already
            before()
    shutil.rmtree(folder, ignore_errors=True)


def _keep_quiet(_line: str) -> None:
    """A folder that somebody named is nothing to tell of."""
