"""The dialogs of the three keys: the harmless answer has the cursor, and nothing is given by accident."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.change.spec import Aim, spec_of
from edgetui.actions.messages import Offer, Plan, Receipt, Step
from edgetui.actions.rollout.rollback import RollbackView
from edgetui.actions.rollout.set_image import Container, ImageView
from edgetui.actions.rollout.workload import WorkloadView
from edgetui.actions.scaling.hpa_bounds import BoundsView
from edgetui.actions.scaling.resize_pod import ResizeView
from edgetui.actions.scaling.scale import How, ScaleAnswer
from edgetui.actions.scaling.scale_view import ScaleView
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.pod.node_images import HeldImages
from edgetui.model.pod.resize import ContainerResources
from edgetui.model.rollout.revision import deployment_revisions, suggestion
from edgetui.ui.action_flow import form_of
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.dialogs.progress import Progress, ProgressScreen
from edgetui.ui.screens.rollback import RollbackScreen
from tests.unit.model.factories import NOW, autoscaler, deployment, replica_set

from .driving import Screen, running
from .fleet import plant

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "405")
PLAN = Plan(
    action="rollback",
    cluster="plant",
    target=REF,
    title="Roll back deployment press in line-2 on plant to revision 7",
    facts=(("cluster", "plant (https://10.0.0.1:6443)"), ("now", "revision 8")),
    diff=("- containers[app].image: press:2.1", "+ containers[app].image: press:2.0"),
    warnings=("Argo CD (plant) manages it and may undo this.",),
    writes=("set the pod template of Deployment/press to that of revision 7",),
)


async def ask(screen: Screen, dialog: Any, answered: Callable[[Any], None] | None = None) -> list[Any]:
    """Show a dialog; the list gets its answer, or `answered`."""
    answers: list[Any] = []
    screen.app.push_screen(dialog, answered or answers.append)
    await screen.pilot.pause()
    await screen.pilot.pause()
    await screen.until_ready()
    await screen.pilot.pause()
    return answers


def form(action: str, view: Any, note: str = "") -> FormScreen:
    """The form of an action whose first look found this view."""
    unused: Any = None
    return form_of(spec_of(action), Aim(action, unused, view.ref), view, note)


async def fill_in(screen: Screen, action: str, view: Any, note: str = "") -> list[Any]:
    """Show the form of an action; the list gets the answer that its Spec makes of what was typed."""
    spec, answers = spec_of(action), list[Any]()
    defaults = {one.name: one.default for one in spec.arguments}

    def answered(given: Mapping[str, Any] | None) -> None:
        answers.append(None if given is None else spec.answer(view, {**defaults, **given}))

    await ask(screen, form(action, view, note), answered)
    return answers


class TestConfirm:
    async def test_it_names_everything_and_cancel_has_the_cursor(self) -> None:
        async with running([plant()]) as screen:
            await ask(screen, ConfirmScreen(PLAN))
            text = screen.text()
            for words in (
                PLAN.title,
                "Argo CD",
                "press:2.0",
                "1. set the pod template",
                "https://10.0.0.1:6443",
            ):
                assert words in text
            assert "> Cancel" in text
            assert "  Roll back on plant" in text

    @pytest.mark.parametrize(
        ("keys", "answer"),
        [
            (["enter"], False),
            (["escape"], False),
            (["right", "enter"], True),
            (["tab", "enter"], True),
            (["right", "left", "enter"], False),
            (["right", "right", "enter"], False),
            (["right", "escape"], False),
        ],
    )
    async def test_only_a_deliberate_move_to_the_other_answer_is_yes(
        self, keys: list[str], answer: bool
    ) -> None:
        async with running([plant()]) as screen:
            answers = await ask(screen, ConfirmScreen(PLAN))
            await screen.press(*keys)
            assert answers == [answer]

    async def test_letters_answer_nothing(self) -> None:
        async with running([plant()]) as screen:
            answers = await ask(screen, ConfirmScreen(PLAN))
            dialog = screen.app.screen
            assert isinstance(dialog, ConfirmScreen)
            for key in (*string.printable.strip(), "left_square_bracket", "space", "backspace", "f1"):
                await screen.press(key)
                assert (answers, dialog.choice.selected) == ([], "no"), key

    async def test_a_long_difference_scrolls_and_the_answers_stay_in_sight(self) -> None:
        long = replace(PLAN, diff=tuple(f"+ line {number}" for number in range(60)))
        async with running([plant()]) as screen:
            await ask(screen, ConfirmScreen(long))
            assert "more lines" in screen.text()
            assert "> Cancel" in screen.text()
            assert "line 59" not in screen.text()
            await screen.press(*["pagedown"] * 6)
            assert "line 59" in screen.text()
            assert "> Cancel" in screen.text()


class TestScale:
    def view(self, hpa: bool = False) -> ScaleView:
        owner = row_of("HorizontalPodAutoscaler", autoscaler("press", "line-2", bounds=(2, 6), cpu=60))
        assert isinstance(owner, AutoscalerRow)
        return ScaleView(REF, 3, 3, 3, 2, owner if hpa else None, ())

    async def test_it_shows_what_is_there_and_gives_the_typed_number(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view())
            assert "3 desired, 3 current, 2 ready" in screen.text()
            assert "no autoscaler" in screen.text()
            await screen.press("5", "enter")
            assert answers == [ScaleAnswer(5)]

    async def test_arrows_step_and_escape_gives_nothing(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view())
            await screen.press("up", "up", "down")
            assert "4" in screen.line(" replicas >")
            await screen.press("escape")
            assert answers == [None]

    async def test_an_empty_field_gives_nothing_and_letters_do_not_get_in(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view())
            await screen.press("backspace", "x", "minus", "enter")
            assert answers == []
            assert "type a number" in screen.text()

    async def test_the_autoscaler_is_named_and_what_it_will_do(self) -> None:
        async with running([plant()]) as screen:
            await fill_in(screen, "scale", self.view(hpa=True))
            assert "autoscaler press, 2 to 6" in screen.text()
            await screen.press("9")
            assert "puts it back to its maximum 6" in screen.text()
            await screen.press("backspace", "0")
            assert "0 stops every pod" in screen.text()

    async def test_changing_the_bounds_instead_is_offered_for_the_typed_number(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view(hpa=True))
            assert "instead" not in screen.text()
            await screen.press("9")
            assert "e set HPA press to min 9, max 9 instead, so that 9 holds" in screen.text()
            await screen.press("e")
            assert answers == [ScaleAnswer(9, How.BOUNDS)]

    async def test_it_is_scaled_to_0_with_one_key_and_comes_back_to_what_it_had(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view())
            assert "p scale to 0, remember 3" in screen.text()
            await screen.press("p")
            assert answers == [ScaleAnswer(0)]
            there = {
                "desired": 0,
                "before": 3,
                "before_said": "as before edgetui scaled it to 0",
                "before_at": NOW - 7200,
            }
            answers = await fill_in(screen, "scale", replace(self.view(), **there))
            assert "3, as before edgetui scaled it to 0, 2h ago" in screen.line("before")
            assert "3" in screen.line(" replicas >")
            await screen.press("p")
            assert answers == [ScaleAnswer(3)]

    async def test_keda_is_paused_at_the_typed_number_or_goes_on_and_its_autoscaler_is_left_alone(
        self,
    ) -> None:
        async with running([plant()]) as screen:
            scaled = ScaledObject("by-queue", 1, 8)
            view = replace(self.view(hpa=True), keda=scaled)
            answers = await fill_in(screen, "scale", view)
            assert "by KEDA, 1 to 8 (ScaledObject by-queue)" in screen.line("owned by")
            assert "k pause KEDA at 3" in screen.text()
            await screen.press("backspace")
            assert "KEDA at" not in screen.text()
            assert "type a number" in screen.text()
            await screen.press("9", "e")
            assert "instead" not in screen.text()
            await screen.press("k")
            assert (answers, view.holds(9)) == ([ScaleAnswer(9, How.KEDA)], True)
            paused = replace(view, keda=replace(scaled, held_at="3"))
            answers = await fill_in(screen, "scale", paused)
            assert "k resume KEDA" in screen.text()
            await screen.press("k")
            assert (answers, paused.holds(3), paused.holds(9)) == ([ScaleAnswer(3, How.KEDA)], False, True)

    async def test_without_an_autoscaler_there_is_nothing_to_change_instead(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "scale", self.view())
            await screen.press("9", "e", "k")
            assert answers == []

    async def test_what_changed_meanwhile_is_said_when_it_is_shown_again(self) -> None:
        async with running([plant()]) as screen:
            await fill_in(screen, "scale", self.view(), "It was at 3, now it is at 4.")
            assert "! It was at 3, now it is at 4." in screen.text()


class TestBounds:
    def view(self) -> BoundsView:
        row = row_of("HorizontalPodAutoscaler", autoscaler("press", "line-2", bounds=(2, 6), current=3))
        assert isinstance(row, AutoscalerRow)
        ref = ObjectRef(ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press"), "uid-1", "405")
        return BoundsView(ref, 1, row, 3, 2, 6)

    async def test_both_fields_are_typed_and_what_follows_is_said(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "set-hpa", self.view())
            assert "min 2, max 6" in screen.line("current")
            assert "it stays at 3" in screen.text()
            await screen.press("4")
            assert "it goes up from 3 to 4 at once" in screen.text()
            await screen.press("tab", "down", "enter")
            assert answers == [(4, 5)]

    async def test_the_maximum_that_the_load_needs_stands_there_and_its_field_is_marked(self) -> None:
        made = autoscaler("press", "line-2", bounds=(2, 6), current=6, cpu=90)
        row = row_of("HorizontalPodAutoscaler", made)
        assert isinstance(row, AutoscalerRow)
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "set-hpa", BoundsView(REF, 1, row, 6, 2, 6))
            assert "it goes up from 6 to 9" in screen.text()
            assert [one.split() for one in (screen.line(" min   "), screen.line(" max >"))] == [
                ["min", "2"],
                ["max", ">", "9"],
            ]
            await screen.press("tab")
            assert screen.line(" min >").split() == ["min", ">", "2"]
            assert screen.line(" max   ").split() == ["max", "9"]
            await screen.press("enter")
            assert answers == [(2, 9)]

    async def test_bounds_that_cannot_be_are_said_and_not_given(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "set-hpa", self.view())
            await screen.press("9", "enter")
            assert "the minimum is above the maximum" in screen.text()
            assert answers == []
            await screen.press("backspace")
            assert "the minimum is above" not in screen.text(), "without a number it stays as it is"
            await screen.press("escape")
            assert answers == [None]


class TestResize:
    def view(self) -> ResizeView:
        app = ContainerResources("app", {"requests.cpu": "100m", "requests.memory": "64Mi"}, ("memory",))
        ref = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-1"), "uid-1", "405")
        return ResizeView(
            ref, 1, (app, ContainerResources("proxy", {"limits.cpu": "1"})), ("The template stays as it is.",)
        )

    async def test_only_what_changed_is_given_and_a_restart_is_said(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "resize", self.view())
            assert "> container app" in screen.text()
            await screen.press("enter")
            assert "these are the values it has" in screen.text()
            await screen.press("2", "0", "0", "m")
            assert "The template stays as it is." in screen.text()
            assert "restarts container app" not in screen.text()
            await screen.press("tab", "tab", "9", "6", "M", "i")
            assert "Changing its memory restarts container app." in screen.text()
            await screen.press("enter")
            ((box, changes),) = answers
            assert (box.name, changes) == ("app", {"requests.cpu": "200m", "requests.memory": "96Mi"})

    async def test_nonsense_is_not_given_and_arrows_go_to_the_other_container(self) -> None:
        async with running([plant()]) as screen:
            answers = await fill_in(screen, "resize", self.view())
            await screen.press("5", "x", "x", "enter")
            assert "“5xx” is not an amount such as 200m" in screen.text()
            assert answers == []
            await screen.press("down")
            assert "> container proxy" in screen.text()
            await screen.press("tab", "2", "enter")
            assert answers == [(self.view().container_resources[1], {"limits.cpu": "2"})]
            await fill_in(screen, "resize", self.view())
            await screen.press("9", "down", "up")
            assert screen.line("cpu request").split()[-1] == "9", "what was typed for each is kept"


class TestRollback:
    def view(self, *, serving: int = 5) -> RollbackView:
        made = deployment("press", "line-2", revision=8, image="press:2.1", generation=9)
        sets = [
            replica_set(made, "c", revision=8, replicas=2, ready=0, image="press:2.1"),
            replica_set(made, "b", revision=7, replicas=serving, image="press:2.0", created=NOW - 3 * 86400),
            replica_set(made, "a", revision=6, replicas=0, image="press:1.9", created=NOW - 9 * 86400),
        ]
        revisions = tuple(deployment_revisions(made, sets))
        suggested, why = suggestion(revisions)
        template = made["spec"]["template"]
        current = next(one for one in revisions if one.current)
        return RollbackView(REF, 9, revisions, current, suggested, why, (), "app=press", template)

    async def test_the_last_good_revision_is_under_the_cursor_with_its_difference(self) -> None:
        async with running([plant()], size=(100, 30)) as screen:
            answers = await ask(screen, RollbackScreen(self.view()))
            line = screen.line("last good")
            assert line.startswith(">")
            assert "7" in line
            assert "what going back to revision 7 changes" in screen.text()
            assert "press:2.0" in screen.text()
            await screen.press("enter")
            assert answers[0].number == 7

    async def test_where_none_is_known_to_have_worked_the_cursor_is_on_the_running_one(self) -> None:
        async with running([plant()], size=(100, 30)) as screen:
            answers = await ask(screen, RollbackScreen(self.view(serving=0)))
            assert screen.line(" now ").startswith(">")
            assert "! no other revision is known to have worked: choose one yourself" in screen.text()
            await screen.press("enter")
            assert answers == []

    async def test_the_running_revision_cannot_be_chosen(self) -> None:
        async with running([plant()], size=(100, 30)) as screen:
            answers = await ask(screen, RollbackScreen(self.view()))
            await screen.press("up")
            assert "revision 8 is the one that runs now" in screen.text()
            assert "what going back" not in screen.text()
            await screen.press("enter")
            assert answers == []
            assert "Revision 8 is the one that runs now." in screen.text()

    async def test_an_older_one_is_marked_as_unproven(self) -> None:
        async with running([plant()], size=(100, 30)) as screen:
            answers = await ask(screen, RollbackScreen(self.view()))
            await screen.press("down")
            assert "Revision 6 is not known to have worked." in screen.text()
            await screen.press("escape")
            assert answers == [None]


class TestImage:
    def view(self, *containers: Container) -> ImageView:
        made = deployment("press", "line-2")
        row = row_of("Deployment", made)
        assert isinstance(row, DeploymentRow)
        return ImageView(WorkloadView(REF, row, "", made, ()), containers, HeldImages(()))

    async def test_the_tag_is_typed_at_the_end_and_the_difference_stands_below(self) -> None:
        pinned = f"registry.local/press:2.0@sha256:{'ab' * 32}"
        async with running([plant()]) as screen:
            view = self.view(Container("containers", "app", pinned))
            answers = await fill_in(screen, "image", view)
            assert "that is the image it has" in screen.text()
            await screen.press("enter")
            assert answers == []
            await screen.press("x")
            assert screen.line(" image >").endswith("abx"), "it is edited at its end"
            await screen.press("ctrl+u", *"registry.local/press:2.1")
            text = screen.text()
            assert "+ containers[app].image: registry.local/press:2.1" in text
            assert "ab" * 20 in text
            assert "It is pinned now" in text
            await screen.press("enter")
            assert answers == [{"app": "registry.local/press:2.1"}]

    async def test_what_is_no_image_is_not_given_and_containers_are_chosen(self) -> None:
        async with running([plant()]) as screen:
            one, two = Container("containers", "app", "press:2"), Container("initContainers", "db", "db:1")
            answers = await fill_in(screen, "image", self.view(one, two))
            await screen.press("down", ":")
            assert "> init container db" in screen.text()
            assert "is not an image" in screen.text()
            await screen.press("enter")
            assert answers == []
            await screen.press("up", "backspace", "3", "down", *["backspace"] * 3, *":2", "enter")
            assert answers == [{"db": "db:2"}]


class TestProgress:
    async def test_the_next_step_is_offered_beside_close_and_asks_for_itself(self) -> None:
        async with running([plant()]) as screen:
            progress = Progress("Roll back", screen.clock.monotonic)
            answers = await ask(screen, ProgressScreen(progress))
            shell = "Delete that pod: edgetui delete-stuck-pod sts/camera"
            offer = Offer("delete-stuck-pod", "Delete pod camera-2…", shell)
            progress.finish(Receipt("rollback", "plant", REF, False, ("stuck", shell), {}, True, offer))
            await screen.wait_for(lambda: "> Close" in screen.text())
            assert "“Delete pod camera-2…” below does that." in screen.text()
            assert "edgetui delete-stuck-pod" not in screen.text()
            assert "> Close     Delete pod camera-2…" in screen.text()
            begun: list[tuple[str, ObjectRef]] = []
            screen.app.flows.begin = lambda action, ref, typed="": begun.append((action, ref))  # type: ignore[method-assign]
            await screen.press("right", "enter")
            assert begun == [("delete-stuck-pod", REF)]
            assert answers == [None]

    async def test_steps_take_each_others_place_and_the_receipt_ends_it(self) -> None:
        async with running([plant()]) as screen:
            progress = Progress("Scale deployment press to 6 on plant", screen.clock.monotonic)
            answers = await ask(screen, ProgressScreen(progress))
            assert "asking the cluster" in screen.text()
            progress.step(Step("Setting deployment press from 3 to 6", "doing"))
            await screen.pilot.pause()
            assert "..  Setting deployment press from 3 to 6" in screen.text()
            assert "Run in background" in screen.text()
            progress.step(Step("The server accepted 6 replicas", "done"))
            progress.finish(
                Receipt("scale", "plant", REF, True, ("deployment press: 6 of 6 ready after 4.0 s.",))
            )
            await screen.wait_for(lambda: "> Close" in screen.text())
            text = screen.text()
            assert "Setting deployment" not in text
            assert "ok  The server accepted 6 replicas" in text
            assert "ok  deployment press: 6 of 6 ready" in text
            assert "> Close" in text
            await screen.press("enter")
            assert answers == [None]

    async def test_a_slow_step_says_how_long(self) -> None:
        async with running([plant()]) as screen:
            progress = Progress("Rotate", screen.clock.monotonic)
            await ask(screen, ProgressScreen(progress))
            progress.step(Step("Waiting until the old token is refused", "doing"))
            screen.clock.advance(7)
            screen.app._tick()
            await screen.pilot.pause()
            assert "is refused  7 s" in screen.text()

    async def test_a_failure_is_a_sentence_with_the_next_step(self) -> None:
        async with running([plant()]) as screen:
            progress = Progress("Scale", screen.clock.monotonic)
            progress.fail(
                EdgetuiError(
                    "ops may not update deployments/scale.", "Ask whoever runs the cluster for that right."
                )
            )
            await ask(screen, ProgressScreen(progress))
            assert "!   ops may not update deployments/scale." in screen.text()
            assert "Ask whoever runs the cluster" in screen.text()
