"""What a step forks does not hold the connections of its worker.

Owns: letting go of them in the child. Ray learns that a worker died by the end of its connections, and so
does the hub; a child that outlives its parent would keep them open, and the task would never be known as
lost. Nor may a child speak over them. Imported in workers; must not know Ray.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field

_DESCRIPTORS = Path("/proc/self/fd")
_INTERNET = (socket.AF_INET, socket.AF_INET6)


@define
class _Known:
    """Connections of this process that are not the step's.

    Args:
        ports: on which it is called.
        folders: of the sockets of Ray on this machine.
        hubs: addresses that it called.
    """

    ports: set[int] = field(factory=set[int])
    folders: set[str] = field(factory=set[str])
    hubs: set[tuple[str, int]] = field(factory=set[tuple[str, int]])


_known = _Known()


def keep_from_children(hub: tuple[str, int]) -> None:
    """From now on, what this process forks has none of its connections but those of the step.

    Args:
        hub: its address.
    """
    if not _known.hubs:  # before any code of the user
        for _, one in _sockets():
            _learn(one)
        os.register_at_fork(after_in_child=_let_go)
    _known.hubs.add(hub)


def _learn(one: socket.socket) -> None:
    if one.family == socket.AF_UNIX:
        _known.folders |= {_folder(one)} - {""}
    elif one.family in _INTERNET and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        _known.ports.add(one.getsockname()[1])


def _let_go() -> None:
    """In the child: nobody hears it, and no descriptor changes hands while somebody may still write to it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number, one in _sockets():
        if _is_known(one):
            os.dup2(nowhere, number, inheritable=False)
    os.close(nowhere)


def _is_known(one: socket.socket) -> bool:
    if one.family == socket.AF_UNIX:
        return _folder(one) in _known.folders
    if one.family not in _INTERNET:
        return False
    return one.getsockname()[1] in _known.ports or _peer(one) in _known.hubs


def _folder(one: socket.socket) -> str:
    """Of the path that a local socket calls; empty when it has none."""
    name = _peer(one)
    return name.rpartition("/")[0] if isinstance(name, str) else ""


def _peer(one: socket.socket) -> Any:
    """Whom a socket calls: a path, or host and port; None when nobody."""
    try:
        found: Any = one.getpeername()
    except OSError:
        return None
    return found if isinstance(found, str) else tuple(found)[:2]


def _sockets() -> Iterator[tuple[int, socket.socket]]:
    """Every socket of this process, each under another descriptor that ends with the iteration."""
    names = [path.name for path in _DESCRIPTORS.iterdir()] if _DESCRIPTORS.exists() else []
    for name in names:
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as one:
            yield int(name), one
