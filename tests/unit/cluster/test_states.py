"""What a reflector and a link are before anything is known, and what an input says that says nothing more.

`pytest tests/unit/cluster/test_states.py --snapshot-update` takes what they are now; look at what differs first.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api import client, discovery
from edgetui.cluster.errors import LinkError
from edgetui.cluster.link import profile, state
from edgetui.cluster.watch import resumption
from edgetui.cluster.watch.reflector import states

MODULES: dict[str, ModuleType] = {
    "a reflector": states,
    "a link": state,
    "a profile": profile,
    "discovery": discovery,
}


def defaults(module: ModuleType) -> list[str]:
    """Each struct of a module with what its fields are unless they are told."""
    lines = []
    for name, found in vars(module).items():
        if (
            isinstance(found, type)
            and issubclass(found, msgspec.Struct)
            and found.__module__ == module.__name__
        ):
            fields: Any = msgspec.structs.fields(found)
            told = [
                f"{field.name}={field.default}" if field.default is not msgspec.NODEFAULT else field.name
                for field in fields
            ]
            lines.append(f"{name}({', '.join(told)})")
    return lines


@pytest.mark.parametrize("module", MODULES)
def test_what_is_so_unless_it_is_told(module: str, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(defaults(MODULES[module])) == snapshot
    assert states.Failed(LinkError("Reset.")).error.sentence == "Reset."
    assert profile.level(profile.Choice()) == 0
    assert state.sentence(state.State()) == ("", "")
    assert discovery.bounded((), ()) == discovery.Discovered().served


def test_where_each_phase_may_lead(snapshot: SnapshotAssertion) -> None:
    lines = [
        f"{phase}: {', '.join(sorted(after))}"
        for moves in (states.MOVES, state.MOVES)
        for phase, after in moves.items()
    ]
    assert "\n".join(lines) == snapshot


def test_what_is_asked_for_by_a_word() -> None:
    assert client.METADATA_ONLY == {
        "Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io, application/json"
    }
    assert client.NAMES_ONLY == {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    assert client.PREFERRED == {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    assert resumption.Kept(1.0, True) == resumption.Kept(1.0, True, {}, False)
    assert profile.Seen() == profile.Seen(None, None, None)
