"""The kit for executors rejects executors that break their promises, and says which promise it was.

Each saboteur is a right executor, the thread executor or the process pool, that does one thing wrong.
"""

from __future__ import annotations

import copy
import os
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import attrs
import pytest

from penstock.spi.executor import Lost, Outcome, Progress, Ticket
from penstock.testing.conformance.executor import marks
from penstock.testing.conformance.executor.kit import keep, promises
from penstock.testing.conformance.executor.stage import Stage, Terms
from penstock_local.pool import ProcessPoolExecutor
from penstock_local.threads import ThreadExecutor

PLACES = 2
LONGEST = 40.0
NOTHING = {}


class Saboteur:
    """Does what the right one does; ``mends`` repairs what a test must not leave behind."""

    def __init__(self, right):
        self.right = right

    def __getattr__(self, name):
        return getattr(self.right, name)

    def mend(self):
        self.right.close()


# ---- in threads ----------------------------------------------------------------------------------


class RunsTwice(Saboteur):
    def begin(self, shared):
        self.runner = shared.runner()
        self.right.begin(shared)

    def submit(self, task, upstream, given=NOTHING):
        self.runner.run(task.body, given, None)
        return self.right.submit(task, upstream, given)


class LosesAnOutcome(Saboteur):
    seen = 0

    def collect(self, timeout):
        kept = []
        for message in self.right.collect(timeout):
            self.seen += isinstance(message, Outcome)
            if self.seen != 7 or not isinstance(message, Outcome):
                kept.append(message)
        return kept


class EndsTwice(Saboteur):
    def collect(self, timeout):
        return [one for message in self.right.collect(timeout) for one in (message, message)]


class HoldsReportsBack(Saboteur):
    held = ()

    def collect(self, timeout):
        messages = self.right.collect(timeout)
        told = [*self.held, *(one for one in messages if isinstance(one, Progress))]
        ends = [one for one in messages if not isinstance(one, Progress)]
        self.held = () if ends else told
        return self.arrange(told, ends) if ends else []


class TellsAfterTheEnd(HoldsReportsBack):
    def arrange(self, told, ends):
        return [*ends, *told]


class TellsBackwards(HoldsReportsBack):
    def arrange(self, told, ends):
        return [*reversed(told), *ends]


class ForgetsReports(Saboteur):
    def collect(self, timeout):
        messages = self.right.collect(timeout)
        return [one for one in messages if not (isinstance(one, Progress) and one.record == 3)]


class MixesTickets(Saboteur):
    last = None

    def collect(self, timeout):
        mixed = []
        for message in self.right.collect(timeout):
            mixed.append(message if self.last is None else attrs.evolve(message, record=self.last))
            self.last = message.record
        return mixed


class IgnoresRelease(Saboteur):
    def release(self, ticket, names):
        pass


class ReleasesTooMuch(Saboteur):
    def release(self, ticket, names):
        self.right.release(ticket, ["a", "b", *names])


class RemembersReleased(Saboteur):
    def __init__(self, right):
        super().__init__(right)
        self.memory = []

    def release(self, ticket, names):
        self.memory += [self.right.fetch(ticket, name) for name in names]
        self.right.release(ticket, names)


class RefusesUnknownReleases(Saboteur):
    def release(self, ticket, names):
        for name in names:
            self.right.fetch(ticket, name)
        self.right.release(ticket, names)


class FetchesNothing(Saboteur):
    def fetch(self, ticket, name):
        try:
            return self.right.fetch(ticket, name)
        except KeyError:
            return None


class Copies(Saboteur):
    def fetch(self, ticket, name):
        return copy.copy(self.right.fetch(ticket, name))


