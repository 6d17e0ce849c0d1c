from __future__ import annotations

from penstock.cli.failures import failure_lines, first_line, whole_lines
from penstock.events.values import ErrorInfo

USER = '  File "/home/me/shop.py", line 3, in orders\n    return 1 / 0\n'
OURS = '  File "/site-packages/penstock/engine/run_step.py", line 9, in run\n    fn()\n'
PLUGIN = '  File "/site-packages/penstock_files/manager.py", line 9, in store\n    fn()\n'


def test_the_users_frames_are_shown_and_ours_are_not():
    error = ErrorInfo(cls_name="ZeroDivisionError", message="division by zero", stack=(OURS, USER, PLUGIN))
    assert list(failure_lines("orders", error)) == [
        "  ✗ orders: ZeroDivisionError: division by zero",
        '      File "/home/me/shop.py", line 3, in orders',
        "        return 1 / 0",
    ]


def test_our_wrapping_is_taken_off():
    cause = ErrorInfo(cls_name="ValueError", message="odd", stack=(USER,))
    error = ErrorInfo(cls_name="StepExecutionError", message="Step failed", cause=cause)
    assert first_line(error) == "ValueError: odd"


def test_what_the_user_chained_is_shown_below():
    cause = ErrorInfo(cls_name="KeyError", message="'x'", stack=(USER,))
    error = ErrorInfo(cls_name="ValueError", message="odd", stack=(USER,), cause=cause)
    lines = list(failure_lines("orders", error))
    assert lines[0].endswith("ValueError: odd")
    assert "    because of KeyError: 'x'" in lines


def test_a_failure_without_user_frames_says_what_was_going_on():
    cause = ErrorInfo(cls_name="OSError", message="disk full", stack=(PLUGIN,))
    error = ErrorInfo(cls_name="HandleOutputError", message="Output 'result' cannot be stored", cause=cause)
    assert list(failure_lines("orders", error)) == [
        "  ✗ orders: OSError: disk full",
        "    HandleOutputError: Output 'result' cannot be stored",
    ]


def test_of_many_frames_the_innermost_are_shown():
    error = ErrorInfo(cls_name="RecursionError", message="", stack=(USER,) * 50)
    lines = list(failure_lines("orders", error))
    assert lines[0] == "  ✗ orders: RecursionError"
    assert lines[1] == "    … 42 frames above"
    assert len(lines) == 2 + 2 * 8


def test_of_a_message_of_many_lines_the_first_are_shown():
    message = "\n".join(f"line {number}" for number in range(100))
    lines = list(failure_lines("orders", ErrorInfo(cls_name="ValueError", message=message, stack=(USER,))))
    assert lines[0] == "  ✗ orders: ValueError: line 0"
    assert lines[16:18] == ["    line 16", "    … 83 more lines (penstock run show -v)"]


def test_everything_is_shown_on_request():
    error = ErrorInfo(cls_name="ValueError", message="odd", stack=(OURS, USER))
    assert any("run_step.py" in line for line in whole_lines("orders", error))


def test_frames_of_libraries_below_the_users_are_counted():
    library = '  File "/x/site-packages/pandas/core/frame.py", line 9, in get\n    raise\n'
    behind = ErrorInfo(cls_name="KeyError", message="'x'", stack=(library,))
    error = ErrorInfo(cls_name="KeyError", message="'x'", stack=(USER, library, library), cause=behind)
    assert list(failure_lines("orders", error)) == [
        "  ✗ orders: KeyError: 'x'",
        '      File "/home/me/shop.py", line 3, in orders',
        "        return 1 / 0",
        "      … 2 frames of pandas (penstock run show -v)",
    ]
