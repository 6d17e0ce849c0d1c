"""The hub and its workers, over a real socket, without Ray."""

from __future__ import annotations

import os
import pickle
import socket
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_ray import wire
from penstock_ray.hub import Hub
from penstock_ray.line import SocketLine
from penstock_ray.link import Link, Unreachable, Wishes

SECRET = b"s" * 32
PATIENCE = 60.0


class Both:
    """A hub, and links whose handshake it answers."""

    def __init__(self):
        self.hub = Hub("127.0.0.1", SECRET)
        self.links = []
        self.ended = threading.Event()
        self.interrupts = 0
        self.interrupted = threading.Event()

    def link(self, secret=SECRET, beat=60.0):
        wishes = Wishes(end=self.ended.set, interrupt=self.interrupt, give_back=lambda: ["b#1", "c#1"])
        made = Link(partial(SocketLine.to, self.hub.address, secret), "node a, pid 1", beat, wishes)
        self.links.append(made)
        return made

    def interrupt(self):
        self.interrupts += 1
        self.interrupted.set()
        return self.interrupts > 2

    def hear(self, count):
        heard, until = [], time.monotonic() + PATIENCE
        while len(heard) < count and time.monotonic() < until:
            heard += self.hub.poll(0.1)
        return [frame for _, frame in heard]

    def close(self):
        self.hub.close(PATIENCE)
        for link in self.links:
            link.close()
            link._thread.join(PATIENCE)


@pytest.fixture
def both():
    made = Both()
    yield made
    made.close()


