"""What every worker works with, and how it carries out one task.

Owns: a task as a worker gets it (``Errand``), running it, packing what it hands on, and telling the driver.
Faults of the system become messages; a child that the task forked never speaks for its parent. Must not know
where the next task comes from: that is ``worker``'s and ``lanes``'.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.spi.executor import Runner
from penstock_local import kernel, wire
from penstock_local.handing import NotHandedOnError, Stock
from penstock_local.ledger import Ledger
from penstock_local.shelf import Parcel


def flush() -> None:
    """Flush the standard streams of Python."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


class Errand(NamedTuple):
    """A task as a worker gets it.

    Args:
        number: unique in the pool.
        slot: which of the worker's places it takes.
        key: of the task.
        body: pickled.
        parcels: what it is handed, by name.
    """

    number: int
    slot: int
    key: str
    body: bytes
    parcels: Mapping[str, Parcel]


class Bench:
    """What a worker works with.

    Args:
        channel: to the driver.
        ledger: shared with it.
        runner: of the run.
        stock: values on their way.
        most: bytes of memory above which the worker asks to be replaced; None for no limit.
    """

    def __init__(
        self, channel: wire.Channel, ledger: Ledger, runner: Runner, stock: Stock, most: int | None
    ) -> None:
        self.channel = channel
        self.ledger = ledger
        self.runner = runner
        self.stock = stock
        self.pid = os.getpid()
        self._most = most

    def tell(self, *message: Any) -> None:
        """Send a message to the driver; from any thread."""
        self.channel.send(pickle.dumps(message, protocol=5))

    def carry_out(self, errand: Errand) -> tuple[Any, ...]:
        """Run a task and pack what it hands on; the message that tells how it ended."""
        number = errand.number
        handed: dict[str, Any] = {}
        for name, parcel in errand.parcels.items():
            try:
                handed[name] = self.stock.get(parcel)
            except Exception as error:  # noqa: BLE001 - whatever a shelf raises, the value is gone
                return "gone", number, name, f"{type(error).__name__}: {error}"
        result = self.runner.run(pickle.loads(errand.body), handed, Report(self, number))
        if os.getpid() != self.pid:  # the task forked, and its child came back to where only we belong
            flush()
            os._exit(0)
        handed.clear()
        record = pickle.dumps(result.record, protocol=5)
        try:
            made = self.stock.put_all(errand.key, result.handed) if result.handed else {}
        except NotHandedOnError as error:
            return "faulty", number, str(error)
        return "done", number, record, made, self._excess()

    def end_of(self, number: int, error: BaseException) -> tuple[Any, ...]:
        """The message for a task whose runner raised; a child that the task forked ends here instead."""
        if os.getpid() != self.pid:
            code = error.code if isinstance(error, SystemExit) else 1
            if not isinstance(error, SystemExit):
                traceback.print_exception(error)
            flush()
            os._exit(code if isinstance(code, int) else bool(code))
        if isinstance(error, KeyboardInterrupt):
            return "interrupted", number
        return "faulty", number, "".join(traceback.format_exception(error)).rstrip()

    def _excess(self) -> int:
        """Bytes held, if they are more than allowed; else 0."""
        if self._most is None or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 <= self._most:
            return 0
        held = kernel.resident()
        return held if held > self._most else 0


class Report:
    """Tells the driver what happens in a task.

    Args:
        bench: of the worker.
        number: of the task.
    """

    def __init__(self, bench: Bench, number: int) -> None:
        self._bench = bench
        self._number = number

    @property
    def is_reliable(self) -> bool:
        """What is told arrives, in order and before the outcome."""
        return True

    def __call__(self, record: Any) -> None:
        """Send a record; a child that the task forked sends nothing."""
        if os.getpid() != self._bench.pid:
            return
        try:
            self._bench.tell("told", self._number, record)
        except OSError:
            pass  # the driver is gone, and soon this process too
        except Exception as error:  # noqa: BLE001 - pickling runs code of others
            self._bench.tell("noted", self._number, f"a record could not be sent: {error!r}")
