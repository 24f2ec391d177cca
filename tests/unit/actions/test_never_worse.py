"""Whatever was released, rolled back and undone before: a roll back without a revision goes to one that has worked.

A model of the Deployment controller plays random histories; kubectl and edgetui roll back in between.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.actions.rollout.revisions import experience
from edgetui.model.rollout.revision import deployment_revisions, judged, suggestion
from tests.unit.model import factories as f

Json = dict[str, Any]
REPLICAS = 3


class Site:
    """One Deployment: its sets by image, with number, serving pods and whether they ever served."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.serving: dict[str, int] = {}
        self.served: set[str] = set()
        self.current = ""
        self.recreates = False
        self.records: list[Json] = []
        self.release("image-0")

    def works(self, image: str) -> bool:
        """Every third image does not start."""
        return int(image.removeprefix("image-")) % 3 != 2

    def release(self, image: str) -> None:
        """Roll an image out as far as it gets: what does not start leaves the old pods, unless they stop first."""
        if image == self.current:
            return
        self.numbers[image] = max(self.numbers.values(), default=0) + 1
        self.current = image
        if self.works(image):
            self.serving = {image: REPLICAS}
            self.served.add(image)
        elif self.recreates:
            self.serving = {}

    def undo(self) -> None:
        """As kubectl does: to the second highest number."""
        others = sorted((number, image) for image, number in self.numbers.items() if image != self.current)
        if others:
            self.release(others[-1][1])

    def objects(self) -> tuple[Json, list[Json]]:
        complete = self.serving.get(self.current, 0) == REPLICAS
        made = f.deployment(
            "press",
            revision=self.numbers[self.current],
            image=self.current,
            available=sum(self.serving.values()),
            progressing=("True", "NewReplicaSetAvailable")
            if complete
            else ("False", "ProgressDeadlineExceeded"),
        )
        sets = []
        for image, number in self.numbers.items():
            pods = self.serving.get(image, 0)
            here = max(pods, 1) if image == self.current else pods
            sets.append(f.replica_set(made, image, revision=number, replicas=here, ready=pods, image=image))
        return made, sets

    def roll_back(self, *, waits: bool) -> str:
        """As edgetui does where no revision is named; the image it went to, empty for a refusal."""
        revisions = judged(deployment_revisions(*self.objects()), *experience(self.records))
        found, _ = suggestion(revisions)
        if found is None:
            return ""
        left = next(one for one in revisions if one.current)
        about = {"run": str(len(self.records)), "action": "rollback"}
        before = {"name": left.name, "revision": left.number}
        (image,) = found.images
        self.release(image)
        result = "reached" if waits and self.works(image) else "pending"
        self.records += [
            {**about, "event": "intent", "before": before, "after": {"name": found.name}},
            {**about, "event": "result", "result": "done"},
            {**about, "event": "outcome", "result": result, "data": {"proven": result == "reached"}},
        ]
        return image


STEPS = st.one_of(
    st.integers(0, 8).map(lambda number: f"image-{number}"),
    st.sampled_from(["kubectl", "edgetui", "edgetui --no-wait", "recreate", "rolling"]),
)


@settings(max_examples=400)
@given(st.lists(STEPS, max_size=14))
def test_a_default_goes_only_to_what_has_worked_and_never_back_to_what_it_came_from(steps: list[str]) -> None:
    site, came_from = Site(), dict[str, int]()
    for step in steps:
        if step in ("recreate", "rolling"):
            site.recreates = step == "recreate"
        elif step == "kubectl":
            site.undo()
        elif step.startswith("image-"):
            site.release(step)
        else:
            left, number = site.current, site.numbers[site.current]
            known = dict(site.numbers)
            image = site.roll_back(waits=step == "edgetui")
            if image:
                assert image in site.served
                assert came_from.get(image) != known[image]
                came_from[left] = number


def test_two_roll_backs_in_a_row_end_where_the_first_did() -> None:
    site = Site()
    site.release("image-2")
    assert site.roll_back(waits=True) == "image-0"
    assert site.roll_back(waits=True) == ""
    assert site.current == "image-0"
