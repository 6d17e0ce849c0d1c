"""Code references: where the code of an asset stands, as metadata of its spec.

Owns: ``with_source_code_references`` and turning local places into links to a repository on the web.
Reads no file: a function knows where it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from penstock.define.asset_changes import map_asset_specs
from penstock.define.assets import AssetsDefinition
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.metadata import (
    CodeReferencesMetadataSet,
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    UrlCodeReference,
)
from penstock.values import frozen

_PLACES = {"github": "{url}/tree/{branch}/{path}#L{line}", "gitlab": "{url}/-/tree/{branch}/{path}#L{line}"}


class FilePathMapping(Protocol):
    """Says which path a local file has inside its repository."""

    def convert_to_git_path(self, local_path: Path) -> str:
        """The path in the repository, with forward slashes.

        Args:
            local_path: of the file on this machine.
        """
        ...


@frozen
class AnchorBasedFilePathMapping:
    """A mapping by one file or folder whose two places are known.

    Args:
        local_file_anchor: a path on this machine.
        file_anchor_path_in_repository: the path of the same thing in the repository.
    """

    local_file_anchor: Path
    file_anchor_path_in_repository: str

    def convert_to_git_path(self, local_path: Path) -> str:
        """The path in the repository; ``..`` steps out of the anchor are worked out."""
        anchor = Path(self.local_file_anchor)
        steps: list[str] = [p for p in self.file_anchor_path_in_repository.split("/") if p]
        while not local_path.is_relative_to(anchor) and steps:
            anchor = anchor.parent
            steps.pop()
        if not local_path.is_relative_to(anchor):
            raise InvalidDefinitionError(
                f"{local_path} is not near the anchor {self.local_file_anchor}, so its path in the repository"
                " is not known. Choose an anchor that contains it."
            )
        return "/".join([*steps, *local_path.relative_to(anchor).parts])


def with_source_code_references(assets_defs: Sequence[Any]) -> list[Any]:
    """The same assets, each with the place of its function as metadata.

    Args:
        assets_defs: definitions; specs and source assets come back as they are.
    """
    return [_with_place(one) if isinstance(one, AssetsDefinition) else one for one in assets_defs]


def _with_place(definition: AssetsDefinition) -> AssetsDefinition:
    path, _, line = definition.where.rpartition(":")
    if not path or not line.isdigit():
        return definition
    here = LocalFileCodeReference(path, int(line))

    def add(spec: AssetSpec) -> AssetSpec:
        known = CodeReferencesMetadataSet.extract(spec.metadata).code_references
        references = CodeReferencesMetadataValue([*(known.code_references if known else ()), here])
        return spec.merge_attributes(metadata={**CodeReferencesMetadataSet(code_references=references)})

    return definition.map_asset_specs(add)


def link_code_references_to_git(
    assets_defs: Sequence[Any],
    git_url: str,
    git_branch: str,
    file_path_mapping: FilePathMapping,
    platform: str | None = None,
) -> list[Any]:
    """The same assets with local places turned into links to a repository.

    Args:
        assets_defs: what ``with_source_code_references`` gave.
        git_url: of the repository, such as ``https://github.com/org/repo``.
        git_branch: or tag, or commit.
        file_path_mapping: where local files stand in the repository.
        platform: ``"github"`` or ``"gitlab"``; by default what the URL says.

    Raises:
        InvalidDefinitionError: when the platform is neither said nor seen in the URL.
    """
    form = _PLACES.get(platform or next((name for name in _PLACES if name in git_url), ""))
    if form is None:
        raise InvalidDefinitionError(
            f"Links into {git_url!r} are of no known form. Give platform='github' or platform='gitlab'."
        )

    def linked(reference: Any) -> Any:
        if not isinstance(reference, LocalFileCodeReference):
            return reference
        path = file_path_mapping.convert_to_git_path(Path(reference.file_path)).replace(" ", "%20")
        line = reference.line_number or 1
        url = form.format(url=git_url.rstrip("/"), branch=git_branch, path=path, line=line)
        return UrlCodeReference(url, reference.label)

    return map_asset_specs(_replacing(linked), assets_defs)


def _replacing(linked: Callable[[Any], Any]) -> Callable[[AssetSpec], AssetSpec]:
    def replace(spec: AssetSpec) -> AssetSpec:
        known = CodeReferencesMetadataSet.extract(spec.metadata).code_references
        if known is None:
            return spec
        references = CodeReferencesMetadataValue([linked(one) for one in known.code_references])
        return spec.merge_attributes(metadata={**CodeReferencesMetadataSet(code_references=references)})

    return replace


def file_relative_path(dunderfile: str, relative_path: str) -> str:
    """A path beside a source file.

    Args:
        dunderfile: the ``__file__`` of the source.
        relative_path: seen from its folder.
    """
    return str(Path(dunderfile).parent / relative_path)
