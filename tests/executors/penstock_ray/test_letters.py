"""Letters through the mailbox, both sides of it, with its actor in a thread instead of on Ray."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import pytest

from penstock_ray import letters, mailbox, wire
from penstock_ray.handshake import Unreachable
from penstock_ray.hub import Hub
from penstock_ray.letters import LetterLine
from penstock_ray.link import Link, Wishes
from penstock_ray.mailbox import Box, Mailbox

GONE = RuntimeError("the actor died")
LONG = 60.0


class _Answer:
    def __init__(self, future):
        self.future = lambda: future


class _Method:
    def __init__(self, actor, name):
        self._actor, self._name = actor, name

    def remote(self, *arguments):
        actor = self._actor
        actor.calls.append(self._name)
        return _Answer(asyncio.run_coroutine_threadsafe(actor.carry_out(self._name, arguments), actor.loop))


class Actor:
    """As a handle of the real one; ``die`` is what Ray's end of it looks like."""

    def __init__(self):
        self.calls, self.box = [], Box()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._death = None
        self._tasks = set()

    def __getattr__(self, name):
        return _Method(self, name)

    async def carry_out(self, name, arguments):
        if self._death is not None:
            raise GONE
        made = asyncio.ensure_future(getattr(self.box, name)(*arguments))
        self._tasks.add(made)
        try:
            return await made
        except asyncio.CancelledError:
            raise GONE from None
        finally:
            self._tasks.discard(made)

    async def _end(self):
        self._death = GONE
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for one in self._tasks:
            one.cancel()
        if calls:
            await asyncio.wait(calls)

    def die(self):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(LONG)

    def close(self):
        self.die()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LONG)
        self.loop.close()


class Both:
    """A hub with a mailbox, and links through that."""

    def __init__(self):
        self.actor = Actor()
        self.hub = Hub("127.0.0.1", b"s" * 32)
        self.mailbox = Mailbox(lambda: self.actor)
        self.hub.attach(self.mailbox)
        self.links = []
        self.ended, self.interrupted = threading.Event(), threading.Event()

    def link(self, beat=60.0):
        wishes = Wishes(end=self.ended.set, interrupt=self.interrupt, give_back=lambda: ["b#1"])
        made = Link(partial(LetterLine.to, self.actor), "node a, pid 1", beat, wishes)
        self.links.append(made)
        return made

    def interrupt(self):
        self.interrupted.set()
        return True

    def hear(self, count):
        heard, until = [], time.monotonic() + LONG
        while len(heard) < count and time.monotonic() < until:
            heard += self.hub.poll(0.1)
        return heard

    def close(self):
        self.hub.close(LONG)
        for link in self.links:
            link.close()
            link._thread.join(LONG)
        self.actor.close()


@pytest.fixture
def both():
    made = Both()
    yield made
    made.close()


def tell_beside(link, *records):
    """Tell something from another thread than the task's."""
    thread = threading.Thread(target=lambda: [link.tell(one) for one in records])
    thread.start()
    thread.join()


def frames(heard):
    return [frame for _, frame in heard]


