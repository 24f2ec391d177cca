"""From kubeconfig files to the clusters of the fleet.

One bad file or context never takes the others down: it becomes a target whose `error` says in a sentence what
is wrong. Files named by a person stand each for itself with its own current context; a $KUBECONFIG list is
merged as kubectl merges it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from msgspec.structs import replace

from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig import document as kubeconfig_document
from edgetui.cluster.kubeconfig import search
from edgetui.cluster.kubeconfig.context import build, nearest
from edgetui.cluster.kubeconfig.document import Document, NotAKubeconfig
from edgetui.cluster.kubeconfig.names import name_fleet, own_name
from edgetui.cluster.kubeconfig.search import Source
from edgetui.cluster.kubeconfig.yaml_file import MissingFile
from edgetui.cluster.target import ClusterTarget, Impersonation
from edgetui.model.text import clean

_WILD = "*?["


class Selection(msgspec.Struct, frozen=True):
    """What a person asked for on the command line.

    `files` are kubeconfigs or directories of them; none means the usual places. `contexts` are globs over
    context names and over names as shown, or whole names with `exact`; none means each file's current context, or
    every context with `all_contexts`. `namespace` takes the place of each context's own, when given, and `acting_as`
    that of any impersonation there.
    """

    files: Sequence[Path] = ()
    contexts: Sequence[str] = ()
    all_contexts: bool = False
    namespace: str = ""
    exact: bool = False
    acting_as: Impersonation | None = None

    def names(self, wanted: str, target: ClusterTarget) -> bool:
        """Whether one of `contexts` means this target."""
        known: tuple[str, ...] = (target.context, own_name(target))
        if wanted in known:
            return True
        return (
            not self.exact and any(c in wanted for c in _WILD) and any(fnmatchcase(n, wanted) for n in known)
        )


def load_fleet(
    selection: Selection, env: Mapping[str, str], home: Path, root: Path = Path("/")
) -> list[ClusterTarget]:
    """Every selected cluster in the order of its files, with unique names.

    `env` is the process environment, `root` the directory where the distributions' paths start. Raises
    KubeconfigError only when there is no kubeconfig at all; anything else is a target with an error.
    """
    loader = _Loader(selection, env, root)
    for group in search.alternatives(selection.files, env, home, root):
        loader.read(group)
        if loader.documents or loader.failed:
            break
    targets = loader.targets()
    if not targets:
        raise _nothing(selection, env, home, root)
    return name_fleet(targets)


def reload(target: ClusterTarget, env: Mapping[str, str]) -> ClusterTarget:
    """What the target's files say now, under the name and for the namespace it has.

    Raises KubeconfigError for what cannot be used: a file that is just being written, a context that is gone.
    """
    parts = []
    for file in target.sources:
        try:
            parts.append(kubeconfig_document.read(file))
        except MissingFile:
            if len(target.sources) == 1:
                raise
    document = kubeconfig_document.merge(parts)
    context = target.context
    if not context and "" not in document.contexts:
        context = document.current_context  # it could not be read before
    if context not in document.contexts:
        shown = clean(str(target.sources[0])) if target.sources else "the kubeconfig"
        raise KubeconfigError(
            f"The context {clean(context, 80)} is no longer in {shown}.", "Put it back there."
        )
    fresh = build(document, context, env, owned=target.owned_by_distribution)
    if fresh.error is not None:
        raise fresh.error
    fresh = replace(
        fresh,
        name=target.name,
        namespace=target.namespace,
        sources=target.sources,
        badges=tuple(dict.fromkeys((*fresh.badges, *target.marks))),
        marks=target.marks,
    )
    return acting(fresh, target.acting_as)


def acting(target: ClusterTarget, whom: Impersonation | None) -> ClusterTarget:
    """The target as somebody else uses it, whatever its files say; as it is for None."""
    return target if whom is None else replace(target, impersonate=whom, acting_as=whom)


class _Loader:
    """Reads groups of sources and makes targets of what was selected."""

    def __init__(self, selection: Selection, env: Mapping[str, str], root: Path) -> None:
        self.selection = selection
        self.env = env
        self.root = root
        self.documents: list[Document] = []
        self.failed: list[ClusterTarget] = []
        self._blank: list[Document] = []
        self._owned: dict[Path, bool] = {}

    def read(self, group: Sequence[Source]) -> None:
        """Read one group; files with nothing in them are kept apart."""
        self._blank = []
        for source in group:
            parts = [part for file in source.files if (part := self._read_file(source, file)) is not None]
            if not parts:
                continue
            document = kubeconfig_document.merge(parts)
            (self._blank if document.empty else self.documents).append(document)

    def _read_file(self, source: Source, file: Path) -> Document | None:
        try:
            return kubeconfig_document.read(file)
        except KubeconfigError as error:
            if not source.must_exist and isinstance(error, MissingFile):
                return None
            if source.beside_others and isinstance(error, NotAKubeconfig):
                return None
            self.failed.append(self._failure(file, error))
            return None

    def targets(self) -> list[ClusterTarget]:
        found: list[ClusterTarget] = []
        for document in self.documents:
            found.extend(self._selected(document))
        found.extend(self._unmatched(found))
        for document in self._blank if self.selection.files or not found else ():
            file = document.files[0]
            found.append(
                self._failure(
                    file, KubeconfigError(f"{clean(str(file))} is empty.", "Put a kubeconfig there.")
                )
            )
        found.extend(self.failed)
        if self.selection.namespace:
            found = [replace(target, namespace=self.selection.namespace) for target in found]
        return [acting(target, self.selection.acting_as) for target in found]

    def _selected(self, document: Document) -> list[ClusterTarget]:
        if self.selection.contexts:
            every = (self._build(document, name) for name in document.contexts)
            wanted, named = self.selection.contexts, self.selection.names
            return [target for target in every if any(named(glob, target) for glob in wanted)]
        if self.selection.all_contexts:
            names = list(document.contexts)
        elif document.current_context:
            names = [document.current_context]
        else:
            names = list(document.contexts) if len(document.contexts) == 1 else []
        if not names:
            return [self._undecided(document)]
        return [self._build(document, name) for name in names]

    def _build(self, document: Document, context: str) -> ClusterTarget:
        target = build(document, context, self.env, owned=False)
        owned = target.file is not None and self._is_owned(target.file)
        return replace(target, owned_by_distribution=True) if owned else target

    def _is_owned(self, file: Path) -> bool:
        if file not in self._owned:
            self._owned[file] = search.owned_by_distribution(file, self.root)
        return self._owned[file]

    def _undecided(self, document: Document) -> ClusterTarget:
        file = document.files[0]
        shown = clean(str(file))
        if document.contexts:
            some = ", ".join(clean(name, 60) for name in list(document.contexts)[:5])
            error = KubeconfigError(
                f"{shown} has several contexts and no current one.",
                f"Choose with --context ({some}), or --all-contexts.",
            )
        else:
            error = KubeconfigError(f"{shown} has no context.", "Add one with kubectl config set-context.")
        return self._failure(file, error)

    def _unmatched(self, found: Sequence[ClusterTarget]) -> list[ClusterTarget]:
        """A target with an error for each --context that matches nothing."""
        named = self.selection.names
        wanted = dict.fromkeys(self.selection.contexts)
        missing = [glob for glob in wanted if not any(named(glob, target) for target in found)]
        if not missing or not self.documents:
            return []
        known = {name for document in self.documents for name in document.contexts}
        files = [clean(str(file)) for document in self.documents for file in document.files]
        where = files[0] if len(files) == 1 else f"{len(files)} kubeconfig files"
        return [
            ClusterTarget(
                name=clean(glob),
                context=glob,
                error=KubeconfigError(f"No context {clean(glob, 80)} in {where}.", nearest(glob, known)),
            )
            for glob in missing
        ]

    def _failure(self, file: Path, error: KubeconfigError) -> ClusterTarget:
        return ClusterTarget(
            name=clean(file.name),
            context="",
            file=file,
            context_file=file,
            sources=(file,),
            error=error,
            owned_by_distribution=self._is_owned(file),
        )


def _nothing(selection: Selection, env: Mapping[str, str], home: Path, root: Path) -> KubeconfigError:
    if selection.files:
        looked = ", ".join(clean(str(file)) for file in selection.files[:3])
    elif env.get("KUBECONFIG"):
        looked = f"$KUBECONFIG ({clean(env['KUBECONFIG'])})"
    else:
        looked = ", ".join(clean(str(path)) for path in search.searched(home, root))
    return KubeconfigError(
        f"No kubeconfig found: looked in {looked}.",
        "Name one (edgetui FILE), set KUBECONFIG, or try edgetui demo.",
    )