class HandsTheWrongValue(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        names = list(upstream)
        crossed = dict(zip(names, [upstream[name] for name in reversed(names)], strict=True))
        return self.right.submit(task, crossed, given)


class HandsUnderTheOldName(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        return self.right.submit(task, {source[1]: source for source in upstream.values()}, given)


class DropsGiven(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        return self.right.submit(task, upstream)


class DropsEmptyValues(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        full = {name: source for name, source in upstream.items() if self.right.fetch(*source)}
        return self.right.submit(task, full, given)


class AnnouncesWhatMightBe(Saboteur):
    def __init__(self, right):
        super().__init__(right)
        self.hands = {}

    def submit(self, task, upstream, given=NOTHING):
        ticket = self.right.submit(task, upstream, given)
        self.hands[ticket] = task.hands or ()
        return ticket

    def collect(self, timeout):
        messages = self.right.collect(timeout)
        return [
            attrs.evolve(one, handed=self.hands[one.ticket]) if isinstance(one, Outcome) else one
            for one in messages
        ]


class GivesOneTicketForAll(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        self.right.submit(task, upstream, given)
        return Ticket("all")


class RunsTooMany(Saboteur):
    """Was told two, says two, runs three."""

    def __init__(self, right):
        right.close()
        super().__init__(ThreadExecutor({"max_concurrent": PLACES + 1}))

    @property
    def features(self):
        return attrs.evolve(self.right.features, max_concurrent=PLACES)

    def begin(self, shared):
        self.folder, self.deadline = shared._folder, time.monotonic() + shared._patience
        self.right.begin(shared)

    def collect(self, timeout):
        """Once they run: the kit looks only for a moment."""
        while len(marks.read(self.folder, "waiting")) <= PLACES and time.monotonic() < self.deadline:
            time.sleep(0.01)
        return self.right.collect(timeout)


class RunsOneAtATime(Saboteur):
    def __init__(self, right):
        right.close()
        super().__init__(ThreadExecutor({"max_concurrent": 1}))

    @property
    def features(self):
        return attrs.evolve(self.right.features, max_concurrent=PLACES)


class ClaimsTooMuch(Saboteur):
    @property
    def features(self):
        return attrs.evolve(self.right.features, survives_worker_loss=True)


class ChangesItsMind(Saboteur):
    begun = False

    def begin(self, shared):
        self.begun = True
        self.right.begin(shared)

    @property
    def features(self):
        return attrs.evolve(self.right.features, chains=7 if self.begun else 1)


class AsksForTheBlob(Saboteur):
    def begin(self, shared):
        shared.blob()
        self.right.begin(shared)


class IgnoresCancel(Saboteur):
    def cancel(self, ticket, grace=10.0):
        pass


class RunsWhatIsCanceled(Saboteur):
    def __init__(self, right):
        super().__init__(right)
        self.canceled = []

    def cancel(self, ticket, grace=10.0):
        self.canceled.append(Lost(ticket=ticket, reason="canceled", started=False, cause="canceled"))

    def collect(self, timeout):
        if self.canceled:
            return [self.canceled.pop()]
        return self.right.collect(timeout)


class CancelsTheEnded(RunsWhatIsCanceled):
    def cancel(self, ticket, grace=10.0):
        super().cancel(ticket)
        self.right.cancel(ticket)


class BlocksInCollect(Saboteur):
    def collect(self, timeout):
        return self.right.collect(None)


class WaitsWhenIdle(Saboteur):
    def begin(self, shared):
        self.patience = shared._patience / 2
        self.right.begin(shared)

    def collect(self, timeout):
        found = self.right.collect(timeout)
        if not found and timeout is None:
            time.sleep(1.2 * self.patience)
        return found


class GivesUpWaiting(Saboteur):
    def collect(self, timeout):
        return self.right.collect(0.0)


class WaitsInSubmit(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        ticket = self.right.submit(task, upstream, given)
        while not (running := self.right._under_way[ticket]).done():
            if self.over.exists():
                break
            time.sleep(0.01)
        del running
        return ticket

    def begin(self, shared):
        self.over = Path(shared._folder, "over")
        self.deadline = threading.Timer(1.5 * shared._patience, self.over.touch)
        self.deadline.start()
        self.right.begin(shared)

    def mend(self):
        self.deadline.cancel()
        self.deadline.join()
        super().mend()


class SwallowsInterrupts(Saboteur):
    def collect(self, timeout):
        try:
            return self.right.collect(timeout)
        except KeyboardInterrupt:
            return ()


class RunsTheQueueWhileClosing(Saboteur):
    def close(self):
        while self.right._under_way:
            self.right.collect(0.05)
        self.right.close()


class ClosesOnce(Saboteur):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("already closed")
        self.closed = True
        self.right.close()


class ClosesTheOthers(Saboteur):
    alive = []

    def begin(self, shared):
        self.alive.append(self.right)
        self.right.begin(shared)

    def close(self):
        while self.alive:
            self.alive.pop().close()


class LeavesAThread(Saboteur):
    def begin(self, shared):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.over.wait, name="left behind")
        self.thread.start()
        self.right.begin(shared)

    def mend(self):
        self.over.set()
        self.thread.join()


class LeavesAFile(Saboteur):
    def begin(self, shared):
        Path(tempfile.gettempdir(), "left-behind").touch()
        self.right.begin(shared)


class LeavesMemory(Saboteur):
    def begin(self, shared):
        self.file = Path(f"/dev/shm/kit-{os.getpid()}-left-behind")
        self.file.touch()
        self.right.begin(shared)

    def mend(self):
        self.file.unlink(missing_ok=True)


class LeavesAProcess(Saboteur):
    def begin(self, shared):
        self.process = subprocess.Popen(["sleep", "60"])
        self.right.begin(shared)

    def mend(self):
        self.process.kill()
        self.process.wait()


class LeavesDescriptors(Saboteur):
    def begin(self, shared):
        self.opened = os.open(os.devnull, os.O_RDONLY)
        self.right.begin(shared)

    def mend(self):
        os.close(self.opened)


# ---- in processes --------------------------------------------------------------------------------


class RaisesOnLoss(Saboteur):
    def collect(self, timeout):
        messages = self.right.collect(timeout)
        if any(isinstance(message, Lost) for message in messages):
            raise OSError("a worker died")
        return messages


class RetriesByItself(Saboteur):
    def __init__(self, right):
        super().__init__(right)
        self.tasks, self.tried = {}, Counter()

    def submit(self, task, upstream, given=NOTHING):
        ticket = self.right.submit(task, upstream, given)
        self.tasks[ticket] = task, upstream, given
        return ticket

    def collect(self, timeout):
        kept = []
        for message in self.right.collect(timeout):
            if isinstance(message, Lost) and not self.tried[message.ticket]:
                self.tried[message.ticket] += 1
                self.right.submit(*self.tasks[message.ticket])
            else:
                kept.append(message)
        return kept


class Tells(Saboteur):
    """Changes what is told of a loss."""

    changed = {}

    def collect(self, timeout):
        messages = self.right.collect(timeout)
        return [attrs.evolve(one, **self.changed) if isinstance(one, Lost) else one for one in messages]


class LiesAboutTheStart(Tells):
    changed = {"started": False}


class IsVague(Tells):
    changed = {"reason": "a worker is no more"}


class IsSilent(Tells):
    changed = {"reason": ""}


class NamesAnotherCause(Tells):
    changed = {"cause": "node"}


class NamesNothingMissing(Tells):
    changed = {"missing": ()}


class TakesNeighboursAlong(Saboteur):
    lost = None

    def collect(self, timeout):
        messages = list(self.right.collect(timeout))
        for place, message in enumerate(messages):
            if isinstance(message, Lost):
                self.lost = message
            elif self.lost is not None and isinstance(message, Outcome):
                messages[place] = attrs.evolve(self.lost, ticket=message.ticket)
        return messages


class IgnoresTimeouts(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        patient = attrs.evolve(task, wants=attrs.evolve(task.wants, timeout=None))
        return self.right.submit(patient, upstream, given)


class KnowsNoLanes(Saboteur):
    def submit(self, task, upstream, given=NOTHING):
        confined = attrs.evolve(task, wants=attrs.evolve(task.wants, lane="process"))
        return self.right.submit(confined, upstream, given)


class KillsWithoutAsking(Tells):
    changed = {"cause": "canceled"}

    def begin(self, shared):
        self.folder = shared._folder
        self.right.begin(shared)

    def cancel(self, ticket, grace=10.0):
        (mark,) = marks.read(self.folder, "waiting", ticket.key)
        os.kill(mark.pid, 9)


class IgnoresGrace(Saboteur):
    def cancel(self, ticket, grace=10.0):
        self.right.cancel(ticket, 3600.0)


class OnlySaysThatItRests(Saboteur):
    begun = False

    def begin(self, shared):
        if not self.begun:
            self.begun = True
            self.right.begin(shared)

    def rest(self):
        pass


class LeavesItsWorkersAtRest(Saboteur):
    def close(self):
        if self.right._crew is not None:
            self.right.close()


class ChecksNoModules(Saboteur):
    def begin(self, shared):
        self.right.begin(WithoutModules(shared))


class WithoutModules(Saboteur):
    modules = ()


class HidesRefusals(Saboteur):
    def begin(self, shared):
        try:
            self.right.begin(shared)
        except Exception as error:
            raise RuntimeError("something went wrong") from error


class UsesTheDriversRunner(Saboteur):
    def begin(self, shared):
        shared.runner()
        self.right.begin(shared)


class LeavesItsWorkers(Saboteur):
    def close(self):
        pass


class KeepsOnDisk(Saboteur):
    def release(self, ticket, names):
        pass


# ---- what the kit says ---------------------------------------------------------------------------

IN_THREADS = [
    (RunsTwice, "every_ticket_comes_to_its_own_end", "carried out once"),
    (LosesAnOutcome, "every_ticket_comes_to_its_own_end", "comes to its end"),
    (EndsTwice, "every_ticket_comes_to_its_own_end", "ends once, and nothing follows"),
    (MixesTickets, "every_ticket_comes_to_its_own_end", "belongs to its ticket"),
    (GivesOneTicketForAll, "every_ticket_comes_to_its_own_end", "a ticket of its own"),
    (TellsAfterTheEnd, "what_a_task_tells_arrives_in_order", "nothing follows"),
    (TellsBackwards, "what_a_task_tells_arrives_in_order", "in order"),
    (ForgetsReports, "what_a_task_tells_arrives_in_order", "1 are missing"),
    (TellsBackwards, "what_a_task_tells_arrives_while_it_is_running", "before its end"),
    (IgnoresRelease, "a_released_value_is_gone_and_the_others_stay", "released value raises KeyError"),
    (ReleasesTooMuch, "a_released_value_is_gone_and_the_others_stay", "kept until it is released"),
    (RemembersReleased, "a_released_value_is_freed", "still holds it"),
    (RemembersReleased, "released_values_do_not_pile_up_in_memory", "50 of 50"),
    (
        RefusesUnknownReleases,
        "releasing_what_is_not_there_is_ignored",
        "release() of what is not there is ignored",
    ),
    (FetchesNothing, "fetching_what_was_never_there_raises_key_error", "raises KeyError"),
    (Copies, "in_this_process_a_value_is_the_same_object", "the same object"),
    (HandsTheWrongValue, "a_value_reaches_a_later_task_under_its_new_name", "arrives equal"),
    (HandsUnderTheOldName, "a_value_reaches_a_later_task_under_its_new_name", "under its name"),
    (DropsGiven, "given_values_arrive", "under its name"),
    (DropsEmptyValues, "empty_values_are_values", "under its name"),
    (AnnouncesWhatMightBe, "a_task_may_hand_on_less_than_it_announced", "not what might have been"),
    (AnnouncesWhatMightBe, "names_may_be_known_only_afterwards", "names what was handed on"),
    (
        RunsTooMany,
        "waiting_tasks_keep_to_max_concurrent",
        "at most max_concurrent=2 tasks run at once; 3 did",
    ),
    (RunsOneAtATime, "as_many_run_at_once_as_there_are_places", "comes to its end|only"),
    (ClaimsTooMuch, "the_features_are_as_declared_and_constant", "the features are"),
    (ChangesItsMind, "the_features_are_as_declared_and_constant", "constant"),
    (AsksForTheBlob, "tasks_in_this_process_use_its_runner", "pickles nothing"),
    (IgnoresCancel, "a_queued_task_that_is_canceled_never_runs", "comes to its end"),
    (RunsWhatIsCanceled, "a_queued_task_that_is_canceled_never_runs", "ends once|never ran|never began"),
    (CancelsTheEnded, "canceling_a_task_that_has_ended_changes_nothing", "nothing follows"),
    (BlocksInCollect, "collect_waits_no_longer_than_it_is_told", "collect|waiting"),
    (WaitsWhenIdle, "nothing_waits_when_no_task_is_under_way", "returns at once"),
    (GivesUpWaiting, "waiting_for_ever_ends_with_a_message", "collect(None) waits"),
    (WaitsInSubmit, "submitting_waits_for_nothing", "submit() returns at once"),
    (SwallowsInterrupts, "interrupting_the_driver_leaves_nothing", "an interrupt comes out|comes to its end"),
    (RunsTheQueueWhileClosing, "closing_drops_queued_tasks", "3 of 3 began"),
    (ClosesOnce, "closing_twice_is_no_fault", "close() is idempotent"),
    (ClosesTheOthers, "two_executors_do_not_disturb_each_other", "comes to its end"),
    (LeavesAThread, "closing_twice_is_no_fault", "no thread behind; left: left behind"),
    (LeavesAFile, "closing_twice_is_no_fault", "no file behind"),
    (LeavesMemory, "closing_twice_is_no_fault", "no file behind"),
    (LeavesAProcess, "closing_twice_is_no_fault", "no process behind"),
    (LeavesDescriptors, "descriptors_are_given_back", "gives file descriptors back"),
]

IN_PROCESSES = [
    (OnlySaysThatItRests, "another_run_begins_after_a_rest", "a runner of its own"),
    (OnlySaysThatItRests, "runners_are_closed_before_a_rest", "were not"),
    (OnlySaysThatItRests, "a_rest_drops_values", "left on disk"),
    (OnlySaysThatItRests, "a_rest_kills_what_runs", "comes to its end|in the next run"),
    (LeavesItsWorkersAtRest, "closing_at_rest_leaves_nothing", "no process behind"),
    (RaisesOnLoss, "a_worker_that_exits_is_told_with_its_code", "collect() does not raise"),
    (RetriesByItself, "a_worker_that_exits_is_told_with_its_code", "carried out once|ends once"),
    (LiesAboutTheStart, "a_worker_that_exits_is_told_with_its_code", "had begun"),
    (IsVague, "a_worker_that_exits_is_told_with_its_code", "names the signal or exit code"),
    (IsSilent, "a_worker_that_exits_is_told_with_its_code", "says why"),
    (NamesAnotherCause, "a_worker_that_exits_is_told_with_its_code", "lost with its worker"),
    (NamesNothingMissing, "a_value_that_is_gone_is_a_loss_that_names_it", "names what is gone"),
    (TakesNeighboursAlong, "neighbours_of_a_dead_worker_go_on", "should have come to an outcome"),
    (KnowsNoLanes, "lanes_of_waiting_tasks_take_no_place_of_others", "comes to its end"),
    (IgnoresTimeouts, "a_task_that_outlives_its_time_is_killed", "comes to its end"),
    (KillsWithoutAsking, "a_task_is_asked_before_it_is_killed", "its finally never ran"),
    (IgnoresGrace, "a_task_that_refuses_is_killed", "comes to its end"),
    (ChecksNoModules, "a_module_that_workers_lack_is_named_before_the_first_task", "raises UserError"),
    (HidesRefusals, "what_cannot_travel_is_told_before_the_first_task", "lets out what blob"),
    (UsesTheDriversRunner, "other_processes_get_the_blob", "for executors that stay"),
    (LeavesItsWorkers, "closing_twice_is_no_fault", "no process behind"),
    (KeepsOnDisk, "released_values_do_not_pile_up_on_disk", "bytes of"),
]


def reject(saboteur, promise, said, right, folder, patience):
    """Soon, or when a machine that stood still for so long has had more time."""
    for longer in (patience, 10 * patience, LONGEST):
        (folder / str(longer)).mkdir()
        found = verdict(saboteur, promise, right, folder / str(longer), longer)
        if any(words in found for words in said.split("|")):
            return
    pytest.fail(found)


def verdict(saboteur, promise, right, folder, patience):
    """What the kit says of an executor."""
    made = []

    def make():
        made.append(saboteur(right({"max_concurrent": PLACES})))
        return made[-1]

    features = right({"max_concurrent": PLACES}).features
    terms = Terms(make=make, features=features, places=PLACES, patience=patience, many=100)
    try:
        keep(promises()[f"test_{promise}"], Stage(terms, folder))
    except AssertionError as error:
        return str(error)
    finally:
        for one in made:
            one.mend()
    return "accepted"


NAMES = {"ids": lambda one: getattr(one, "__name__", None)}


@pytest.mark.parametrize(("saboteur", "promise", "said"), IN_THREADS, **NAMES)
def test_a_faulty_executor_of_threads_is_rejected(saboteur, promise, said, tmp_path):
    reject(saboteur, promise, said, ThreadExecutor, tmp_path, patience=1.0)


@pytest.mark.parametrize(("saboteur", "promise", "said"), IN_PROCESSES, **NAMES)
def test_a_faulty_executor_of_processes_is_rejected(saboteur, promise, said, tmp_path):
    reject(saboteur, promise, said, ProcessPoolExecutor, tmp_path, patience=3.0)
