"""Rights that are missing, for one object or for several: one refusal that names them all, as Roles to paste."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.catalogue import Access
from edgetui.actions.gate.role import role
from edgetui.actions.messages import Refusal

Lacks = dict[tuple[str, str, str], tuple[Access, ...]]
"""What is missing, by the user, the cluster and the namespace; that is empty for the cluster as a whole."""


class MissingRights(Refusal):
    """Rights that `action` needs and the user has not."""

    def __init__(self, action: str, lacks: Lacks) -> None:
        self.action, self.lacks = action, lacks
        said, paste = [], list[str]()
        for (user, cluster, namespace), missing in lacks.items():
            words = ", ".join(one.words for one in missing)
            said.append(
                f"{user or 'This user'} may not {words} in {namespace or 'this cluster'} on {cluster}"
            )
            paste += [*(["---"] if paste else []), *role(missing, namespace, action)]
        kinds = {"Role" if namespace else "ClusterRole" for *_, namespace in lacks}
        what = f"this {kinds.pop()}" if len(lacks) == 1 else "these Roles"
        super().__init__(
            f"{'; '.join(said)}.",
            f"Ask whoever runs the cluster to bind {what} to that user, or use another context.",
            paste=tuple(paste),
        )


def together(problems: Sequence[MissingRights]) -> MissingRights:
    """One refusal for several: every right once, and one Role for each namespace."""
    lacks: Lacks = {}
    for one in problems:
        for where, missing in one.lacks.items():
            lacks[where] = tuple(dict.fromkeys((*lacks.get(where, ()), *missing)))
    return MissingRights(problems[0].action, lacks)
