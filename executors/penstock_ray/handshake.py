"""The handshake: how a worker reaches the hub in the driver, and is sure that it is the one of its run.

Owns: dialling and proving. Must not know Ray, nor what is said afterwards.
"""

from __future__ import annotations

import os
import socket

from penstock_ray import wire

PATIENCE = 5.0


class Unreachable(Exception):
    """The hub did not answer, or is not the hub of this run."""


class Refused(Unreachable):
    """Nobody listens there, or not any more."""


def dial(address: tuple[str, int], secret: bytes, timeout: float = PATIENCE) -> tuple[socket.socket, bytes]:
    """A connection to the hub, blocking, and its key.

    Raises:
        Refused: when nobody listens there.
        Unreachable: when nobody answers there, or somebody else does.
    """
    try:
        connection = socket.create_connection(address, timeout)
    except OSError as error:
        kind = Refused if isinstance(error, ConnectionRefusedError) else Unreachable
        raise kind(f"{address[0]}:{address[1]}: {error}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return connection, _greeted(connection, secret)
    except BaseException:
        connection.close()
        raise


def _greeted(connection: socket.socket, secret: bytes) -> bytes:
    """Prove oneself and be sure of the other; the key of the connection."""
    try:
        challenge = _receive(connection, wire.NONCE)
        nonce = os.urandom(wire.NONCE)
        connection.sendall(wire.answer(secret, challenge, nonce))
        expected = wire.proof(secret, challenge, nonce)
        if _receive(connection, len(expected)) != expected:
            raise Unreachable("who answers there is not the driver of this run")
    except OSError as error:
        raise Unreachable(f"the driver's hub did not answer: {error}") from error
    return wire.session_key(secret, challenge, nonce)


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise Unreachable("the driver's hub hung up")
        data += piece
    return data
