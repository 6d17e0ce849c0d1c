"""The log of a run: its loggers, made from the run's config.

Owns: which Python loggers hear what steps log. Where lines are kept is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.define.job import JobDefinition
from penstock.define.logger import InitLoggerContext, colored_console_logger
from penstock.engine.logs import RunLog, Sink
from penstock.engine.program import Program


def run_log(job: JobDefinition, program: Program, sinks: Sequence[Sink]) -> RunLog:
    """The log of a run in this process.

    Args:
        job: with its loggers.
        program: with the run and its config.
        sinks: take every line.
    """
    run = program.run
    known = {"console": colored_console_logger, **job.loggers}
    loggers = [
        known[name].make(
            InitLoggerContext(logger_config=config, logger_def=known[name], job_def=job, run_id=run.run_id)
        )
        for name, config in program.config.loggers.items()
    ]
    return RunLog(run_id=run.run_id, job_name=run.job_name, sinks=sinks, loggers=loggers)
