"""The dashboard: keys, layout by size, filter, sort, and what is said where rows are missing or old."""

from __future__ import annotations

import re

import pytest
from textual import events

from edgetui.model.cache.freshness import CacheState, Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from tests.unit.model.factories import autoscaler, deployment, pod, store_of

from .driving import running
from .fleet import LIMITED, NOW, farm, fleet, many_pods, plant, vehicle


async def test_at_eighty_columns_one_pane_with_tabs_that_count() -> None:
    async with running(fleet()) as screen:
        lines = screen.text().splitlines()
        assert " ".join(lines[0].split()) == "edgetui plant live · van-17 stale 4m · farm refused 12s c why"
        assert "1 nodes  5 · 1 down" in lines[1]
        assert "2 pods" in lines[1]
        assert "4 rollouts" in lines[1]
        assert "plant-agent-3" in lines[3]
        await screen.press("2")
        assert "3 failing" in screen.line("2 pods")
        assert "press-7f9c66" in screen.text().splitlines()[3]


async def test_tabs_and_titles_count_only_what_is_shown_and_say_the_namespace() -> None:
    for size in ((80, 24), (120, 36)):
        async with running([plant()], size=size) as screen:
            await screen.press("2")
            assert "18 · 3 failing" in screen.line("2 pods")
            screen.app.main.narrow_to("line-1")
            await screen.pilot.pause()
            assert "3 of 18" in screen.line("2 pods")
            assert "in line-1" in screen.line("2 pods")
            assert "failing" not in screen.line("2 pods")
            screen.app.main.narrow_to("line-2")
            await screen.pilot.pause()
            assert "failing" in screen.line("2 pods")
            await screen.press("slash", *"weld", "enter")
            for words in ("2 of 18", "in line-2 /weld", "· 1 failing"):
                assert words in screen.line("2 pods")


async def test_the_keys_say_what_they_do_now() -> None:
    store = store_of(deployment("press", version=1))
    async with running([store], size=(120, 36)) as screen:
        await screen.press("4")
        assert ". actions" in screen.text() and "p pause" not in screen.text()
        assert "space" not in screen.text()
        paused = deployment("press", version=2)
        paused["spec"]["paused"] = True
        store.apply("Deployment", row_of("Deployment", paused))
        await screen.changed()
        assert "p resume" in screen.text(), "the row changed under the cursor"
        hints = screen.app.action_keys.hints(screen.app.main.current.table.cursor, ())
        assert "resume" in [hint.label for hint in hints[:4]], "a short footer has room for it"
        await screen.press("enter")
        assert "p resume" in screen.text()
        await screen.press("question_mark")
        assert "resume: pause or resume a deployment" in screen.text()
        await screen.press("escape", "escape", "slash", *"press", "enter")
        assert "esc all rows" in screen.text()
        await screen.press("escape", "space")
        assert "esc all rows" not in screen.text()
        assert "space unfreeze" in screen.text()


async def test_with_room_all_four_panes_are_there_with_titles() -> None:
    for size in ((120, 36), (200, 60)):
        async with running(fleet(), size=size) as screen:
            for title in ("1 nodes  5", "2 pods  21", "3 autoscalers  2", "4 rollouts  7"):
                assert title in screen.text(), size


async def test_tab_goes_round_and_numbers_go_straight() -> None:
    async with running([plant()]) as screen:
        assert screen.app.main.current.pane.id == "nodes"
        for expected in ("pods", "autoscalers", "rollouts", "nodes"):
            await screen.press("tab")
            assert screen.app.main.current.pane.id == expected
        await screen.press("5")
        assert "dashboard" in screen.text()
        await screen.press("6")
        assert "ScalingReplicaSet" in screen.text()
        await screen.press("escape")
        assert screen.app.main.current.pane.id == "nodes"


async def test_zoom_makes_one_pane_large_and_back() -> None:
    async with running([plant()], size=(120, 36)) as screen:
        await screen.press("2", "z")
        assert "node-exporter-00003" in screen.text()
        assert "ADDRESS" not in screen.text()
        await screen.press("z")
        assert "1 nodes" in screen.text()


