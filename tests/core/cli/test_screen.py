from __future__ import annotations

import io

from penstock.cli.screen import Screen


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_colours_show_on_a_terminal_alone():
    assert Screen.of(environ={}, out=Terminal()).color
    assert not Screen.of(environ={}, out=io.StringIO()).color


def test_colours_can_be_switched_off_and_on():
    assert not Screen.of(environ={"NO_COLOR": "1"}, out=Terminal()).color
    assert Screen.of(environ={"FORCE_COLOR": "1"}, out=io.StringIO()).color


def test_a_dumb_terminal_gets_plain_lines():
    screen = Screen.of(environ={"TERM": "dumb"}, out=Terminal())
    assert (screen.color, screen.live) == (False, False)


def test_json_has_neither_colours_nor_a_display():
    screen = Screen.of(environ={}, out=Terminal(), as_json=True)
    assert (screen.color, screen.live) == (False, False)


def test_a_pipe_has_no_width_unless_it_is_given(monkeypatch):
    assert Screen.of(environ={}, out=io.StringIO()).width is None
    monkeypatch.setenv("COLUMNS", "72")
    assert Screen.of(environ={"COLUMNS": "72"}, out=io.StringIO()).width == 72
