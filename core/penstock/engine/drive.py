"""The drive: the one loop that carries a plan out and writes down what happens.

Owns: the order "decide, note, act": events go to the journal before a command is carried out, and
observers hear of them once they are stored. The journal stores within 50 ms, so a driver that is killed
forgets as much at most, wherever its steps run. Knows the store only as the journal it is given.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

from attrs import define, field

from penstock.engine.assign import Assigner, Assignment
from penstock.engine.decide import Finish, Submit, WaitUntil, cancellation, next_command, skips
from penstock.engine.failures import free_values
from penstock.engine.journal import Journal
from penstock.engine.limits import Limits
from penstock.engine.losses import MOST_FREE, after_loss, error_of, is_stored, recompute_note, to_recompute
from penstock.engine.program import Program
from penstock.engine.record import Printed, StepRecord, Told
from penstock.engine.run_step import start_event
from penstock.engine.slots import Slots, is_slot, parked_for
from penstock.engine.state import Phase, RunState, Unit
from penstock.errors import StepExecutionError
from penstock.events.runs import TERMINAL, RunStatus
from penstock.events.values import EngineNoted, Happened, RunCanceling, RunStarted
from penstock.spi.executor import Executor, Lost, Message, Noted, Outcome, Progress, Ticket

INTERRUPTED = "interrupted from the keyboard"
CANCEL_GRACE = 10.0
"""Seconds that a running step has to stop by itself before it is killed."""

_ATTENTION = 0.2
"""Seconds after which an interrupt is heeded at the latest while tasks run elsewhere."""

_ANY_NUMBER = 1 << 30


def _nobody(_: Printed) -> None:
    """Text of steps that nobody keeps."""


@define(kw_only=True, eq=False)
class UnderWay:
    """A task that the executor has; ``told`` counts the events of each of its works that arrived."""

    assignment: Assignment
    told: dict[int, int] = field(factory=dict[int, int])


@define(kw_only=True, eq=False, slots=False)
class Drive:
    """One run on its way.

    Args:
        program: what is carried out.
        state: where the run stands; kept up to date.
        executor: where tasks run.
        journal: takes events to the store, in order; raises when somebody else owns the run.
        limits: of tags and pools within the run.
        slots: of pools that all runs share.
        on_text: takes what steps wrote where this disk is out of reach.

    ``kept`` names the values of each unit that the result will ask for; ``failure`` holds what the
    first failed unit raised. ``never_began`` counts how often in a row a unit was lost before it began,
    ``lacked_input`` how often of these it was for want of a value.
    """

    program: Program
    state: RunState
    executor: Executor
    journal: Journal
    limits: Limits = field(factory=Limits)
    slots: Slots = field(factory=Slots)
    on_text: Callable[[Printed], None] = _nobody
    failure: tuple[Unit, BaseException] | None = None
    tickets: dict[Unit, Ticket] = field(factory=dict[Unit, Ticket])
    running: dict[str, UnderWay] = field(factory=dict[str, UnderWay])
    handed: dict[Unit, tuple[Ticket, frozenset[str]]] = field(
        factory=dict[Unit, tuple[Ticket, frozenset[str]]]
    )
    kept: dict[Unit, tuple[str, ...]] = field(factory=dict[Unit, tuple[str, ...]])
    printed: set[str] = field(factory=set[str])
    never_began: dict[Unit, int] = field(factory=dict[Unit, int])
    lacked_input: dict[Unit, int] = field(factory=dict[Unit, int])
    cancel_reason: str | None = None
    _names: dict[tuple[str, ...], frozenset[str]] = field(factory=dict[tuple[str, ...], frozenset[str]])
    _assigner: Assigner = field(init=False)
    _stays_here: bool = field(init=False)
    _is_away: bool = field(init=False)
    _shield: AbstractContextManager[object] = field(init=False)

    def __attrs_post_init__(self) -> None:
        features = self.executor.features
        self._stays_here = features.in_process
        self._is_away = features.survives_worker_loss  # so nothing that might take long runs here
        self._shield = self.journal.shield if self._is_away else nullcontext()
        longest = features.chains if self.limits.is_idle and not self.program.keeps_values else 1
        self._assigner = Assigner(self.program, self.state, features, longest)

    def begin(self) -> None:
        """Note that the run starts; a state that is further on already is left alone."""
        if self.state.status in (RunStatus.QUEUED, RunStatus.STARTING):
            self._note([RunStarted(at=self.program.tools.now())])

    def run(self) -> None:
        """Carry on until the run has ended. A keyboard interrupt ends it as canceled."""
        if self._is_away:
            self.journal.shield.install()
        try:
            while self.state.status not in TERMINAL and self.cancel_reason is None:
                self._turn()
        except KeyboardInterrupt:
            self.cancel_reason = INTERRUPTED
        if self.cancel_reason is not None and self.state.status not in TERMINAL:
            self._cancel(self.cancel_reason)

    # ---- one turn of the loop -----------------------------------------------------------------

    def _turn(self) -> None:
        now = self.program.tools.now()
        while events := skips(self.state, now):
            self._note(events)
        staged, command = self._stage(now)
        look = None if self.slots.is_idle else self.slots.next_look(now)
        if staged:
            self._submit(staged)
        elif isinstance(command, Finish) and look is not None:
            self.program.tools.sleep(max(look - now, 0.0))
        elif isinstance(command, Finish):
            if self.executor.features.settles:
                self.executor.settle()
            self._note(command.events)
            self.journal.drain()
        elif isinstance(command, WaitUntil):
            until = command.at if look is None else min(command.at, look)
            self.program.tools.sleep(max(until - now, 0.0))
        else:
            with self._shield:  # what is half taken in would be lost, and waited for in vain
                for message in self.executor.collect(self._patience(now, look)):
                    self._take(message)

    def _stage(self, now: float) -> tuple[list[Assignment], Finish | WaitUntil | None]:
        """Assign what may start now; also what else is to be done when nothing may."""
        staged: list[Assignment] = []
        limit = self.executor.features.at_hand
        while True:
            under_way = len(self.running) + len(staged)
            room = _ANY_NUMBER if limit is None else limit - under_way
            command = next_command(self.state, now, under_way, room)
            if isinstance(command, Submit):
                self._admit(command, staged)
            elif room <= 0 or not self._unpark(now):
                return staged, command

    def _admit(self, command: Submit, staged: list[Assignment]) -> None:
        """Assign a unit, or park it when a limit has no room for it."""
        counters: tuple[str, ...] = ()
        if not (self.limits.is_idle and self.slots.is_idle):
            bound = self.program.bound(self.program.plan.steps[command.unit[0]])
            counters = self.limits.counters(bound.tags, bound.op.pool)
            full = self.limits.full(counters)
            if full is None and bound.op.pool is not None:
                full = self._take_slot(command, bound.op.pool)
            if full is not None:
                self.state.park(command.unit, full)
                return
            self.limits.take(counters)
        in_vain = self.never_began.get(command.unit, 0)
        assignment = self._assigner.assign(command.unit, command.attempt, self.handed, counters, in_vain)
        for unit in assignment.units:
            self.state.claim(unit)
        staged.append(assignment)

    def _take_slot(self, command: Submit, pool: str) -> str | None:
        """Take a slot that all runs share; returns for what the unit is to be parked when there is none."""
        priority = self.program.plan.priorities.get(command.unit[0], 0)
        reason = self.slots.waits_for(pool, priority)
        if reason is not None:
            return reason
        key, now = self.state.key(command.unit), self.program.tools.now
        answer = self.slots.ask(pool, key, command.attempt, now, priority)
        if answer.granted:
            return None
        said = self.slots.sentence(answer, self.program.run.run_id, pool, key)
        if said is not None:
            self._note([EngineNoted(at=now(), message=said, step=key)])
        return parked_for(pool)

    def _unpark(self, now: float) -> bool:
        """Give a unit that waits for a limit another chance, when there is one."""
        if self.limits.is_idle and self.slots.is_idle:
            return False
        return any(self._may_leave(one, now) and self.state.unpark(one, now) for one in self.state.parked)

    def _may_leave(self, reason: str, now: float) -> bool:
        return self.slots.unlock(reason, now) if is_slot(reason) else self.limits.has_room(reason)

    def _patience(self, now: float, look: float | None) -> float | None:
        """How long to wait for a message; what is due waits for the end of a task, to have room."""
        retry = self.state.next_retry()
        moments = (None if retry is None else retry[0], look)
        waits = [at - now for at in moments if at is not None and at > now]
        return min([*waits, _ATTENTION] if self._is_away else waits, default=None)

    def _note(self, events: Sequence[Happened]) -> None:
        """Take events into the journal and the state."""
        self.journal.add(events)
        self.state.apply_all(events)

    # ---- out: tasks ---------------------------------------------------------------------------

    def _submit(self, staged: Sequence[Assignment]) -> None:
        if self._stays_here:
            for one in staged:
                key = self.state.key(one.units[0])
                self._note([start_event(self.program, key, one.attempt)])
        elif not self.executor.features.reports:  # nobody could wait for the start of a step to be stored
            self.journal.drain()
        for one in staged:
            with self._shield:
                ticket = self.executor.submit(one.task, one.upstream)
                if self.program.keeps_values:
                    self.tickets.update(dict.fromkeys(one.units, ticket))
                self.running[ticket.key] = UnderWay(assignment=one)

    # ---- in: messages -------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        if isinstance(message, Noted):
            self._note([EngineNoted(at=self.program.tools.now(), message=message.message)])
            return
        under_way = self.running.get(message.ticket.key)
        if under_way is None:  # a word from a worker that was given up
            return
        if isinstance(message, Progress):
            self._take_word(under_way, message.record)
            return
        del self.running[message.ticket.key]
        self.limits.give(under_way.assignment.counters)
        if isinstance(message, Outcome):
            self._take_records(under_way, message)
        else:
            self._take_loss(under_way, message)
        if not self.slots.is_idle:
            self._free_slot(under_way.assignment)
        self._release()

    def _free_slot(self, assignment: Assignment) -> None:
        """Have the end of a step in a pool stored, which frees its slot; give back one that was not used."""
        unit = assignment.units[0]  # a step in a pool joins no chain
        pool = self.program.bound(self.program.plan.steps[unit[0]]).op.pool
        if pool is None:
            return
        self.journal.drain()
        if self.state.phase[unit] in (Phase.READY, Phase.WAITING):
            self.slots.give_back(self.state.key(unit))
        self.slots.wake(pool)

    def _take_word(self, under_way: UnderWay, record: Told | tuple[Told, ...] | Printed) -> None:
        if isinstance(record, Printed):
            self.printed.add(record.step)
            self.on_text(record)
            return
        for one in (record,) if isinstance(record, Told) else record:
            self._take_events(under_way, one.place, one.first, one.events)

    def _take_events(self, under_way: UnderWay, place: int, first: int, events: Sequence[Happened]) -> None:
        """Note what is new; what comes after a gap waits for the record, which has everything."""
        known = under_way.told.get(place, 0)
        new = events[known - first :] if first <= known else ()
        if new:
            under_way.told[place] = known + len(new)
            self._note(new)

    def _take_records(self, under_way: UnderWay, outcome: Outcome) -> None:
        units = under_way.assignment.units
        for place, record in enumerate(outcome.record):
            self._take_events(under_way, place, record.first, record.events)
            self._take_record(units[place], outcome.ticket, record)
        for unit in units[len(outcome.record) :]:
            self.state.unclaim(unit)

    def _take_record(self, unit: Unit, ticket: Ticket, record: StepRecord) -> None:
        if self.never_began:
            self.never_began.pop(unit, None)
            self.lacked_input.pop(unit, None)
        if self.printed:
            self._tell_printed(self.state.key(unit))
        if record.handed:
            names = tuple(record.handed)
            self.handed[unit] = (ticket, self._names.setdefault(names, frozenset(names)))
        if self.program.keeps_values and (record.handed or record.kept):
            self.kept[unit] = (*record.handed, *record.kept)
        if isinstance(record.exception, KeyboardInterrupt):  # also of a hook, after its step
            self.cancel_reason = INTERRUPTED
        elif self.failure is None and self.state.phase[unit] is Phase.FAILED:
            self.failure = (unit, record.exception or self._exception_of(unit, record))
            if not self.program.keeps_values:
                free_values(self.failure[1])

    def _tell_printed(self, key: str) -> None:
        """Say where the text is that a step wrote out of reach of this disk."""
        if key in self.printed:
            self.printed.discard(key)
            captured = self.program.tools.captured(key)
            self._note([] if captured is None else [captured])

    def _exception_of(self, unit: Unit, record: StepRecord) -> BaseException:
        """What a step raised in another process, as far as it could travel."""
        if record.pickled is not None:
            try:
                found = pickle.loads(record.pickled)  # noqa: S301  # our own worker pickled it
            except Exception:  # noqa: BLE001  # an exception of the user's, which may be made in any way
                found = None
            if isinstance(found, BaseException):
                with suppress(Exception):  # frozen exceptions take no notes
                    found.add_note(f"where the step ran:\n{''.join(self.state.errors[unit].stack)}".rstrip())
                return found
        return self._described(unit)

    def _described(self, unit: Unit) -> StepExecutionError:
        error = self.state.errors[unit]
        return StepExecutionError(f"Step {self.state.key(unit)!r} failed: {error.cls_name}: {error.message}")

    # ---- losses -------------------------------------------------------------------------------

    def _take_loss(self, under_way: UnderWay, loss: Lost) -> None:
        """A task came to no end: its units that were not done are tried again, fail, or wait.

        In a chain it is the first that is not done which was lost; those after it never began.
        """
        assignment, state = under_way.assignment, self.state
        open_units = [
            unit for unit in assignment.units if state.phase[unit] in (Phase.CLAIMED, Phase.RUNNING)
        ]
        for unit in open_units[1:]:
            state.unclaim(unit)
        if not open_units:
            return
        unit = open_units[0]
        attempt = assignment.attempt if unit == assignment.units[0] else 1
        in_vain = self.never_began.get(unit, 0) + 1
        self.never_began[unit] = in_vain
        if loss.cause == "input" and self._can_do_without(unit, assignment, loss):
            return
        events = after_loss(self.program, state, unit, attempt, loss, in_vain)
        if not events:
            message = f"{state.key(unit)} is sent again: {loss.reason}"
            self._note([EngineNoted(at=self.program.tools.now(), message=message, step=state.key(unit))])
            state.unclaim(unit)
            return
        del self.never_began[unit]
        self._note(events)
        if self.failure is None and state.phase[unit] is Phase.FAILED:
            self.failure = (unit, error_of(state.key(unit), loss))

    def _can_do_without(self, unit: Unit, assignment: Assignment, loss: Lost) -> bool:
        """Values that were handed on are gone: whether the unit can load them, or wait for them anew."""
        self.lacked_input[unit] = self.lacked_input.get(unit, 0) + 1
        if self.lacked_input[unit] > MOST_FREE:
            return False
        gone = {assignment.upstream[name] for name in loss.missing if name in assignment.upstream}
        lost: list[Unit] = []
        for source, (ticket, names) in list(self.handed.items()):
            missing = {name for name in names if (ticket, name) in gone}
            if missing:
                self.handed[source] = (ticket, names - missing)
                if not all(is_stored(self.program, source, name.partition("[")[0]) for name in missing):
                    lost.append(source)
        again = to_recompute(self.program, self.state, self.handed, lost)
        if again is None or not gone:
            return False
        self.state.unclaim(unit)
        if again:
            self._note([recompute_note(self.program, self.state, again)])
        for source in again:
            self.state.reopen(source)
        return True

    def _release(self) -> None:
        """Drop handed-on values that no later step will ask for."""
        spent, self.state.spent = self.state.spent, []
        if self.program.keeps_values:
            return
        for step in spent:
            for unit in [(step, key) for key in self.state.keys.get(step, (None,))]:
                found = self.handed.pop(unit, None)
                if found is not None:
                    self.executor.release(found[0], tuple(found[1]))

    # ---- stopping -----------------------------------------------------------------------------

    def _cancel(self, reason: str) -> None:
        """Stop what runs, wait until it has stopped, and end the run."""
        features = self.executor.features
        one_by_one = features.in_process and features.max_concurrent == 1  # what ran is over already
        if not one_by_one:
            self._note([RunCanceling(at=self.program.tools.now(), reason=reason)])
            self.journal.drain()
            self._stop_tasks()
        now = self.program.tools.now()
        canceling = (RunCanceling(at=now, reason=reason),) if one_by_one else ()
        # one batch: another interrupt must not come between the two ends of it
        self._note([*canceling, *cancellation(self.state, now, reason)])
        self.journal.drain()

    def _stop_tasks(self) -> None:
        tools = self.program.tools
        for key in reversed(tuple(self.running)):  # what waits first, or it begins where others make room
            self.executor.cancel(Ticket(key), CANCEL_GRACE)
        deadline = tools.now() + 2 * CANCEL_GRACE
        try:
            while self.running and tools.now() < deadline:
                for message in self.executor.collect(deadline - tools.now()):
                    self._take_last(message)
        except KeyboardInterrupt:  # a second one: close() kills what is left
            return

    def _take_last(self, message: Message) -> None:
        """What a task tells while it is being stopped: its events count, nothing follows from its end."""
        if isinstance(message, Noted):
            return
        under_way = self.running.get(message.ticket.key)
        if under_way is None:
            return
        if isinstance(message, Progress):
            self._take_word(under_way, message.record)
            return
        del self.running[message.ticket.key]
        if isinstance(message, Outcome):
            for place, record in enumerate(message.record):
                self._take_events(under_way, place, record.first, record.events)