async def test_a_filter_works_while_it_is_typed_and_escape_clears_it() -> None:
    async with running([plant()]) as screen:
        await screen.press("2", "slash", *"weld")
        assert "2 of 18 /weld" in screen.text()
        assert "oven" not in screen.text()
        await screen.press("enter")
        assert screen.app.main.current.table.has_focus
        assert screen.app.main.current.table.settled
        await screen.press("escape")
        assert "oven" in screen.text()
        await screen.press("slash", *"zzz")
        assert "none of 18 rows matches 'zzz'; esc shows all again" in screen.text()


async def test_a_key_typed_ahead_of_a_filter_works_on_the_rows_that_are_left() -> None:
    async with running([plant()]) as screen:
        await screen.press("2")
        for key in ("slash", *"weld", "enter", "enter"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await screen.wait_for(lambda: "\npod weld-5d4b8" in screen.text(), "the page of its pod")


async def test_sorting_cycles_through_the_columns_and_back_to_worst_first() -> None:
    async with running([plant()]) as screen:
        await screen.press("2")
        pane = screen.app.main.current
        seen = []
        for _ in range(20):
            await screen.press("o")
            seen.append(pane.table.sort[0])
            if pane.table.sort[0] is None:
                break
        assert seen[:2] == ["namespace", "name"]
        assert seen[-1] is None
        await screen.press("o", "o")
        assert "NAME↑" in screen.text()
        names = [key.name for key in pane.view.keys]
        assert names == sorted(names)
        await screen.press("O")
        assert "NAME↓" in screen.text()


async def test_stale_rows_keep_their_last_state_and_say_how_old_it_is() -> None:
    async with running([vehicle()]) as screen:
        assert "~ van-17" in screen.text()
        assert "Ready (4m ago)" in screen.text()
        assert "van-17 stale 4m" in screen.text()
        screen.clock.advance(60)
        screen.app.main.tick()
        await screen.pilot.pause()
        assert "Ready (5m ago)" in screen.text()
        assert "van-17 stale 5m" in screen.text()


async def test_each_kind_of_nothing_has_its_own_words() -> None:
    store = Store("plant")
    store.set_link(LinkState(Link.CONNECTING, since=NOW - 9))
    async with running([store]) as screen:
        await screen.press("2")
        states = {
            "waiting for the first list of pods": Freshness(Sync.SYNCING),
            "not allowed to see pods": Freshness(Sync.FORBIDDEN, heard=NOW),
            "pods cannot be read: this cluster does not serve them": Freshness(Sync.ABSENT, heard=NOW),
            "only some namespaces may be seen": Freshness(Sync.LIVE, heard=NOW, partial=True),
            "no pods here": Freshness(Sync.LIVE, heard=NOW),
        }
        for words, state in states.items():
            store.set_freshness("Pod", state)
            await screen.changed()
            assert words in screen.text()
        assert "connecting 9s" in screen.text()
        store.set_freshness("Pod", Freshness(Sync.NEVER))
        store.set_link(LinkState(Link.STALE, since=NOW - 5, sentence="No route to 10.0.0.9."))
        await screen.changed()
        assert "never answered: No route to 10.0.0.9" in screen.text()


async def test_a_cluster_that_refuses_is_explained_where_nothing_else_is_shown() -> None:
    async with running([farm()]) as screen:
        assert "refused, so nothing is known of it (:clusters says why)" in screen.text()
        await screen.press("c")
        assert "does not accept the token of user farm-ops (401)" in screen.text()
        assert "Get a new kubeconfig" in screen.text()


async def test_a_suspect_cache_stands_with_its_cluster_until_it_is_equal_again() -> None:
    store = plant()
    said = "Server cache suspect: 2 Pods (a, b) shown here that the datastore does not have."
    store.set_cache(CacheState(NOW - 40, 21, said, "Restart the API server."))
    async with running([store], size=(120, 24)) as screen:
        await screen.press("c")
        assert screen.line(said).strip() == f"{said}  checked 40s ago"
        assert "Restart the API server." in screen.text()
        store.set_cache(CacheState(NOW, 21))
        screen.app.front.tick()
        await screen.pilot.pause()
        assert "server cache equal to its datastore: 21 rows compared 0s ago" in screen.text()
        assert "suspect" not in screen.text()
        assert "v check server caches" in screen.text()


async def test_many_clusters_are_counted_in_the_header() -> None:
    stores = [many_pods(1, f"site-{at:02d}") for at in range(20)]
    stores[3].set_link(LinkState(Link.STALE, since=NOW - 240, heard=NOW - 240))
    stores[4].set_link(LinkState(Link.BROKEN, since=NOW, sentence="No user in the file."))
    async with running(stores) as screen:
        assert "18 live · site-03 stale 4m · site-04 unusable" in screen.text().splitlines()[0]


async def test_one_cluster_shows_no_cluster_column() -> None:
    async with running([plant()]) as screen:
        assert "CLUSTER" not in screen.text()
    async with running(fleet()) as screen:
        assert "CLUSTER" in screen.text()


async def test_badges_and_read_only_stand_in_the_header() -> None:
    store = plant()
    store.set_badges(("INSECURE TLS",))
    async with running([store, vehicle()], size=(100, 24), read_only=True, badges=("DEMO",)) as screen:
        head = screen.text().splitlines()[0]
        assert "READ-ONLY" in head
        assert "DEMO" in head
        assert "INSECURE TLS plant" in head
        await screen.press("4", "s")
        assert "started read-only" in screen.text()


async def test_rows_held_still_do_not_move_until_let_go() -> None:
    store = many_pods(3)
    async with running([store]) as screen:
        await screen.press("2", "space")
        assert "FROZEN" in screen.text()
        for row in list(store.rows("Pod")):
            store.delete("Pod", row.namespace, row.name, "")
        await screen.changed()
        assert "job-00000" in screen.text()
        await screen.press("space")
        await screen.changed()
        assert "job-00000" not in screen.text()


async def test_the_footer_shows_what_works_on_the_row_and_a_wrong_key_says_so() -> None:
    async with running([plant()]) as screen:
        assert "s scale" not in screen.text()
        await screen.press("s")
        assert "does not work on node plant-agent-3 on plant" in screen.text()
        await screen.press("4")
        assert "s scale  b roll back  t rotate token" in screen.text()


async def test_help_lists_every_action_and_key() -> None:
    async with running([plant()], size=(100, 120)) as screen:
        await screen.press("question_mark")
        for words in (
            "scale:",
            "roll back:",
            "rotate token:",
            "clear the filter",
            "enter",
            "old, still serving",
            "also on an open object  .  y  l  :  f  [ ]  ctrl+y  R  ?",
        ):
            assert words in screen.text()
        assert re.search(r"autoscalers +show the autoscalers", screen.text())
        await screen.press("escape")
        assert screen.app.screen is screen.app.main


async def test_a_deadline_counts_down_only_until_it_has_passed() -> None:
    for status, reason, counted in (
        ("True", "ReplicaSetUpdated", True),
        ("False", "ProgressDeadlineExceeded", False),
    ):
        made = deployment("press", replicas=3, updated=1, progressing=(status, reason))
        async with running([store_of(made)]) as screen:
            await screen.press("4", "enter")
            assert screen.text().splitlines()[1].startswith("deployment press")
            assert ("without progress" in screen.text()) is counted


async def test_details_live_with_the_object_and_say_when_it_is_gone() -> None:
    store = plant()
    async with running([store], size=(100, 50)) as screen:
        await screen.press("4", "enter")
        text = screen.text()
        assert "deployment press   line-2 · plant" in text
        assert "6 desired: 2 not ready · 5 old" in text
        assert "press:2.0" in text
        row = store.get("Deployment", "line-2", "press")
        assert row is not None
        store.delete("Deployment", "line-2", "press", row.uid)
        await screen.changed()
        assert "this deployment no longer exists" in screen.text()
        await screen.press("s")
        assert "Deployment press in line-2 on plant is gone." in screen.text()


@pytest.mark.parametrize("theme", ["ansi", "dark", "light", "high-contrast", "mono"])
async def test_the_theme_changes_live(theme: str) -> None:
    async with running([plant()], theme=theme) as screen:
        assert screen.app.theme_name == theme
        await screen.press("T")
        assert screen.app.theme_name != theme
        assert "theme " in screen.text()


async def test_an_unknown_theme_is_told_in_the_footer() -> None:
    async with running([plant()], theme="blue") as screen:
        assert "There is no theme 'blue'" in screen.text()


async def test_everything_fits_the_screen_at_any_size() -> None:
    for width, height in ((40, 12), (80, 24), (119, 35), (120, 36), (176, 40), (200, 60)):
        async with running(fleet(), size=(width, height)) as screen:
            for key in "123456":
                await screen.press(key)
                strips = screen.app.screen._compositor.render_strips(screen.app.size)
                assert {strip.cell_length for strip in strips} == {width}, (width, key)


def test_every_pane_kind_is_known() -> None:
    from edgetui.model.panes import PANES

    assert {kind for pane in PANES.values() for kind in pane.kinds} <= set(KINDS)


async def test_an_autoscaler_says_why_and_shows_the_minutes_it_was_watched() -> None:
    store = plant()
    async with running([store]) as screen:
        screen.app.samples(None)
        for cpu, version in ((93, 10**9), (120, 10**9 + 1)):
            screen.clock.advance(60)
            more = autoscaler(
                "press", "line-2", bounds=(2, 6), current=6, desired=6, cpu=cpu, conditions=LIMITED
            )
            more["metadata"] |= {"resourceVersion": str(version)}
            store.apply("HorizontalPodAutoscaler", row_of("HorizontalPodAutoscaler", more))
            await screen.changed()
        screen.app.open_detail(ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press"))
        await screen.pilot.pause()
        await screen.changed()
        text = screen.text()
        assert "! ScalingLimited: desired replicas above max 6" in text
        assert "the load asks for 12, 6 is the most allowed" in text
        assert "▇▇" in text or "██" in text
        assert "last 2m, ▅ is the target" in text


async def test_what_nobody_told_of_has_no_number() -> None:
    """Not allowed and not heard are not "none"."""
    store = store_of(pod("press-1", "line-2"))
    for kind in ("Node", "Deployment", "StatefulSet", "DaemonSet"):
        store.set_freshness(kind, Freshness(Sync.FORBIDDEN))
    async with running([store]) as screen:
        tabs = screen.text().splitlines()[1]
        assert " ".join(tabs.split()) == "1 nodes ? 2 pods 1 3 autoscalers 0 4 rollouts ?"
        store.set_freshness("Node", Freshness(Sync.LIVE, heard=NOW))
        await screen.changed()
        assert "1 nodes  0" in screen.text().splitlines()[1]


async def test_a_pane_without_rows_says_why_where_the_rows_would_be() -> None:
    store = plant()
    async with running([store]) as screen:
        await screen.press("2")
        rows = list(store.rows("Pod"))
        store.replace("Pod", ())
        await screen.changed()
        assert screen.text().splitlines()[3].strip() == "no pods here"
        store.replace("Pod", rows)
        await screen.changed()
        assert "no pods here" not in screen.text()
        assert "press-7f9c66" in screen.text().splitlines()[3]


async def test_the_footer_of_a_pane_on_demand_knows_its_cursor() -> None:
    async with running([plant()]) as screen:
        await screen.press("6")
        assert "1 warning" in screen.text()
        assert "1 warnings" not in screen.text()
        assert "no row" not in screen.text()
