"""Rings of samples: bounded, spaced, and drawn as small curves."""

from __future__ import annotations

from edgetui.model.autoscaling.samples import KEPT, OBJECTS, History, Sample, readings, spark
from edgetui.model.identity import ObjectKey


def key(number: int = 0) -> ObjectKey:
    return ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", f"press-{number}")


def test_it_keeps_so_many_samples_of_so_many_objects() -> None:
    history = History()
    for second in range(0, 10 * KEPT, 5):
        history.add(key(), "u", second, (1.0,))
    assert len(history.of(key())) == KEPT
    assert history.of(key())[-1].time == 10 * KEPT - 5
    for number in range(1, OBJECTS + 1):
        history.add(key(number), "u", 0.0, (1.0,))
    assert history.of(key()) == ()
    assert len(history.of(key(OBJECTS))) == 1


def test_a_storm_of_changes_is_one_sample_every_few_seconds() -> None:
    history = History()
    for tenth in range(600):
        history.add(key(), "u", tenth / 10, (float(tenth),))
    kept = history.of(key())
    assert len(kept) <= 60 / 2.5
    assert kept[-1].values == (599.0,)


def test_a_value_holds_until_the_next_one_and_nothing_is_known_before_the_first() -> None:
    samples = [Sample(40.0, (1.0,)), Sample(70.0, (None,)), Sample(90.0, (2.0,))]
    assert readings(samples, 0, 100.0, 5, 100.0) == [None, 1.0, 1.0, None, 2.0]
    assert readings(samples, 1, 100.0, 2, 100.0) == [None, None]


def test_a_curve() -> None:
    assert spark([None, 0.0, 0.5, 1.0, 9.0, -1.0], 1.0) == " ▁▅██▁"
    assert spark([1.0], 0.0) == "▁"


def test_another_object_of_the_same_name_has_no_samples_of_the_one_before() -> None:
    history = History()
    history.add(key(), "first", 0.0, (1.0,))
    history.add(key(), "second", 60.0, (2.0,))
    assert [one.values for one in history.of(key())] == [(2.0,)]


def test_a_value_is_followed_by_its_name_wherever_it_stands() -> None:
    history = History()
    history.add(key(), "u", 10.0, (1.0, 0.5), ("", "cpu"))
    history.add(key(), "u", 20.0, (1.0, 9.0, 0.6), ("", "queue", "cpu"))
    history.add(key(), "u", 30.0, (1.0, 8.0), ("", "queue"))
    samples = history.of(key())
    assert readings(samples, "cpu", 30.0, 3, 30.0) == [0.5, 0.6, None]
    assert readings(samples, "queue", 30.0, 3, 30.0) == [None, 9.0, 8.0]
    assert readings(samples, 0, 30.0, 3, 30.0) == [1.0, 1.0, 1.0]
    assert readings(samples, "memory", 30.0, 3, 30.0) == [None, None, None]
