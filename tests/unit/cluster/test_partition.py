"""Which namespaces are collections of their own, by how many there are, what they hold and who looks."""

from __future__ import annotations

import pytest

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.watch.partition import FEW, MOST_TABLES, WHOLE, Collections, Partition, collections
from edgetui.cluster.watch.printed import TABLES


@pytest.mark.parametrize("chosen", [False, True])
@pytest.mark.parametrize("denied", [False, True])
@pytest.mark.parametrize("count", [0, 1, MOST_TABLES - 1, MOST_TABLES, MOST_TABLES + 1])
def test_many_namespaces_are_one_collection_unless_they_are_chosen(
    count: int, denied: bool, chosen: bool
) -> None:
    names = [f"n{number}" for number in range(count)]

    def kept(partition: Partition, whole: bool = True) -> Collections:
        found = Namespaces(names, whole)
        return collections(partition, found, Collections(), chosen=chosen, denied=denied)

    assert kept(WHOLE) == Collections(tuple(names))
    if chosen or denied:
        assert kept(TABLES) == kept(TABLES, whole=False) == Collections(tuple(names))
    elif count > MOST_TABLES:
        assert kept(TABLES) == kept(TABLES, whole=False) == Collections(rest=True)
    else:
        assert kept(TABLES) == Collections(tuple(names), rest=True)
        assert kept(TABLES, whole=False) == Collections(tuple(names))


@pytest.mark.parametrize(
    ("before", "objects", "worth"),
    [
        (Collections(), None, ["shop"]),
        (Collections(rest=True), None, []),
        (Collections(("default",), rest=True), None, ["default"]),
        (Collections(), 0, []),
        (Collections(), FEW - 1, []),
        (Collections(), FEW, ["default", "shop"]),
        (Collections(("shop",)), 1, ["shop"]),
        (Collections(("shop",)), 0, []),
    ],
)
def test_a_namespace_is_worth_a_table_of_its_own_by_what_it_has_or_had(
    before: Collections, objects: int | None, worth: list[str]
) -> None:
    count = None if objects is None else lambda name: objects
    found = Namespaces(["default", "shop"], True)
    kept = collections(TABLES, found, before, chosen=False, denied=False, count=count)
    assert kept == Collections(tuple(worth), rest=True)
