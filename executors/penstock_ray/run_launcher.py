"""Sends a whole run to a cluster, where it is driven from: as a Ray job, through the cluster's Jobs API.

Owns: ``RayRunLauncher``. For machines that are no node of the cluster (a laptop, a CI job): the run's driver
starts there, next to its workers, and the run goes on when this machine goes away. A job takes some seconds
to start, so it is for runs, never for steps. Lazy: Ray is imported when something is sent.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import field

from penstock.errors import UnmetExecutorRequirementsError
from penstock.values import frozen

Status = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]
ENDED = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})
_PAUSE = 0.5
_WAKING = 30.0
_NO_AGENT = "No available agent"
"""What a cluster says in its first seconds; nothing was started then."""
_PENSTOCK = ("python", "-c", "from penstock.cli.main import main; main()")
"""The command line, also where its script is not on the path."""


@frozen(kw_only=True)
class RayRunLauncher:
    """Launches runs on a Ray cluster.

    Args:
        address: of the cluster's dashboard, ``http://host:8265``.
        working_dir: folder of your code, which is sent along; None when the cluster has it.
        environment: variables of the run, such as ``PENSTOCK_HOME`` on storage that outlives the job.
        runtime_env: further parts of the job's runtime environment (``pip``, ``py_modules`` …).
        num_cpus: processors for the driver of the run; none by default.
    """

    address: str
    working_dir: str | None = None
    environment: Mapping[str, str] = field(factory=dict[str, str])
    runtime_env: Mapping[str, Any] = field(factory=dict[str, Any])
    num_cpus: float | None = None

    def launch(self, job: str, arguments: Sequence[str] = ()) -> str:
        """Start ``penstock job run`` on the cluster, with its steps on the same cluster.

        Args:
            job: its name.
            arguments: of ``penstock job run``, such as ``["-m", "my_shop.definitions"]``.

        Returns:
            The id under which the cluster knows it.

        Raises:
            UnmetExecutorRequirementsError: when the cluster does not take it.
        """
        return self.submit([*_PENSTOCK, "job", "run", job, "--executor", "ray", *arguments])

    def submit(self, command: Sequence[str]) -> str:
        """Start any command on the cluster; arguments as ``launch``.

        Raises:
            UnmetExecutorRequirementsError: when the cluster does not take it.
        """
        options: dict[str, Any] = {} if self.num_cpus is None else {"entrypoint_num_cpus": self.num_cpus}
        job = {"entrypoint": shlex.join(command), "runtime_env": self._environment(), **options}
        until = time.monotonic() + _WAKING
        while True:
            try:
                return self._client().submit_job(**job)
            except (RuntimeError, ValueError, OSError) as error:
                if _NO_AGENT in str(error) and time.monotonic() < until:
                    time.sleep(_PAUSE)
                    continue
                raise UnmetExecutorRequirementsError(
                    f"Wanted to send a run to the cluster at {self.address}, found: {error}"
                ) from error

    def status(self, launched: str) -> Status:
        """How far a run is, by its id."""
        return self._client().get_job_status(launched).value

    def logs(self, launched: str) -> str:
        """What it has printed so far."""
        return self._client().get_job_logs(launched)

    def stop(self, launched: str) -> bool:
        """Ask a run to stop; whether it was still running."""
        return self._client().stop_job(launched)

    def wait(self, launched: str, timeout: float) -> Status:
        """Wait until a run has ended, up to ``timeout`` seconds; how far it is then."""
        until = time.monotonic() + timeout
        while (status := self.status(launched)) not in ENDED and time.monotonic() < until:
            time.sleep(_PAUSE)
        return status

    def _environment(self) -> dict[str, Any]:
        made = dict(self.runtime_env)
        if self.working_dir is not None:
            made["working_dir"] = self.working_dir
        variables = {"RAY_USAGE_STATS_ENABLED": "0", **made.get("env_vars", {}), **self.environment}
        return {**made, "env_vars": variables}

    def _client(self) -> Any:
        from ray.job_submission import JobSubmissionClient  # noqa: PLC0415 - lazy, see the top

        try:
            return JobSubmissionClient(self.address)
        except (RuntimeError, ValueError, OSError) as error:
            raise UnmetExecutorRequirementsError(
                f"Wanted the dashboard of a Ray cluster at {self.address}, found: {error}. It is at"
                " http://host:8265 unless the cluster says otherwise, and `ray start --head` starts it only"
                " with ray[default]."
            ) from error
