"""What goes over the hub's connections: a handshake, then frames both ways, each signed.

Owns: the bytes, as pure functions; sockets belong to ``hub`` and ``handshake``. Must not know Ray.

What a task tells are Python objects of the engine, so frames hold pickles, and a pickle from a stranger
would be code from a stranger. Therefore nothing is unpickled before it is proved to come from a worker of
this run. A connection begins with a challenge: the hub sends a fresh nonce, the worker answers with its own
nonce and an HMAC over both under the run's secret, the hub proves itself in the same way (a stranger on a
reused port must not be told anything). From both nonces comes a key of that connection, under which each
frame is signed together with its number: it can be neither forged, changed, repeated, dropped nor moved to
another connection; a key made from it signs what the driver says. The secret is made for one run and
travels with the task's function inside Ray, which runs arbitrary code of whoever reads it anyway; and a
worker's results are unpickled by Ray in the driver without asking. So a signed pickle trusts nobody who was
not trusted before. Nothing is encrypted, as little as Ray's own traffic without TLS is.
"""

from __future__ import annotations

import hmac
import pickle
from collections.abc import Sequence
from struct import Struct
from typing import Any, Literal

NONCE = 32
TAG = 16
ANSWER = NONCE + 32
LARGEST = 64 << 20
"""Bytes of a frame that the hub accepts; what is larger comes with the task's result."""

_HEAD = Struct("!I16s")
_COUNT = Struct("!Q")
HEAD = _HEAD.size

Kind = Literal[
    "hello", "start", "told", "end", "done", "back", "beat", "again", "stop", "recall", "seen", "bye"
]
Frame = tuple[Kind, str, int, Sequence[Any]]
"""Kind, key of the task, number of the first record, records. A worker's hello has its name for people, its
process id and the space of that. ``end`` says that Ray brings how a task ended, ``done`` has its control
record instead of records; ``back`` has the keys of tasks that will not begin there. ``again`` takes a task up
over a new connection. The driver says ``stop`` to a task, ``recall`` to have those back that wait behind it,
``seen`` with the number of records that it has, and ``bye`` at the end of the run, as a worker does before it
ends itself."""


class WireError(Exception):
    """What came is not from a worker of this run."""


def answer(secret: bytes, challenge: bytes, nonce: bytes) -> bytes:
    """What a worker sends back to a challenge."""
    return nonce + hmac.digest(secret, b"worker" + challenge + nonce, "sha256")


def is_answer(secret: bytes, challenge: bytes, given: bytes) -> bool:
    """Whether an answer proves that its sender knows the secret."""
    return hmac.compare_digest(given, answer(secret, challenge, given[:NONCE]))


def proof(secret: bytes, challenge: bytes, nonce: bytes) -> bytes:
    """By what the hub proves itself to the worker."""
    return hmac.digest(secret, b"hub" + challenge + nonce, "sha256")


def session_key(secret: bytes, challenge: bytes, nonce: bytes) -> bytes:
    """The key that signs the frames of one connection."""
    return hmac.digest(secret, b"frames" + challenge + nonce, "sha256")


def return_key(key: bytes) -> bytes:
    """The key that signs what the driver says over a connection.

    Args:
        key: of the connection.
    """
    return hmac.digest(key, b"orders", "sha256")


def encode(key: bytes, number: int, frame: Frame) -> bytes:
    """A frame as bytes.

    Args:
        key: of the connection.
        number: how many frames went before it.
        frame: what to say.
    """
    return sealed(key, number, packed(frame))


def packed(frame: Frame) -> bytes:
    """What a frame says; raises whatever a record raises while it is pickled."""
    return pickle.dumps(frame, protocol=5)


def unpacked(payload: bytes) -> Frame | None:
    """What a frame says, of one that is known to come from the run; None when nobody here can unpickle it."""
    try:
        return pickle.loads(payload)
    except Exception:  # noqa: BLE001 - whatever a class raises while it is made again
        return None


def sealed(key: bytes, number: int, payload: bytes) -> bytes:
    """What a frame says, signed for one place on one connection.

    Args:
        key: of the connection.
        number: how many frames went before it.
        payload: of ``packed``.
    """
    return _HEAD.pack(len(payload), _tag(key, number, payload)) + payload


class Decoder:
    """Takes the frames of one connection out of what arrives, in any pieces."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._buffer = bytearray()
        self._number = 0

    def feed(self, data: bytes) -> list[Frame | None]:
        """The frames that are complete; None for one that nobody here can unpickle.

        Raises:
            WireError: when a frame is not signed as it should be, or too large.
        """
        buffer = self._buffer
        buffer += data
        frames: list[Frame | None] = []
        at, end = 0, len(buffer)
        while end - at >= HEAD:
            length, tag = _HEAD.unpack_from(buffer, at)
            if length > LARGEST:
                raise WireError(f"a frame of {length} bytes")
            if end - at < HEAD + length:
                break
            frames.append(self._open(tag, bytes(buffer[at + HEAD : at + HEAD + length])))
            at += HEAD + length
        del buffer[:at]
        return frames

    def _open(self, tag: bytes, payload: bytes) -> Frame | None:
        if not hmac.compare_digest(tag, _tag(self._key, self._number, payload)):
            raise WireError("a frame with a wrong signature")
        self._number += 1
        return unpacked(payload)  # signed by a worker of this run


def _tag(key: bytes, number: int, payload: bytes) -> bytes:
    return hmac.digest(key, _COUNT.pack(number) + payload, "sha256")[:TAG]
