"""``AutomationCondition``: when assets and checks are to be made by themselves, as a value.

Owns: the operands and operators that users combine. A condition is a tree and nothing else: what it means
for some state of the world is worked out in the automation room.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from copy import copy
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any

from attrs import evolve, field
from attrs.exceptions import FrozenInstanceError

from penstock.define import condition_recipes as recipes
from penstock.define import condition_tree as trees
from penstock.define.selection import AssetSelection
from penstock.define.specs import key_of
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey
from penstock.partitions.cron import read_cron
from penstock.partitions.zones import zone_named
from penstock.values import frozen

_OF_SUBCLASSES: Mapping[str, Any] = {
    "kind": "custom", "operands": (), "arguments": (), "label": None, "allowed": None, "ignored": None,
}  # fmt: skip
Tags = tuple[frozenset[str] | None, tuple[tuple[str, str], ...] | None]


@frozen(slots=False, repr=False)
class AutomationCondition:
    """When an asset or a check is to be made by itself.

    Conditions are made by the functions of this class and combined with ``&``, ``|`` and ``~``. Each says for
    which partitions it holds; what has no partitions has one. A condition of your own is a subclass with
    ``evaluate``.

    Args:
        kind: which operator or operand it is.
        operands: the conditions that it combines.
        arguments: what else it was given.
        label: what people call it.
        allowed, ignored: the assets that a look at parents or checks is narrowed to, or leaves out.
    """

    kind: str = "custom"
    operands: tuple[AutomationCondition, ...] = ()
    arguments: tuple[Any, ...] = ()
    label: str | None = field(default=None, kw_only=True)
    allowed: AssetSelection | None = field(default=None, kw_only=True)
    ignored: AssetSelection | None = field(default=None, kw_only=True)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, default in _OF_SUBCLASSES.items():  # so that they need not call __init__
            setattr(cls, name, default)

    def evaluate(self, context: Any) -> Any:
        """Say for which partitions it holds: for conditions of your own to define, nobody else calls it.

        Args:
            context: an ``AutomationContext``, which knows the candidates.

        Returns:
            An ``AutomationResult``.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no evaluate(self, context). Define it.")

    # ---- what it is -----------------------------------------------------------------------------

    @property
    def _said(self) -> tuple[Any, ...]:
        """All that makes it what it is; of a subclass also what it keeps on its objects."""
        own = {**_OF_SUBCLASSES, **vars(self)}
        own.pop("fingerprint", None)
        return tuple(sorted(own.items()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AutomationCondition):
            return NotImplemented
        return self is other or (type(self) is type(other) and self._said == other._said)

    def __hash__(self) -> int:
        return hash((type(self), self.fingerprint))

    @property
    def name(self) -> str:
        """What it is called, with what it was given."""
        return trees.name_of(self)

    @property
    def description(self) -> str:
        """One phrase about when it holds; empty where its name says it."""
        return trees.description_of(self)

    @property
    def children(self) -> tuple[AutomationCondition, ...]:
        """The conditions that it combines."""
        return self.operands

    @cached_property
    def fingerprint(self) -> str:
        """A short text that changes when its meaning does."""
        return trees.fingerprint_of(self)

    def get_label(self) -> str | None:
        """What people call it."""
        return self.label

    def with_label(self, label: str | None) -> AutomationCondition:
        """The same condition under another label."""
        if type(self) is AutomationCondition:
            return evolve(self, label=label)
        found = copy(self)
        object.__setattr__(found, "label", label)
        return found

    def __repr__(self) -> str:
        if self.label is not None:
            return f"AutomationCondition({self.label})"
        below = ", ".join(repr(one) for one in self.operands)
        return f"AutomationCondition({self.name}{f': {below}' if below else ''})"

    # ---- combining and changing -----------------------------------------------------------------

    def __and__(self, other: AutomationCondition) -> AutomationCondition:
        return AutomationCondition("and", trees.joined("and", (self, _condition(other))))

    def __or__(self, other: AutomationCondition) -> AutomationCondition:
        return AutomationCondition("or", trees.joined("or", (self, _condition(other))))

    def __invert__(self) -> AutomationCondition:
        return AutomationCondition("not", (self,))

    def since(self, reset_condition: AutomationCondition) -> AutomationCondition:
        """Holds from when this one holds until the other does."""
        return AutomationCondition("since", (self, _condition(reset_condition)))

    def newly_true(self) -> AutomationCondition:
        """Holds when this one holds now and did not at the evaluation before."""
        return AutomationCondition("newly_true", (self,))

    def since_last_handled(self) -> AutomationCondition:
        """Holds from when this one holds until the asset is requested, made, or seen for the first time."""
        return self.since(recipes.handled(AutomationCondition))

    def replace(self, old: AutomationCondition | str, new: AutomationCondition) -> AutomationCondition:
        """The same condition with parts replaced.

        Args:
            old: the part, or its name or label.
            new: what stands in its place.
        """
        return trees.replaced(self, old, _condition(new))

    def without(self, condition: AutomationCondition) -> AutomationCondition:
        """The same conjunction without one of its conditions.

        Raises:
            InvalidInvocationError: when it has no such condition, or fewer than two would be left.
        """
        return trees.without(self, condition)

    def allow(self, selection: AssetSelection) -> AutomationCondition:
        """The same condition, looking at no other parents than these.

        Args:
            selection: of assets; what was allowed before stays allowed.
        """
        return trees.narrowed(self, AssetSelection.from_coercible(selection), "allowed")

    def ignore(self, selection: AssetSelection) -> AutomationCondition:
        """The same condition, not looking at these parents.

        Args:
            selection: of assets; what was ignored before stays ignored.
        """
        return trees.narrowed(self, AssetSelection.from_coercible(selection), "ignored")

    # ---- what holds -----------------------------------------------------------------------------

    @staticmethod
    def missing() -> AutomationCondition:
        """It was never made."""
        return _plain("missing")

    @staticmethod
    def run_in_progress() -> AutomationCondition:
        """A run that is not over is to make it and has not yet."""
        return _plain("run_in_progress")

    @staticmethod
    def backfill_in_progress() -> AutomationCondition:
        """A backfill that is not over is to make it and has not yet."""
        return _plain("backfill_in_progress")

    @staticmethod
    def in_progress() -> AutomationCondition:
        """A run or a backfill that is not over is to make it and has not yet."""
        return recipes.in_progress(AutomationCondition)

    @staticmethod
    def execution_failed() -> AutomationCondition:
        """The last run that was to make it failed to."""
        return _plain("execution_failed")

    @staticmethod
    def check_passed() -> AutomationCondition:
        """The check was evaluated on the latest materialization and passed."""
        return _plain("check_passed")

    @staticmethod
    def check_failed() -> AutomationCondition:
        """The check was evaluated on the latest materialization and did not pass."""
        return _plain("check_failed")

    @staticmethod
    def freshness_passed() -> AutomationCondition:
        """By its freshness policy it is as new as it is to be."""
        return _plain("freshness_passed")

    @staticmethod
    def freshness_warned() -> AutomationCondition:
        """By its freshness policy it is older than it should be."""
        return _plain("freshness_warned")

    @staticmethod
    def freshness_failed() -> AutomationCondition:
        """By its freshness policy it is too old."""
        return _plain("freshness_failed")

    @staticmethod
    def in_latest_time_window(lookback_delta: timedelta | None = None) -> AutomationCondition:
        """It is the newest window of time; what has no windows always is.

        Args:
            lookback_delta: windows that begin within this time before the end of the newest count too.
        """
        return _plain("in_latest_time_window", *((lookback_delta,) if lookback_delta else ()))

    @staticmethod
    def executed_with_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """The run that made it last has these tags.

        Args:
            tag_keys: tags that it has, whatever their value.
            tag_values: tags that it has with these values.
        """
        return _plain("executed_with_tags", *_tags(tag_keys, tag_values))

    @staticmethod
    def executed_with_root_target() -> AutomationCondition:
        """The run that made it last was also to make the asset to which the whole condition belongs."""
        return _plain("executed_with_root_target")

    # ---- what happened since the evaluation before ----------------------------------------------

    @staticmethod
    def initial_evaluation() -> AutomationCondition:
        """The asset is looked at for the first time, or for the first time with these partitions."""
        return _plain("initial_evaluation")

    @staticmethod
    def newly_missing() -> AutomationCondition:
        """It is missing, and was not at the evaluation before."""
        return recipes.newly_missing(AutomationCondition)

    @staticmethod
    def newly_updated() -> AutomationCondition:
        """It was made since the evaluation before; what is observed has got another version."""
        return _plain("newly_updated")

    @staticmethod
    def newly_requested() -> AutomationCondition:
        """It was requested by the evaluation before."""
        return _plain("newly_requested")

    @staticmethod
    def will_be_requested() -> AutomationCondition:
        """It is requested by this evaluation, and one run can make it together with what asks."""
        return _plain("will_be_requested")

    @staticmethod
    def code_version_changed() -> AutomationCondition:
        """Its code version is another one than at the evaluation before."""
        return _plain("code_version_changed")

    @staticmethod
    def data_version_changed() -> AutomationCondition:
        """It was made since the evaluation before, and its data version is another one."""
        return _plain("data_version_changed")

    @staticmethod
    def cron_tick_passed(cron_schedule: str, cron_timezone: str = "UTC") -> AutomationCondition:
        """A tick of a schedule passed since the evaluation before.

        Args:
            cron_schedule: five fields.
            cron_timezone: IANA name.

        Raises:
            InvalidDefinitionError: when the schedule or the time zone is none.
        """
        return _cron(cron_schedule, cron_timezone)

    @staticmethod
    def all_new_updates_have_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """It was made since the evaluation before, each time by a run with these tags.

        Args:
            tag_keys: tags that they have, whatever their value.
            tag_values: tags that they have with these values.
        """
        return _plain("all_new_updates_have_run_tags", *_tags(tag_keys, tag_values))

    @staticmethod
    def any_new_update_has_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """It was made since the evaluation before by a run with these tags.

        Args:
            tag_keys: tags that it has, whatever their value.
            tag_values: tags that it has with these values.
        """
        return _plain("any_new_update_has_run_tags", *_tags(tag_keys, tag_values))

    # ---- what holds of others -------------------------------------------------------------------

    @staticmethod
    def asset_matches(key: Any, condition: AutomationCondition) -> AutomationCondition:
        """A condition holds for another asset.

        Args:
            key: the other asset, in any spelling.
            condition: what is to hold for it.
        """
        other: AssetKey = key_of(key)
        return AutomationCondition("asset_matches", (_condition(condition),), (other,))

    @staticmethod
    def any_deps_match(condition: AutomationCondition) -> AutomationCondition:
        """A condition holds for some partition that is read of some parent."""
        return AutomationCondition("any_deps_match", (_condition(condition),))

    @staticmethod
    def all_deps_match(condition: AutomationCondition) -> AutomationCondition:
        """A condition holds for some partition that is read of each parent."""
        return AutomationCondition("all_deps_match", (_condition(condition),))

    @staticmethod
    def any_deps_updated() -> AutomationCondition:
        """Some parent was made since the evaluation before, without this asset, or is requested now."""
        return recipes.any_deps_updated(AutomationCondition)

    @staticmethod
    def any_deps_missing() -> AutomationCondition:
        """Some parent was never made and is not requested now."""
        return recipes.any_deps_missing(AutomationCondition)

    @staticmethod
    def any_deps_in_progress() -> AutomationCondition:
        """Some parent is being made."""
        return recipes.any_deps_in_progress(AutomationCondition)

    @staticmethod
    def all_deps_blocking_checks_passed() -> AutomationCondition:
        """All blocking checks of all parents passed on what is there now, or are requested now."""
        return recipes.blocking_checks_passed(AutomationCondition)

    @staticmethod
    def all_deps_updated_since_cron(cron_schedule: str, cron_timezone: str = "UTC") -> AutomationCondition:
        """Every parent was made since the last tick of a schedule, or is requested now.

        Args:
            cron_schedule: five fields.
            cron_timezone: IANA name.
        """
        return recipes.updated_since_cron(AutomationCondition, cron_schedule, cron_timezone)

    @staticmethod
    def any_checks_match(condition: AutomationCondition, blocking_only: bool = False) -> AutomationCondition:
        """A condition holds for some check of the asset.

        Args:
            condition: what is to hold for the check.
            blocking_only: whether only blocking checks are looked at.
        """
        return _checks("any_checks_match", condition, blocking_only)

    @staticmethod
    def all_checks_match(condition: AutomationCondition, blocking_only: bool = False) -> AutomationCondition:
        """A condition holds for every check of the asset.

        Args:
            condition: what is to hold for the check.
            blocking_only: whether only blocking checks are looked at.
        """
        return _checks("all_checks_match", condition, blocking_only)

    @staticmethod
    def any_downstream_conditions() -> AutomationCondition:
        """The condition of something downstream holds for this asset."""
        return _plain("any_downstream_conditions")

    # ---- ready to use ---------------------------------------------------------------------------

    @staticmethod
    def eager() -> AutomationCondition:
        """Some parent was updated, or it has become missing; and no parent is missing or being made.

        Of windows of time only the newest is looked at.
        """
        return recipes.eager(AutomationCondition)

    @staticmethod
    def on_cron(cron_schedule: str, cron_timezone: str = "UTC") -> AutomationCondition:
        """A tick of a schedule passed, and every parent was updated since.

        Of windows of time only the newest is looked at.

        Args:
            cron_schedule: five fields.
            cron_timezone: IANA name.

        Raises:
            InvalidDefinitionError: when the schedule or the time zone is none.
        """
        return recipes.on_cron(AutomationCondition, cron_schedule, cron_timezone)

    @staticmethod
    def on_missing() -> AutomationCondition:
        """It has become missing since it was first looked at, and no parent is missing.

        Of windows of time only the newest is looked at.
        """
        return recipes.on_missing(AutomationCondition)


def _set(self: AutomationCondition, name: str, value: Any) -> None:
    """Subclasses of users may keep what they like on their objects, at least until somebody asks them."""
    if type(self) is AutomationCondition:
        raise FrozenInstanceError
    object.__setattr__(self, name, value)


AutomationCondition.__setattr__ = _set  # type: ignore[method-assign,assignment] - after attrs, which sets its own


def _condition(given: AutomationCondition) -> AutomationCondition:
    if not isinstance(given, AutomationCondition):  # pyright: ignore[reportUnnecessaryIsInstance] - users err
        raise InvalidDefinitionError(
            f"An AutomationCondition was wanted, found {given!r} ({type(given).__name__})."
            " Give what AutomationCondition.missing() and its like make."
        )
    return given


def _tags(keys: AbstractSet[str] | None, values: Mapping[str, str] | None) -> Tags:
    return None if keys is None else frozenset(keys), None if values is None else tuple(
        sorted(values.items())
    )


@lru_cache(maxsize=1024)
def _plain(kind: str, *arguments: Any) -> AutomationCondition:
    return AutomationCondition(kind, (), arguments)


@lru_cache(maxsize=1024)
def _cron(schedule: str, timezone: str) -> AutomationCondition:
    read_cron(schedule)
    zone_named(timezone)
    return _plain("cron_tick_passed", schedule, timezone)


def _checks(kind: str, condition: AutomationCondition, blocking_only: bool) -> AutomationCondition:
    return AutomationCondition(kind, (_condition(condition),), (True,) if blocking_only else ())
