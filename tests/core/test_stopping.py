"""A thread that was stopped is put right: nothing waits to be raised in it, and it holds no import."""

from __future__ import annotations

import _imp
import importlib
import sys
import threading

from penstock.stopping import put_right, raise_in


class Stopped(Exception):
    pass


def in_a_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_a_thread_is_stopped_once_and_then_put_right():
    seen = []
    begun = threading.Event()

    def work():
        try:
            begun.set()
            while True:
                pass
        except Stopped:
            put_right()
            seen.append(sum(range(1000)))

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(60)
    raise_in(thread.ident, Stopped)
    thread.join(60)
    assert seen == [499500]


def test_a_thread_that_is_put_right_lets_others_import(monkeypatch):
    def stopped():
        _imp.acquire_lock()
        put_right()
        assert not _imp.lock_held()

    in_a_thread(stopped)
    monkeypatch.delitem(sys.modules, "json.tool", raising=False)
    in_a_thread(lambda: importlib.import_module("json.tool"))


def test_a_module_whose_import_was_stopped_can_be_imported_by_others(monkeypatch):
    def stopped():
        importlib._bootstrap._get_module_lock("json.tool").acquire()
        put_right()

    in_a_thread(stopped)
    monkeypatch.delitem(sys.modules, "json.tool", raising=False)
    in_a_thread(lambda: importlib.import_module("json.tool"))