def test_a_start_and_an_end_come_with_the_records_between(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.tell("two")
    link.end(b"control")
    heard = both.hear(4)
    assert [(kind, key, first, list(more)) for kind, key, first, more in frames(heard)] == [
        ("start", "a#1", 0, []),
        ("told", "a#1", 0, ["one"]),
        ("told", "a#1", 1, ["two"]),
        ("done", "a#1", 0, [b"control"]),
    ]
    assert {worker.where for worker, _ in heard} == {"node a, pid 1"}


def test_a_start_and_an_end_are_in_the_mailbox_when_their_calls_come_back(both):
    put, arrived = both.actor.box.put, []

    async def put_slowly(name, given):
        await asyncio.sleep(0.02)
        await put(name, given)
        arrived.extend(wire.unpacked(letter)[0] for _, letter in given)

    both.actor.box.put = put_slowly
    link = both.link()
    link.start("a#1")
    assert arrived == ["hello", "start"]
    link.tell("one")
    link.end()
    assert arrived == ["hello", "start", "told", "end"]


def test_what_is_told_is_collected(both, monkeypatch):
    monkeypatch.setattr(letters, "FLUSH", LONG)  # else it goes sooner on a machine that is slow
    link = both.link()
    link.start("a#1")
    both.hear(1)
    before = both.actor.calls.count("put")
    tell_beside(link, *range(letters.MANY))
    assert len(both.hear(letters.MANY)) == letters.MANY
    assert both.actor.calls.count("put") - before == 1


def test_what_the_thread_of_the_task_tells_is_in_the_mailbox_when_it_goes_on(both):
    link = both.link()
    link.start("a#1")
    before = both.actor.calls.count("put")
    link.tell("the next step begins")
    assert both.actor.calls.count("put") == before + 1


def test_a_lonely_record_does_not_wait_for_others(both):
    link = both.link()
    link.start("a#1")
    tell_beside(link, "lonely")
    assert [kind for kind, *_ in frames(both.hear(2))] == ["start", "told"]


def test_a_running_task_gives_signs_of_life(both):
    link = both.link(beat=0.02)
    link.start("a#1")
    assert [kind for kind, *_ in frames(both.hear(3))][:3] == ["start", "beat", "beat"]


def test_a_word_of_the_driver_arrives_at_once(both):
    link = both.link()
    link.start("a#1")
    ((worker, _),) = both.hear(1)
    assert worker.tell("recall", "a#1")
    assert worker.tell("stop", "a#1")
    assert both.interrupted.wait(LONG)
    assert ("back", "", 0, ["b#1"]) in frames(both.hear(1))


def test_the_end_of_the_run_reaches_the_worker_and_is_waited_for(both):
    both.link()
    while not both.mailbox._workers:
        both.hub.poll(0.02)
    both.hub.close(LONG)
    assert both.ended.is_set()


def test_who_ends_by_itself_says_so(both):
    link = both.link()
    link.start("a#1")
    link.end()
    link.part()
    assert frames(both.hear(3))[-1] is None
    assert not both.mailbox._workers


def test_a_mark_comes_behind_what_was_there_and_ends_a_worker_that_is_gone(both):
    link = both.link()
    link.start("a#1")
    ((worker, _),) = both.hear(1)
    link.tell("one")
    link.end()
    mark = both.mailbox.mark(worker, is_gone=True)
    assert not both.mailbox.has_passed(mark)
    assert frames(both.hear(3))[1:] == [("end", "a#1", 0, ()), None]
    assert both.mailbox.has_passed(mark)
    assert not worker.is_open


def test_nothing_can_be_there_of_a_worker_that_is_heard_over_the_hub(both):
    other = object()
    assert both.mailbox.mark(other, is_gone=True) == 0
    assert both.mailbox.has_passed(0)


def test_the_death_of_the_mailbox_ends_its_workers_on_both_sides(both):
    link = both.link()
    link.start("a#1")
    ((worker, _),) = both.hear(1)
    both.actor.die()
    assert both.hear(1) == [(worker, None)]
    assert not both.mailbox.is_open
    assert not worker.tell("stop", "a#1")
    assert both.ended.wait(LONG)
    link.end()  # without a wait


def test_a_task_does_not_begin_when_the_mailbox_is_gone(both):
    link = both.link()
    both.actor.die()
    assert not link.start("a#1")
    assert link._task == ""


def test_a_mailbox_that_is_gone_is_not_reached(both):
    both.actor.die()
    with pytest.raises(Unreachable, match="gone"):
        both.link()


def test_a_mailbox_that_does_not_answer_is_not_reached(both, monkeypatch):
    monkeypatch.setattr(letters, "PATIENCE", 0.05)

    async def sleep(_):
        await asyncio.sleep(1)

    both.actor.box.enter = sleep
    with pytest.raises(Unreachable, match="did not answer"):
        both.link()


def test_a_mailbox_that_is_given_up_ends_its_workers(both):
    link = both.link()
    link.start("a#1")
    ((worker, _),) = both.hear(1)
    both.mailbox.give_up()
    assert both.hear(1) == [(worker, None)]


def test_a_full_mailbox_leaves_out_what_outcomes_repeat_and_nothing_else(monkeypatch):
    monkeypatch.setattr(mailbox, "MOST", 10)
    box = Box()

    async def fill():
        await box.put("a", [(False, b"x" * 11), (False, b"left out"), (True, b"kept")])
        return await box.take()

    assert asyncio.run(fill()) == [("a", b"x" * 11), ("a", b"kept")]
