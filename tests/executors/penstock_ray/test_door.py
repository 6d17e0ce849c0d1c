"""The door of the hub, at the moment in which it is closed."""

from __future__ import annotations

import socket

from penstock_ray.door import Door


class KnockedAt(Door):
    """One at which somebody knocks in the very moment in which it closes, so that its thread ends first."""

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "_is_open" and not value:
            with socket.create_connection(self.address):
                self._thread.join(30)
            assert not self._thread.is_alive()


def test_a_door_closes_although_its_thread_has_ended_before_it_was_told():
    door = KnockedAt("127.0.0.1", b"secret", lambda *_: None)
    door.close()
    door.close()
