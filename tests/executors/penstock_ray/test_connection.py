"""What connecting to Ray leaves as it was."""

from __future__ import annotations

import signal

import pytest

from penstock.errors import UnmetExecutorRequirementsError
from penstock_ray.config import RayConfig
from penstock_ray.connection import _own_sigterm, connect


def test_who_answers_sigterm_stays_who_it_was():
    before = signal.getsignal(signal.SIGTERM)

    def own(*_):
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, own)
        with _own_sigterm():
            signal.signal(signal.SIGTERM, lambda *_: None)  # as ray.init does
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_ray_does_not_take_for_a_ray_of_its_own_is_told():
    with pytest.raises(UnmetExecutorRequirementsError, match="nonsense"):
        connect(RayConfig(local={"nonsense": 1}), {})
