"""Jobs and CronJobs on the screen: by their names, watched while they are shown, and found from their pods."""

from __future__ import annotations

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.view.related import related
from tests.unit.model import factories as f
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import FAILED, job

from .driving import Needs, Screen, running

NIGHT = cron_job()
BACKUP = job("night-1", FAILED, owner=NIGHT)
KEY = ObjectKey("plant", "Job", "default", "night-1")


def site() -> Store:
    """A node with the pod of a Job; nobody has looked at Jobs yet."""
    store = f.store_of(f.node("n"), f.pod("night-1-x", owner=BACKUP, node="n"))
    store.set_freshness("Job", Freshness(Sync.HIDDEN))
    store.set_freshness("CronJob", Freshness(Sync.HIDDEN))
    return store


def come(store: Store, kind: str, *objects: f.Json) -> None:
    """The first list of a kind has come."""
    store.replace(kind, [row_of(kind, one) for one in objects])
    store.set_freshness(kind, Freshness(Sync.LIVE, float(f.NOW)))


async def delivered(screen: Screen) -> None:
    screen.app.feed._flush()
    await screen.pilot.pause()


async def command(screen: Screen, text: str) -> None:
    await screen.press("colon", *text, "enter")


async def test_a_pane_of_a_kind_is_reached_by_every_name_of_it_and_leaves_nothing_watched() -> None:
    store, session = site(), Needs()
    come(store, "Job", BACKUP)
    async with running([store], sessions={"plant": session}) as screen:
        for name, pane in (("jobs", "jobs"), ("job", "jobs"), ("cj", "cronjobs"), ("cronjobs", "cronjobs")):
            await command(screen, name)
            assert screen.app.main.current.pane.id == pane
        assert session.now == {"CronJob", "Job"}
        await command(screen, "jobs")
        assert "jobs  1 · 1 failed" in screen.text()
        assert "night-1" in screen.text()
        await screen.press("1")
        assert session.now == set()


async def test_a_pod_leads_to_its_job_which_nobody_has_read_yet() -> None:
    store, session = site(), Needs()
    pod = ObjectKey("plant", "Pod", "default", "night-1-x")
    assert related(store, pod)[0] == KEY
    async with running([store], sessions={"plant": session}) as screen:
        await screen.press("2")
        screen.app.command_line.show_object(KEY)
        await screen.pilot.pause()
        assert screen.app.main.current.pane.id == "jobs"
        assert "Job" in session.now
        assert "Reading job night-1" in screen.text()
        come(store, "Job", job("another"), BACKUP)
        await delivered(screen)
        assert screen.app.main.current.table.cursor == KEY


async def test_a_job_that_is_gone_is_said_to_have_no_row_once_jobs_are_read() -> None:
    store = site()
    async with running([store], sessions={"plant": Needs()}) as screen:
        screen.app.command_line.show_object(KEY)
        await screen.pilot.pause()
        come(store, "Job", job("another"))
        await delivered(screen)
        assert "Job night-1 has no row here." in screen.text()


async def test_who_goes_elsewhere_meanwhile_is_not_called_back() -> None:
    store = site()
    async with running([store], sessions={"plant": Needs()}) as screen:
        screen.app.command_line.show_object(KEY)
        await screen.press("1")
        come(store, "Job", BACKUP)
        await delivered(screen)
        assert screen.app.main.current.pane.id == "nodes"


async def test_the_page_of_a_pod_has_what_controls_it_read_as_far_as_that_goes() -> None:
    store, session = site(), Needs()
    async with running([store], sessions={"plant": session}) as screen:
        screen.app.open_detail(ObjectKey("plant", "Pod", "default", "night-1-x"))
        await screen.pilot.pause()
        assert session.now == {"Job"}
        come(store, "Job", BACKUP)
        await delivered(screen)
        assert session.now == {"Job", "CronJob"}
        come(store, "CronJob", NIGHT)
        await delivered(screen)
        assert "cronjob night, job night-1" in screen.text()
        await screen.press("escape")
        assert session.now == set()
