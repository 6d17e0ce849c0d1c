"""The class that the author of an executor subclasses.

Owns: ``ExecutorKit``: which tests a subclass gets, what is a known gap, and the fixture ``stage``. The tests
themselves are in ``promises``. This is the only module of the kit that imports pytest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from penstock.errors import InvalidDefinitionError, suggest
from penstock.spi.executor import Executor, ExecutorFeatures
from penstock.testing.conformance.executor.promises import ALL
from penstock.testing.conformance.executor.selection import concerns
from penstock.testing.conformance.executor.stage import Stage, Terms


class ExecutorKit:
    """Every promise of an executor as a test.

        class TestMyExecutor(ExecutorKit):
            features = ExecutorFeatures(survives_worker_loss=True, max_concurrent=2)
            gaps = {"test_a_task_that_forks_is_left_alone": "forking breaks my library"}

            def make(self):
                return MyExecutor({"max_concurrent": 2})

    The features choose the tests. A gap is expected to fail: when it passes, the suite fails, so that the
    list of gaps only shrinks. Tests run against real workers on this machine, which must see its disk.

    Attributes:
        features: what ``make().features`` must say, too.
        gaps: name of a test → why it cannot pass yet.
        places: how many tasks run at once beside the driver; 0 when they run inside ``collect``. By default
            ``max_concurrent``, or 1 where that is None.
        patience: seconds after which a test gives up waiting.
        many: how many tasks the longest test runs.
        tolerates: parts of the command lines, thread names and paths that may stay after ``close``.
    """

    __test__ = False
    features: ClassVar[ExecutorFeatures]
    gaps: ClassVar[Mapping[str, str]] = {}
    places: ClassVar[int | None] = None
    patience: ClassVar[float] = 60.0
    many: ClassVar[int] = 2_000
    tolerates: ClassVar[tuple[str, ...]] = ("multiprocessing.resource_tracker",)

    def make(self) -> Executor:
        """A fresh executor, not begun; the same features each time.

        Raises:
            NotImplementedError: when the subclass does not say.
        """
        raise NotImplementedError("make() returns the executor to test")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = True
        tests = chosen(cls)
        unknown = set(cls.gaps) - set(tests)
        if unknown:
            raise InvalidDefinitionError(_say_unknown(cls, sorted(unknown), tests))
        for name, promise in tests.items():
            if name not in vars(cls):
                setattr(cls, name, _as_test(promise, cls.gaps.get(name)))

    @pytest.fixture
    def stage(self, tmp_path: Path, request: pytest.FixtureRequest) -> Generator[Stage]:
        """What each test plays on; closed and cleared when it failed half-way."""
        stage = Stage(terms_of(self), tmp_path)
        yield stage
        stage.abandon()
        for finding in stage.findings:  # the fixture record_property would warn of one format of report
            request.node.user_properties.append(("finding", finding))


def chosen(kit: type[ExecutorKit]) -> dict[str, Callable[..., None]]:
    """The tests that concern the executor of a subclass, by name.

    Raises:
        InvalidDefinitionError: when the subclass declares no features.
    """
    features = getattr(kit, "features", None)
    if not isinstance(features, ExecutorFeatures):
        raise InvalidDefinitionError(
            f"{kit.__name__} wants features = ExecutorFeatures(...), found {features!r}:"
            " say what the executor can do, the kit then tests it."
        )
    return {name: test for name, test in promises().items() if concerns(test, features, _places(kit))}


def promises() -> dict[str, Callable[..., None]]:
    """All tests of the kit by name, to be called with None and a ``Stage``."""
    return {name: test for group in ALL for name, test in vars(group).items() if name.startswith("test_")}


def keep(promise: Callable[..., None], stage: Stage) -> None:
    """Test one promise on a stage, and those that hold always; for programs without pytest.

    Raises:
        AssertionError: when a promise is broken, with a sentence that says which.
    """
    try:
        promise(None, stage)
        stage.finish()
    finally:
        stage.abandon()


def terms_of(kit: ExecutorKit) -> Terms:
    """What an author said, as a value."""
    return Terms(
        make=kit.make,
        features=kit.features,
        places=_places(type(kit)),
        patience=kit.patience,
        many=kit.many,
        tolerates=kit.tolerates,
    )


def _places(kit: type[ExecutorKit]) -> int:
    return kit.places if kit.places is not None else kit.features.max_concurrent or 1


def _as_test(promise: Callable[..., None], gap: str | None) -> Callable[..., None]:
    @functools.wraps(promise)
    def test(self: ExecutorKit, stage: Stage) -> None:  # noqa: ARG001 - becomes a method
        keep(promise, stage)

    return pytest.mark.xfail(strict=True, reason=gap)(test) if gap is not None else test


def _say_unknown(cls: type, names: list[str], tests: Mapping[str, Any]) -> str:
    known = "; ".join(f"{name!r}: {suggest(name, tests) or 'no such test'}" for name in names)
    return f"{cls.__name__}.gaps names tests that the features do not choose: {known}"