def test_a_start_and_an_end_come_with_the_records_between(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.tell("two")
    link.end()
    frames = both.hear(4)
    assert [kind for kind, *_ in frames] == ["start", "told", "told", "end"]
    assert [record for *_, records in frames for record in records] == ["one", "two"]


def test_records_are_numbered_from_the_start_of_their_task(both):
    link = both.link()
    for task in ("a#1", "b#1"):
        link.start(task)
        link.tell("one")
        link.tell("two")
        link.end()
    told = [frame for frame in both.hear(8) if frame[0] == "told"]
    assert [(task, first) for _, task, first, _ in told] == [("a#1", 0), ("a#1", 1), ("b#1", 0), ("b#1", 1)]


def test_a_lonely_record_is_sent_without_the_end(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    link.tell("lonely")
    ((kind, key, _, records),) = both.hear(1)
    assert (kind, key, list(records)) == ("told", "a#1", ["lonely"])


def test_a_running_task_gives_signs_of_life(both):
    link = both.link(beat=0.02)
    link.start("a#1")
    assert [kind for kind, *_ in both.hear(3)] == ["start", "beat", "beat"]


def test_what_is_told_without_a_task_is_dropped(both):
    link = both.link()
    link.tell("early")
    link.start("a#1")
    link.end()
    link.tell("late")
    assert all(not records for *_, records in both.hear(2))


def test_a_record_that_cannot_be_pickled_costs_no_other(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    for record in ("one", threading.Lock(), "two"):
        link.tell(record)
    link.end()
    frames = both.hear(1)
    while frames[-1][0] != "end":
        frames += both.hear(1)
    assert [record for *_, records in frames for record in records] == ["one", "two"]


def test_the_end_of_the_run_reaches_the_worker(both):
    both.link()
    both.hub.close(PATIENCE)
    assert both.ended.wait(PATIENCE)


def connection_of(both):
    (found,) = both.hub._connections.values()
    return found


def worker_of(both):
    return connection_of(both).worker


def test_the_task_under_way_is_interrupted_when_the_driver_says_so(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    assert worker_of(both).tell("stop", "a#1")
    assert both.interrupted.wait(PATIENCE)


def test_a_task_is_interrupted_until_it_knows_and_no_longer(both):
    link = both.link(beat=0.02)
    link.start("a#1")
    both.hear(1)
    worker_of(both).tell("stop", "a#1")
    until = time.monotonic() + PATIENCE
    while both.interrupts < 3 and time.monotonic() < until:
        both.hub.poll(0.1)
    both.hear(20)
    assert both.interrupts == 3


def test_a_task_that_is_over_is_not_interrupted_nor_is_the_next(both):
    link = both.link(beat=0.02)
    link.start("a#1")
    link.end()
    link.start("b#1")
    both.hear(3)
    worker_of(both).tell("stop", "a#1")
    worker_of(both).tell("stop", "c#1")
    both.hear(2)  # two heartbeats later the thread has read it
    assert not both.interrupted.is_set()


def test_a_stranger_who_asks_to_stop_ends_the_connection_and_no_task(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    connection_of(both).key = b"x" * 32
    worker_of(both).tell("stop", "a#1")
    assert both.hear(2) == [None, ("again", "a#1", 0, ())]
    assert not both.interrupted.is_set()


def cut(both):
    connection_of(both).socket.shutdown(socket.SHUT_RDWR)


def told(frames):
    return [(first, *records) for kind, _, first, records in filter(None, frames) if kind == "told"]


def test_after_a_cut_the_driver_gets_what_it_has_not_seen(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.tell("two")
    both.hear(3)
    cut(both)
    assert both.hear(2) == [None, ("again", "a#1", 2, ())]
    link.tell("three")
    worker_of(both).tell("seen", "a#1", 1)
    assert told(both.hear(2)) == [(1, "two"), (2, "three")]
    link.tell("four")
    link.end()
    assert told(both.hear(2)) == [(3, "four")]


def test_nothing_of_a_task_that_is_over_is_told_after_a_cut(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.end()
    both.hear(3)
    cut(both)
    assert both.hear(1) == [None]
    until = time.monotonic() + PATIENCE
    while not (link.is_up and both.hub._connections) and time.monotonic() < until:
        assert both.hub.poll(0.02) == []
    link.start("b#1")
    link.tell("one")
    assert [kind for kind, *_ in both.hear(2)] == ["start", "told"]


def test_a_link_that_is_cut_from_a_hub_that_is_gone_says_that_the_run_has_ended(both):
    both.link()
    while not both.hub._connections:
        both.hub.poll(0.02)
    both.hub._door.close()
    cut(both)
    assert both.hear(1) == [None]
    assert both.ended.wait(PATIENCE)


def test_who_keeps_too_much_gives_up_what_is_oldest(both):
    link = both.link()
    link.start("a#1")
    large = b"x" * (6 << 20)
    for _ in range(4):
        link.tell(large)
    assert [first for first, _ in link._kept] == [2, 3]


def test_a_worker_that_dies_is_noticed(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    link.close()
    assert both.hear(1) == [None]


def test_a_wrong_secret_is_refused(both):
    with pytest.raises(Unreachable):
        both.link(secret=b"w" * 32)
    assert both.hub.refused == 1


def test_a_worker_tells_nothing_to_a_hub_that_does_not_know_the_secret():
    listener = socket.create_server(("127.0.0.1", 0))
    got = []

    def pretend():
        connection, _ = listener.accept()
        connection.sendall(os.urandom(wire.NONCE))
        got.append(connection.recv(wire.ANSWER))
        connection.sendall(os.urandom(32))
        got.append(connection.recv(100))
        connection.close()

    thread = threading.Thread(target=pretend)
    thread.start()
    with pytest.raises(Unreachable, match="not the driver"):
        Link(partial(SocketLine.to, listener.getsockname(), SECRET), "a", 60.0, Wishes())
    thread.join(PATIENCE)
    listener.close()
    assert got[1] == b""


class Trap:
    def __reduce__(self):
        return os.mkdir, ("/nowhere/trap",)


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\n\r\n" * 8, pickle.dumps(Trap()) * 3, b"\0" * 96])
def test_strangers_are_heard_no_further_than_their_answer(both, data):
    stranger = socket.create_connection(both.hub.address)
    stranger.sendall(data)
    with suppress(OSError):  # refused already
        stranger.shutdown(socket.SHUT_WR)
    until = time.monotonic() + PATIENCE
    while not both.hub.refused and time.monotonic() < until:
        assert both.hub.poll(0.1) == []
    assert both.hub.refused == 1
    stranger.close()


def test_a_frame_with_a_wrong_signature_ends_the_connection(both):
    link = both.link()
    link._line.key = b"x" * 32
    link.start("a#1")
    assert both.hear(1)[0] is None
    assert both.hub.refused == 1


def test_a_task_does_not_begin_when_the_link_ended_in_its_sleep(both):
    link = both.link()
    both.hub.close(PATIENCE)
    link._thread.join(PATIENCE)
    link._rests = True
    assert not link.start("a#1")


def test_a_frame_cannot_be_repeated_dropped_or_changed():
    key = b"k" * 32
    frames = [wire.encode(key, number, ("told", "a#1", number, ["x"])) for number in range(3)]
    assert len(wire.Decoder(key).feed(b"".join(frames))) == 3
    for wrong in (frames[0] * 2, frames[1], frames[0] + frames[2], frames[0][:-1] + b"!"):
        with pytest.raises(wire.WireError):
            wire.Decoder(key).feed(wrong)


def test_a_frame_that_is_too_large_is_not_waited_for():
    with pytest.raises(wire.WireError):
        wire.Decoder(b"k" * 32).feed(b"\xff" * wire.HEAD)


@given(st.lists(st.lists(st.integers()), max_size=5), st.lists(st.integers(1, 40), max_size=30))
def test_frames_arrive_whatever_pieces_they_come_in(contents, cuts):
    key = b"k" * 32
    sent = [("told", "a#1", number, records) for number, records in enumerate(contents)]
    data = b"".join(wire.encode(key, number, frame) for number, frame in enumerate(sent))
    decoder, got = wire.Decoder(key), []
    for cut in [*cuts, len(data)]:
        got += decoder.feed(data[:cut])
        data = data[cut:]
    assert got == sent


def test_the_control_record_of_a_task_comes_with_its_end(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.end(b"how it ended")
    assert [(kind, list(more)) for kind, _, _, more in both.hear(3)] == [
        ("start", []),
        ("told", ["one"]),
        ("done", [b"how it ended"]),
    ]


def test_a_control_record_that_is_too_large_is_left_to_ray(both):
    link = both.link()
    link.start("a#1")
    link.end(bytes(wire.LARGEST))
    assert [kind for kind, *_ in both.hear(2)] == ["start", "end"]


def test_tasks_behind_the_one_that_runs_come_back_when_the_driver_wants_them(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    worker_of(both).tell("recall", "z#1")  # of a batch that is over
    worker_of(both).tell("recall", "a#1")
    ((kind, _, _, keys),) = both.hear(1)
    assert (kind, keys) == ("back", ["b#1", "c#1"])


def test_tasks_that_will_not_begin_are_given_back(both):
    link = both.link()
    link.rest(["b#1"])
    assert both.hear(1) == [("back", "", 0, ["b#1"])]


def test_what_follows_closely_on_something_else_comes_soon_without_more(both):
    link = both.link()
    link.start("a#1")
    link.tell("one")
    link.tell("two")  # nothing follows that would take it along
    frames = both.hear(3)
    assert [record for *_, records in frames for record in records] == ["one", "two"]


def test_a_link_that_rests_wakes_up_for_a_task(both):
    link = both.link()
    until = time.monotonic() + PATIENCE
    while not link._rests and time.monotonic() < until:
        both.hub.poll(0.05)
    assert link._rests
    link.start("a#1")
    link.tell("one")
    link.tell("two")
    assert [kind for kind, *_ in both.hear(3)] == ["start", "told", "told"]
    assert not link._rests


def test_an_end_that_is_followed_by_another_task_comes_with_it(both):
    link = both.link()
    for task, goes_on in (("a#1", True), ("b#1", False)):
        link.start(task)
        link.end(b"ended", goes_on=goes_on)
    assert [(kind, task) for kind, task, *_ in both.hear(4)] == [
        ("start", "a#1"),
        ("done", "a#1"),
        ("start", "b#1"),
        ("done", "b#1"),
    ]


def unreachable():
    raise Unreachable("not for now")


def test_a_task_does_not_begin_when_the_driver_cannot_hear_of_it(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    link._dial = unreachable  # else it is through again before this thread goes on, sometimes
    cut(both)
    assert not link.end(b"how it ended") or not link.start("b#1")
    assert link._task == ""


def test_a_task_begins_once_the_driver_can_have_all_that_was_said_before(both):
    link = both.link()
    link.start("a#1")
    for _ in range(3):
        link.tell(b"x" * (6 << 20))  # more than the kernel takes
    link.end(b"how it ended")
    begun = threading.Event()
    thread = threading.Thread(target=lambda: link.start("b#1") and begun.set())
    thread.start()
    assert not begun.wait(0.1)
    kinds = [kind for kind, *_ in both.hear(6)]
    thread.join(PATIENCE)
    assert begun.is_set()
    assert kinds == ["start", "told", "told", "told", "done", "start"]


@pytest.mark.parametrize(
    ("control", "is_heard"), [(b"", False), (b"ended", True), (bytes(wire.LARGEST), False)]
)
def test_who_ends_knows_whether_the_driver_hears_how(both, control, is_heard):
    link = both.link()
    link.start("a#1")
    assert link.end(control) is is_heard


def test_after_a_cut_the_driver_hears_again_how_those_before_ended(both):
    link = both.link()
    for task in ("a#1", "b#1"):
        link.start(task)
        link.end(task.encode(), goes_on=True)
    link.start("c#1")
    both.hear(5)
    cut(both)
    assert [frame and frame[:2] for frame in both.hear(4)] == [
        None,
        ("done", "a#1"),
        ("done", "b#1"),
        ("again", "c#1"),
    ]


def test_a_connection_that_a_fault_ended_may_have_taken_words_with_it(both):
    link = both.link()
    link.start("a#1")
    both.hear(1)
    worker = worker_of(both)
    worker.process = None
    connection_of(both).decoder.feed = wire.Decoder(b"x" * 32).feed  # what comes is not what was said
    link.end()
    assert both.hear(1) == [None]
    assert (worker.is_open, worker.is_over) == (False, False)
