"""Command lines to copy: each names the kubeconfig file, the context and the namespace, quoted for a shell.

Names are the same on every site; a command that leaves them out acts on whatever is current where it is pasted.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey


def edgetui(target: ClusterTarget, verb: str, key: ObjectKey, *more: str) -> str:
    """`edgetui VERB KIND/NAME` for one object."""
    files = [part for file in _files(target) for part in ("--kubeconfig", file)]
    place = ["-n", key.namespace] if key.namespace else []
    return shlex.join(
        [
            "edgetui",
            verb,
            f"{key.kind.lower()}/{key.name}",
            *more,
            *files,
            "--context",
            target.context,
            *place,
        ]
    )


def kubectl(target: ClusterTarget, namespace: str, *words: str) -> str:
    """`kubectl WORDS`. It takes one file as an option; several go into its variable."""
    files = _files(target)
    place = ["-n", namespace] if namespace else []
    before = f"KUBECONFIG={shlex.quote(':'.join(files))} " if len(files) > 1 else ""
    one = ["--kubeconfig", *files] if len(files) == 1 else []
    return before + shlex.join(["kubectl", *one, "--context", target.context, *place, *words])


def _files(target: ClusterTarget) -> list[str]:
    """The files that hold the context and its user: more than one only in a merged list."""
    found = [file for file in (target.context_file, target.file) if file is not None]
    return [str(Path(file).absolute()) for file in dict.fromkeys(found)]
