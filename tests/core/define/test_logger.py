from __future__ import annotations

import json
import logging

import pytest

from penstock.config import bind
from penstock.define.logger import (
    InitLoggerContext,
    build_init_logger_context,
    colored_console_logger,
    json_console_logger,
    logger,
)
from penstock.errors import InvalidConfigError, InvalidInvocationError


def test_a_function_makes_a_logger():
    @logger({"name": str}, "d")
    def named(init_context):
        return logging.getLogger(init_context.logger_config["name"])

    @logger
    def bare():
        """Bare."""
        return logging.getLogger("bare")

    assert named(build_init_logger_context({"name": "n"})).name == "n"
    assert (named.description, bare.description) == ("d", "Bare.")
    assert bare.make(InitLoggerContext()).name == "bare"


def test_config_is_checked_and_settled():
    @logger({"name": str})
    def named(init_context):
        return logging.getLogger(init_context.logger_config["name"])

    assert bind(named.configured({"name": "n"}).config, env={}) == {"name": "n"}
    with pytest.raises(InvalidConfigError, match="name"):
        named(build_init_logger_context({}))
    with pytest.raises(InvalidInvocationError, match="build_init_logger_context"):
        named()


def test_lines_on_the_console_are_coloured_by_level(capsys):
    made = colored_console_logger(build_init_logger_context({"log_level": "warning"}))
    made.info("hidden")
    made.error("shown")
    assert "hidden" not in (text := capsys.readouterr().err)
    assert "\033[31m" in text
    assert "shown" in text


def test_lines_on_the_console_may_be_json(capsys):
    made = json_console_logger(build_init_logger_context())
    try:
        raise ValueError("inner")
    except ValueError:
        made.exception("outer %s", 1, extra={"penstock_step": "s"})
    entry = json.loads(capsys.readouterr().err)
    assert (entry["message"], entry["level"], entry["step"]) == ("outer 1", "ERROR", "s")
    assert "inner" in entry["exception"]
