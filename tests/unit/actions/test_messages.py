"""The words between the gate and a person: what each has where nothing is said of it."""

from __future__ import annotations

from edgetui.actions.messages import Cancelled, Changed, Offer, Plan, Receipt, Refusal


def test_a_plan_and_a_receipt_of_which_nothing_more_is_said() -> None:
    assert Plan("open", "plant", None, "Open it") == Plan(
        "open", "plant", None, "Open it", (), (), (), (), "", "Cancel", ""
    )
    assert Receipt("open", "plant", None, True, ("done",)) == Receipt(
        "open", "plant", None, True, ("done",), {}, False, None
    )
    assert Offer("undo", "Undo it") == Offer("undo", "Undo it", "", "")


def test_a_refusal_has_what_it_was_given() -> None:
    plain, offer = Refusal("It is paused."), Offer("resume", "Resume it")
    assert (plain.sentence, plain.next_step, plain.diff, plain.offer, plain.paste) == (
        "It is paused.", "", (), None, ()
    )  # fmt: skip
    whole = Refusal("It is paused.", "Resume it.", ("- a",), offer, ("kind: Role",))
    assert (whole.next_step, whole.diff, whole.offer, whole.paste) == (
        "Resume it.", ("- a",), offer, ("kind: Role",)
    )  # fmt: skip
    assert str(whole) == "It is paused. Resume it."
    assert isinstance(Cancelled("Left."), Refusal)


def test_a_change_gives_what_is_there_now() -> None:
    view = object()
    changed = Changed("It was changed.", view)
    assert changed.view is view
    assert str(changed) == "It was changed. Look at what is there now and decide again."
