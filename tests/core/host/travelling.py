"""Definitions that travel by name, for the tests of pickling; importable."""

from __future__ import annotations

import threading

from penstock import asset, graph_asset, op, resource

LOCK = threading.Lock()


@asset
def made():
    return 1


@op
def worked(x: int = 1):
    with LOCK:
        return x


@graph_asset
def in_graph():
    return worked()


@resource
def held(_context):
    return LOCK


def plain():
    return LOCK


class OwnError(Exception):
    """One that cannot be made of its message."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


class Outer:
    @asset
    def nested():
        return 2
