"""Files without a name."""

from __future__ import annotations

import os

from penstock_local.anonymous import holding, room


def test_what_is_held_can_be_read_again_and_again():
    made = holding(b"x" * 3_000_000)
    assert os.pread(made, 4_000_000, 0) == os.pread(made, 4_000_000, 0) == b"x" * 3_000_000
    os.close(made)


def test_fresh_room_is_all_zero_and_closed_for_programs():
    made = room(100)
    assert os.pread(made, 200, 0) == bytes(100)
    assert not os.get_inheritable(made)
    os.close(made)
