"""Nudges: what is put in place for signals, and taken away again."""

from __future__ import annotations

import os
import signal
import threading
import warnings

import pytest

from penstock.cli.nudges import nudged


def hearer():
    found = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(found)
    return found


@pytest.fixture
def woken():
    """SIGUSR1 is counted."""
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: seen.append(number))
    yield seen
    signal.signal(signal.SIGUSR1, before)


def receive_elsewhere(number):
    """Another thread receives a signal."""
    thread = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), number))
    thread.start()
    return thread


def test_a_thread_that_waits_is_woken_whoever_received_the_signal():
    told, teller = os.pipe()
    before = signal.signal(signal.SIGUSR1, lambda *_: os.write(teller, b"!"))
    try:
        with nudged():
            for _ in range(10):
                thread = receive_elsewhere(signal.SIGUSR1)
                assert os.read(told, 1) == b"!"  # for ever, were the thread not woken
                thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(told)
        os.close(teller)


def test_everything_is_as_before_afterwards():
    with nudged():
        assert hearer() != -1
    assert hearer() == -1
    assert signal.getsignal(signal.SIGURG) is signal.SIG_DFL
    assert "penstock-nudges" not in [thread.name for thread in threading.enumerate()]


def test_who_hears_of_signals_already_goes_on_hearing(woken):
    told, teller = os.pipe()
    os.set_blocking(teller, False)
    signal.set_wakeup_fd(teller)
    try:
        with nudged():
            signal.raise_signal(signal.SIGUSR1)
            assert hearer() == teller
        assert hearer() == teller
    finally:
        signal.set_wakeup_fd(-1)
        os.close(teller)
    assert os.read(told, 8) == bytes([signal.SIGUSR1])
    os.close(told)


def test_who_comes_to_hear_of_signals_meanwhile_goes_on_hearing():
    told, teller = os.pipe()
    os.set_blocking(teller, False)
    try:
        with nudged():
            signal.set_wakeup_fd(teller)
        assert hearer() == teller
    finally:
        signal.set_wakeup_fd(-1)
        os.close(told)
        os.close(teller)


def test_a_program_that_uses_the_signal_itself_is_let_alone():
    before = signal.signal(signal.SIGURG, signal.SIG_IGN)
    try:
        with nudged():
            assert hearer() == -1
            assert signal.getsignal(signal.SIGURG) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGURG, before)


def test_other_threads_than_the_main_one_are_let_alone():
    found = []

    def enter():
        with nudged():
            found.append(len(threading.enumerate()))

    thread = threading.Thread(target=enter)
    alone = len(threading.enumerate())
    thread.start()
    thread.join()
    assert found == [alone + 1]


def test_a_forked_child_tells_nobody():
    with nudged(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of a fork beside threads, which user code may do
        child = os.fork()
        if not child:
            os._exit(0 if signal.set_wakeup_fd(-1) == -1 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert hearer() != -1
