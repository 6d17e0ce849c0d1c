"""What is wrong with a plugin, and where a plugin comes from.

Owns: the frozen values ``Origin`` and ``PluginProblem`` and how they read. Pure.
"""

from __future__ import annotations

from penstock.values import frozen


@frozen(kw_only=True)
class Origin:
    """Where a plugin comes from.

    Args:
        name: the name of its entry point.
        distribution: what was installed; ``"penstock"`` for what is built in.
        version: of the distribution, empty when it does not say.
        module: the manifest.
        extras: extras of the distribution that the plugin needs, as its entry point says.
        builtin: whether it belongs to the core.
    """

    name: str
    distribution: str = "penstock"
    version: str = ""
    module: str = ""
    extras: tuple[str, ...] = ()
    builtin: bool = False

    @property
    def title(self) -> str:
        """Distribution and version, for messages."""
        return f"{self.distribution} {self.version}".strip()

    @property
    def pip_hint(self) -> str:
        """What installs its libraries, or the empty text when it declares no extra."""
        if not self.extras:
            return ""
        return f'pip install "{self.distribution}[{",".join(self.extras)}]"'


@frozen(kw_only=True)
class PluginProblem:
    """One thing that is wrong with a plugin.

    Args:
        name: of the plugin.
        distribution, version: what was installed.
        reason: what was found, one or several lines.
        hint: what to do next, may be empty.
        disables: whether nothing of the plugin can be used.
    """

    name: str
    distribution: str
    version: str
    reason: str
    hint: str = ""
    disables: bool = True

    @classmethod
    def of(cls, origin: Origin, reason: str, hint: str = "", *, disables: bool = True) -> PluginProblem:
        """A problem of the plugin that comes from there."""
        return cls(
            name=origin.name,
            distribution=origin.distribution,
            version=origin.version,
            reason=reason,
            hint=hint,
            disables=disables,
        )

    def __str__(self) -> str:
        title = f"{self.distribution} {self.version}".strip()
        end = f" ({self.hint})" if self.hint else ""
        return f"plugin {self.name!r} of {title}: {self.reason}{end}"
