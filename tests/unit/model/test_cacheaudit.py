"""Names of the watch's rows and of the datastore, compared."""

from __future__ import annotations

from edgetui.model.cache.audit import Difference, compare, lasting, sentence


def test_equal_names_in_any_order_are_no_difference() -> None:
    assert not compare("Pod", ["b", "a"], ["a", "b"])
    assert not compare("Pod", [], [])


def test_what_only_one_side_has_is_told_apart() -> None:
    found = compare("Pod", ["a", "ghost"], ["a", "lost", "more"])
    assert found == Difference("Pod", ghosts=("ghost",), missing=("lost", "more"))
    assert found


def test_a_name_in_several_namespaces_counts_as_often_as_it_is_there() -> None:
    assert not compare("Deployment", ["web", "web"], ["web", "web"])
    assert compare("Deployment", ["web", "web"], ["web"]).ghosts == ("web",)
    assert compare("Deployment", ["web"], ["web", "web", "web"]).missing == ("web", "web")


def test_only_what_two_looks_found_lasts() -> None:
    first = Difference("Pod", ghosts=("ended", "ghost", "ghost"), missing=("begun", "lost"))
    second = Difference("Pod", ghosts=("ghost", "other"), missing=("lost",))
    assert lasting(first, second) == Difference("Pod", ghosts=("ghost",), missing=("lost",))
    assert not lasting(first, Difference("Pod", ghosts=("begun",), missing=("ended",)))


def test_the_sentence_counts_and_names_a_few() -> None:
    assert sentence([Difference("Pod")]) == "" == sentence([])
    assert sentence([Difference("Pod", ghosts=("b",)), Difference("Pod", ghosts=("a",))]) == (
        "Server cache suspect: 2 Pods (a, b) shown here that the datastore does not have."
    )
    both = [Difference("Pod", ghosts=("a", "b", "c", "d")), Difference("Node", missing=("n",))]
    assert sentence(both) == (
        "Server cache suspect: 4 Pods (a, b, c, …) shown here that the datastore does not have; "
        "1 Node (n) in the datastore that the server's watch does not tell of."
    )


def test_names_of_a_server_are_cleaned() -> None:
    assert "\x1b" not in sentence([Difference("Pod", ghosts=("\x1b[31mred",))])
