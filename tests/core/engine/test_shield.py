"""Interrupts that wait."""

from __future__ import annotations

import signal
import threading

import pytest

from penstock.engine.shield import Shield


@pytest.fixture(autouse=True)
def default_handler():
    """What a process starts with; workers of a test run may ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def shield():
    made = Shield()
    made.install()
    yield made
    made.remove()


def test_an_interrupt_waits_until_the_shield_is_down(shield):
    reached = []
    with pytest.raises(KeyboardInterrupt), shield:
        signal.raise_signal(signal.SIGINT)
        reached.append("the end")
    assert reached == ["the end"]


def test_an_interrupt_without_the_shield_comes_at_once(shield):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_inner_shield_does_not_let_through_what_the_outer_holds(shield):
    reached = []
    with pytest.raises(KeyboardInterrupt), shield:
        with shield:
            signal.raise_signal(signal.SIGINT)
        reached.append("still up")
    assert reached == ["still up"]


def test_the_third_interrupt_gets_through(shield):
    reached = []
    with pytest.raises(KeyboardInterrupt), shield:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        reached.append("two waited")
        signal.raise_signal(signal.SIGINT)
        reached.append("not reached")
    assert reached == ["two waited"]


def test_the_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    shield = Shield()
    shield.install()
    assert signal.getsignal(signal.SIGINT) != before
    shield.remove()
    assert signal.getsignal(signal.SIGINT) == before


def test_in_another_thread_nothing_is_touched():
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=Shield().install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) == before


def test_a_shield_that_another_thread_enters_holds_nothing_up(shield):
    with shield:
        pass
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with shield:
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait(60)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    leave.set()
    thread.join()


def test_handlers_are_put_back_although_shields_are_removed_in_the_wrong_order():
    before = signal.getsignal(signal.SIGINT)
    first, second, third = Shield(), Shield(), Shield()
    for one in (first, second, third):
        one.install()
    for one in (first, second, third):
        assert signal.getsignal(signal.SIGINT) == third._handle
        one.remove()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_shield_that_is_back_stays_when_the_one_before_it_goes():
    first, second = Shield(), Shield()
    first.install()
    second.install()
    first.remove()
    first.install()
    second.remove()
    assert signal.getsignal(signal.SIGINT) == first._handle
    first.remove()


def test_signals_arrive_although_shields_are_removed_in_the_wrong_order():
    first, second = Shield(), Shield()
    first.install()
    second.install()
    first.remove()
    second.remove()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
