"""How the ends of processes read."""

from __future__ import annotations

import signal

import pytest

from penstock_local.reasons import end_of, is_kill, lost, signal_name, size


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "ended with exit code 0"),
        (3 << 8, "ended with exit code 3"),
        (signal.SIGSEGV, "was killed by SIGSEGV (signal 11)"),
        (signal.SIGSEGV | 0x80, "was killed by SIGSEGV (signal 11)"),
        (64, "was killed by SIGRTMAX (signal 64)"),
    ],
)
def test_a_status_reads_as_code_or_signal(status, text):
    assert end_of(status) == text


def test_a_signal_without_a_name_has_its_number():
    assert signal_name(40) == "a signal (signal 40)"


def test_only_a_kill_may_have_come_from_want_of_memory():
    assert is_kill(signal.SIGKILL)
    assert not is_kill(signal.SIGTERM)
    assert not is_kill(signal.SIGKILL << 8)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 bytes"), (999, "999 bytes"), (2_100_000_000, "2.1 GB"), (5e12, "5e+03 GB")]
)
def test_sizes_are_for_people(number, text):
    assert size(number) == text


def test_a_loss_says_who_how_when_and_beside_whom():
    assert lost("worker process 7", "died", "clean[a]#1", started=True) == (
        "worker process 7 died while it ran clean[a]#1"
    )
    assert (
        lost("worker process 7", "died", "a#1", started=False) == "worker process 7 died before it began a#1"
    )
    assert lost("w", "died", "a#1", started=True, others=1) == "w died while it ran a#1 beside another"
    assert lost("w", "died", "a#1", started=True, others=2) == "w died while it ran a#1 beside 2 others"
