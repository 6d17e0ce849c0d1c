"""Retries: when a failed attempt is followed by another, and after how long.

Owns: ``RetryPolicy``, the exceptions by which user code speaks about retries and failure, and what a timeout
may be.
Pure: the jitter's random number is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from math import inf
from typing import Any

from penstock.errors import InvalidDefinitionError
from penstock.metadata import normalize_metadata
from penstock.values import frozen


class Backoff(Enum):
    """How the delay grows with the attempts."""

    LINEAR = "LINEAR"
    EXPONENTIAL = "EXPONENTIAL"


class Jitter(Enum):
    """How chance changes the delay: anything up to it, or some of it more or less."""

    FULL = "FULL"
    PLUS_MINUS = "PLUS_MINUS"


@frozen
class RetryPolicy:
    """How often and after how long a failed step is tried again.

    Args:
        max_retries: further attempts after the first, at least 0.
        delay: seconds before the first retry, None for none.
        backoff: growth of the delay; None keeps it.
        jitter: randomness of the delay; None is none.
    """

    max_retries: int = 1
    delay: float | None = None
    backoff: Backoff | None = None
    jitter: Jitter | None = None

    def __attrs_post_init__(self) -> None:
        if not _is_number(self.max_retries, int) or self.max_retries < 0:
            raise InvalidDefinitionError(
                f"RetryPolicy wants max_retries of 0 or more, found {self.max_retries!r}."
            )
        if self.delay is not None and not (_is_number(self.delay, int | float) and 0 <= self.delay < inf):
            raise InvalidDefinitionError(f"RetryPolicy wants a delay in seconds, found {self.delay!r}.")
        if self.delay is None and (self.backoff or self.jitter):
            raise InvalidDefinitionError(
                "RetryPolicy has backoff or jitter but no delay to apply it to. Give delay= in seconds."
            )

    def calculate_delay(self, attempt: int, chance: float = 0.5) -> float:
        """Seconds to wait after a failed attempt.

        Args:
            attempt: the failed attempt, from 1.
            chance: a random number of 0 to 1, used by the jitter.

        Returns:
            ``delay`` × (1, 2, 3 … linear; 1, 3, 7, 15 … exponential), changed by the jitter.
        """
        base = self.delay or 0.0
        if self.backoff is Backoff.EXPONENTIAL:
            base *= 2**attempt - 1
        elif self.backoff is Backoff.LINEAR:
            base *= attempt
        if self.jitter is Jitter.FULL:
            return base * chance
        if self.jitter is Jitter.PLUS_MINUS:
            return base + (self.delay or 0.0) * (2 * chance - 1)
        return base


def _is_number(given: Any, kind: Any) -> bool:
    return isinstance(given, kind) and not isinstance(given, bool)


def as_retry_policy(given: Any) -> RetryPolicy | None:
    """What was given as a retry policy.

    Raises:
        InvalidDefinitionError: when it is none.
    """
    if given is None or isinstance(given, RetryPolicy):
        return given
    raise InvalidDefinitionError(f"retry_policy= takes RetryPolicy(max_retries=...), found {given!r}.")


def as_timeout(given: Any) -> float | None:
    """The seconds of ``timeout=``, None for no limit.

    Raises:
        InvalidDefinitionError: when it is no number of seconds above 0.
    """
    if given is None:
        return None
    if not _is_number(given, int | float) or not 0 < given < inf:
        raise InvalidDefinitionError(f"timeout= takes seconds, a number above 0, found {given!r}.")
    return given


class Failure(Exception):
    """Raise this to fail a step with a description and metadata.

    Args:
        description: what went wrong, for people.
        metadata: facts about it.
        allow_retries: False ends the step whatever its retry policy.
    """

    def __init__(
        self,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_retries: bool | None = None,
    ) -> None:
        super().__init__(description)
        self.description = description
        self.metadata = normalize_metadata(metadata or {})
        self.allow_retries = True if allow_retries is None else allow_retries


class RetryRequested(Exception):
    """Raise this to have the step tried again, whatever its retry policy.

    Args:
        max_retries: further attempts in all.
        seconds_to_wait: pause before the next one.
    """

    def __init__(self, max_retries: int = 1, seconds_to_wait: float | None = None) -> None:
        super().__init__(max_retries, seconds_to_wait)
        self.max_retries = max_retries
        self.seconds_to_wait = seconds_to_wait

    def __str__(self) -> str:
        pause = "" if self.seconds_to_wait is None else f", the next one after {self.seconds_to_wait} s"
        return f"at most {self.max_retries} in all{pause}"
