"""The reflector's rules one by one, with their numbers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.cluster import errors
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.reflector_samples import INPUTS, NOW, Fixed, row, sample, status

FIXED = Fixed()


def run(state: r.State, *inputs: r.Input, at: float = NOW) -> tuple[r.State, list[r.Effect]]:
    effects: list[r.Effect] = []
    for happened in inputs:
        state, more = step(state, happened, at, FIXED)
        effects += more
    return state, effects


def query(effects: list[r.Effect]) -> dict[str, str]:
    return next(e.query for e in effects if isinstance(e, (r.OpenWatch, r.OpenList)))


def test_the_streaming_list_asks_for_all_that_makes_it_one() -> None:
    _, effects = run(r.State(link_up=True), r.Shown())
    assert query(effects) == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "timeoutSeconds": "450",
    }


def test_a_resumption_asks_for_its_version_and_for_no_initial_events() -> None:
    _, effects = run(sample(r.Phase.BACKOFF), r.Tick())
    assert query(effects) == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": "100",
        "timeoutSeconds": "450",
    }


def test_no_version_is_taken_from_initial_events() -> None:
    state, _ = run(sample(r.Phase.STREAMING), r.Changes([("ADDED", row(rv="999"))]))
    assert state.rv == ""
    state, _ = run(state, r.Bookmark("130", initial_end=True))
    assert (state.phase, state.rv) == (r.Phase.WATCHING, "130")


@pytest.mark.parametrize(
    ("known", "came", "kept"), [("100", "120", "120"), ("100", "99", "100"), ("a", "b", "b")]
)
def test_versions_only_move_forward_where_they_can_be_compared(known: str, came: str, kept: str) -> None:
    state, _ = run(replace(sample(r.Phase.WATCHING), rv=known), r.Changes([("MODIFIED", row(rv=came))]))
    assert state.rv == kept


def test_a_list_that_is_paged_watches_from_its_first_page() -> None:
    state, effects = run(
        sample(r.Phase.LISTING),
        r.Page([row("a")], "50", "t1"),
        r.Page([row("b")], "50", "t2"),
        r.Page([], "60"),
    )
    assert state.rv == "50"
    assert [e.query.get("continue") for e in effects if isinstance(e, r.OpenList)] == ["t1", "t2"]
    assert query([e for e in effects if isinstance(e, r.OpenWatch)])["resourceVersion"] == "50"


def test_an_expired_continue_token_leads_to_one_list_without_pages() -> None:
    state, _ = run(
        replace(sample(r.Phase.LISTING), streaming=False), r.Page([row()], "50", "t"), INPUTS["410"]
    )
    assert state.phase is r.Phase.BACKOFF
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert query(effects) == {}
    state, _ = run(state, r.Page([], "70"), at=state.opened)
    assert state.paged


def stalled(state: r.State) -> tuple[r.State, list[r.Effect]]:
    """A streaming list falls silent, and the LIST in its place succeeds."""
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert state.phase is r.Phase.LISTING
    assert not any(isinstance(e, r.NoWatchList) for e in effects)
    return run(state, r.Page([], "50"))


def test_one_stall_leads_to_list_this_once_and_the_next_list_streams_again() -> None:
    state, effects = stalled(sample(r.Phase.STREAMING))
    assert not any(isinstance(e, r.NoWatchList) for e in effects)
    state, effects = run(state, INPUTS["Reinit"])
    assert "sendInitialEvents" in query(effects)
    state, _ = run(state, r.Sent(), r.Head(), r.Bookmark("60", initial_end=True))
    assert state.stalls == 0


def test_two_stalls_in_a_row_mean_that_there_are_no_streaming_lists() -> None:
    state, _ = stalled(sample(r.Phase.STREAMING))
    state, _ = run(state, INPUTS["Reinit"])
    state, effects = stalled(run(state, r.Sent(), r.Head())[0])
    assert any(isinstance(e, r.NoWatchList) for e in effects)
    assert not state.streaming
    assert "sendInitialEvents" not in query(run(state, INPUTS["Reinit"])[1])
    again, _ = run(state, r.Learned(streaming=True, bookmarks=True))
    assert "sendInitialEvents" in query(run(again, INPUTS["Reinit"])[1]), "after a while it is tried again"


@pytest.mark.parametrize("name", ["400", "410"])
def test_another_refusal_of_a_streaming_list_is_no_lesson_for_the_next(name: str) -> None:
    state, _ = run(sample(r.Phase.STREAMING), INPUTS[name])
    state, _ = run(state, r.Tick(), at=state.wake_at)
    if state.phase is r.Phase.LISTING:
        state, _ = run(state, r.Page([], "50"))
    assert state.streaming


def test_silence_is_not_remembered_if_the_list_fails_as_well() -> None:
    state, _ = run(sample(r.Phase.STREAMING), r.Tick(), INPUTS["500"])
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert state.phase is r.Phase.STREAMING
    assert "sendInitialEvents" in query(effects)


def test_ten_failures_give_growing_delays_up_to_half_a_minute() -> None:
    state, delays, now = sample(r.Phase.STREAMING), [], NOW
    for _ in range(10):
        state, _ = run(state, INPUTS["500"], at=now)
        delays.append(state.wake_at - now)
        now = state.wake_at
        state, _ = run(state, r.Tick(), at=now)
    assert delays == sorted(delays)
    assert delays[0] == pytest.approx(0.15)
    assert delays[-1] == pytest.approx(22.5)
    assert sum(delay for delay in delays[:6]) > 9.0


def test_a_list_that_succeeds_is_no_progress_if_its_watch_fails_at_once() -> None:
    state, now, tries = replace(sample(r.Phase.STREAMING), streaming=False), NOW, 0
    state, _ = run(state, INPUTS["410"])
    while now < NOW + 11.0:
        now = state.wake_at
        state, _ = run(state, r.Tick(), r.Page([], "50"), r.Head(), INPUTS["410"], at=now)
        tries += 1
    assert tries <= 8


def test_failures_are_forgotten_after_a_steady_while() -> None:
    state = replace(sample(r.Phase.WATCHING), failures=7, steady_since=NOW - 3.0)
    assert run(state, INPUTS["Link"])[0].failures == 1
    assert run(state, INPUTS["500"])[0].failures == 8
    assert run(replace(state, steady_since=NOW - 31.0), INPUTS["500"])[0].failures == 1


def test_retry_after_is_honoured_within_reason() -> None:
    assert run(sample(r.Phase.WATCHING), INPUTS["429"])[0].wake_at == NOW + 7.0
    forever = status(errors.Throttled, 429, retry_after=1e9)
    assert run(sample(r.Phase.WATCHING), forever)[0].wake_at == NOW + 300.0


def test_410_lists_again_and_keeps_the_rows() -> None:
    state, effects = run(sample(r.Phase.WATCHING), INPUTS["410"])
    assert (state.rv, state.synced) == ("", True)
    assert not any(isinstance(e, r.Clear) for e in effects)
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert state.phase is r.Phase.STREAMING
    assert state.shown is not None
    assert state.shown.sync is Sync.STALE


def test_a_version_from_the_future_lists_again_after_the_time_the_server_asked_for() -> None:
    state, _ = run(sample(r.Phase.RESUMING), INPUTS["504 too large"])
    assert (state.rv, state.phase) == ("", r.Phase.BACKOFF)
    assert state.wake_at >= NOW + 1.0
    assert run(sample(r.Phase.RESUMING), INPUTS["500"])[0].rv == "100"


def test_a_streaming_list_that_ends_in_good_order_without_its_bookmark_gives_list_a_trial() -> None:
    state, _ = run(sample(r.Phase.STREAMING), r.StreamEnded(clean=True))
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert state.phase is r.Phase.LISTING
    state, _ = run(sample(r.Phase.STREAMING), r.StreamEnded(clean=False))
    state, effects = run(state, r.Tick(), at=state.wake_at)
    assert "sendInitialEvents" in query(effects)


def test_403_and_404_must_last_before_rows_are_given_up() -> None:
    for name, verdict in (("403", Sync.FORBIDDEN), ("404", Sync.ABSENT)):
        state, now = sample(r.Phase.WATCHING), NOW
        state, _ = run(state, INPUTS[name], at=now)
        while state.phase is r.Phase.BACKOFF:
            assert state.synced
            now = state.wake_at
            state, _ = run(state, r.Tick(), INPUTS[name], at=now)
        assert 5.0 <= now - NOW <= 8.0
        assert state.verdict is verdict


def test_a_403_that_passes_is_forgotten() -> None:
    state, _ = run(sample(r.Phase.WATCHING), INPUTS["403"])
    state, _ = run(state, r.Tick(), r.Head(), r.Bookmark("140"), at=state.wake_at)
    assert state.denied_since == r.NEVER
    assert state.phase is r.Phase.WATCHING


def test_a_denied_collection_is_asked_again_more_and_more_rarely() -> None:
    state, waits, now = r.State(link_up=True), [], NOW
    state, _ = run(state, r.Shown())
    for _ in range(5):
        state, _ = run(state, INPUTS["403"], at=now)
        assert state.shown is not None
        assert state.shown.sync is Sync.FORBIDDEN
        waits.append(state.wake_at - now)
        now = state.wake_at
        state, _ = run(state, r.Tick(), at=now)
    assert waits == pytest.approx([2.85, 28.5, 114.0, 114.0, 114.0])


def test_one_renewal_per_401_and_then_it_is_shown() -> None:
    state, effects = run(sample(r.Phase.WATCHING), INPUTS["401"], r.Refreshed(changed=True), INPUTS["401"])
    assert sum(isinstance(e, r.RefreshCredentials) for e in effects) == 1
    assert any(isinstance(e, r.AuthNeeded) for e in effects)
    assert (state.phase, state.link_up) == (r.Phase.WAITING, False)


def test_a_plugin_that_fails_is_the_reason_that_is_shown() -> None:
    failed = errors.CredentialError("The plugin aws says: expired session.")
    _, effects = run(sample(r.Phase.WATCHING), INPUTS["401"], r.Refreshed(changed=False, error=failed))
    assert r.AuthNeeded(failed) in effects


def test_silence_is_suspect_after_75_s_and_listed_again_after_the_verdict() -> None:
    state = replace(sample(r.Phase.WATCHING), heard=NOW - 75.0)
    state, effects = run(state, r.Tick())
    assert any(isinstance(e, r.Suspect) for e in effects)
    assert state.shown is not None
    assert state.shown.sync is Sync.STALE
    state, effects = run(state, r.LinkUp())
    assert "sendInitialEvents" in query(effects)


def silent_for_long() -> r.State:
    """A watch at version 100 whose silence is reported."""
    return run(replace(sample(r.Phase.WATCHING), heard=NOW - 75.0), r.Tick())[0]


def test_a_silent_watch_is_resumed_where_the_server_proves_that_it_has_reached_its_version() -> None:
    state, effects = run(silent_for_long(), r.Identified("100"), r.LinkUp())
    assert query(effects)["resourceVersion"] == "100"
    assert sum(isinstance(e, (r.OpenWatch, r.OpenList)) for e in effects) == 1
    assert (state.shown and state.shown.sync) is Sync.STALE
    state, _ = run(state, r.Head())
    state, _ = run(state, r.Tick(), at=state.wake_at)
    assert (state.phase, state.shown and state.shown.sync) == (r.Phase.WATCHING, Sync.LIVE)


@pytest.mark.parametrize(
    ("silence", "bookmarks", "resumed"), [(64.0, True, False), (65.0, True, True), (65.0, False, False)]
)
def test_the_proof_that_one_watch_asked_for_does_for_those_whose_bookmark_is_late(
    silence: float, bookmarks: bool, resumed: bool
) -> None:
    late = replace(sample(r.Phase.WATCHING), heard=NOW - silence, bookmarks=bookmarks)
    state, _ = run(late, r.Identified("100"))
    assert (state.phase is r.Phase.RESUMING) is resumed


@pytest.mark.parametrize("newest", ["99", "", "opaque"])
def test_a_silent_watch_is_listed_again_without_that_proof(newest: str) -> None:
    _, effects = run(silent_for_long(), r.Identified(newest), r.LinkUp())
    assert "sendInitialEvents" in query(effects)


@pytest.mark.parametrize(
    ("between", "listed"),
    [((), True), ((r.Bookmark("130"),), False), ((INPUTS["Changes"],), False), ((r.Heard(),), False)],
    ids=["nothing", "a bookmark", "a change", "bytes"],
)
def test_a_second_silence_is_answered_by_a_list_unless_something_came_between(
    between: tuple[r.Input, ...], listed: bool
) -> None:
    state, _ = run(silent_for_long(), r.Identified("100"), r.Head())
    state, _ = run(state, r.Tick(), at=state.wake_at)
    state, _ = run(state, *between)
    state, effects = run(state, r.Tick(), at=NOW + 76.0)
    assert any(isinstance(e, r.Suspect) for e in effects)
    _, effects = run(state, r.Identified("130"), r.LinkUp(), at=NOW + 76.0)
    assert ("sendInitialEvents" in query(effects)) is listed


def test_silence_is_nothing_where_the_server_sends_no_bookmarks() -> None:
    state = replace(sample(r.Phase.WATCHING), bookmarks=False, heard=NOW - 290.0)
    _, effects = run(state, r.Tick())
    assert effects == []


def test_a_stream_that_outlives_its_own_timeout_is_dead() -> None:
    state = replace(sample(r.Phase.WATCHING), bookmarks=False, expires=NOW)
    assert run(state, r.Tick())[0].phase is r.Phase.BACKOFF


def test_an_open_stream_turns_stale_when_it_is_quiet_while_the_link_is_down() -> None:
    state, _ = run(replace(sample(r.Phase.WATCHING), heard=NOW - 5.0), r.LinkDown("refused"))
    state, _ = run(state, r.Tick(), at=NOW + 14.0)
    assert not state.silent
    state, _ = run(state, r.Tick(), at=NOW + 15.0)
    assert state.silent
    state, _ = run(state, r.Heard(), at=NOW + 16.0)
    assert not state.silent


def test_a_resumption_is_live_only_when_it_has_caught_up() -> None:
    state, _ = run(sample(r.Phase.BACKOFF), r.Tick(), r.Head())
    assert state.shown is not None
    assert state.shown.sync is Sync.STALE
    state, _ = run(state, r.Tick(), at=state.wake_at)
    assert state.phase is r.Phase.WATCHING
    assert state.wake_at > NOW + 60.0


def test_an_outage_of_two_minutes_is_never_resumed() -> None:
    waiting = sample(r.Phase.WAITING)
    assert run(waiting, r.LinkUp(NOW - 119.0))[0].phase is r.Phase.RESUMING
    state, _ = run(waiting, r.LinkUp(NOW - 120.0))
    assert (state.phase, state.forked) == (r.Phase.STREAMING, True)
    _, effects = run(state, r.Bookmark("5", initial_end=True))
    assert r.Replace(forked=True) in effects


def test_waiting_for_the_link_is_never_called_live() -> None:
    state, _ = run(replace(sample(r.Phase.WATCHING), link_up=False), r.StreamEnded(clean=True))
    assert state.phase is r.Phase.WAITING
    assert state.shown is not None
    assert state.shown.sync is Sync.STALE


def test_moving_heard_is_told_every_few_seconds_only() -> None:
    state, now, told = sample(r.Phase.WATCHING), NOW, 0
    for _ in range(100):
        now += 0.1
        state, effects = run(state, r.Changes([("MODIFIED", row())]), at=now)
        told += sum(isinstance(e, r.SetFreshness) for e in effects)
    assert 1 <= told <= 3


def test_a_refusal_soon_after_an_outage_does_not_count_even_if_nothing_was_ever_seen() -> None:
    never = replace(sample(r.Phase.WAITING), synced=False, rv="")
    state, _ = run(never, r.LinkUp(NOW - 9.0), INPUTS["403"])
    assert (state.phase, state.verdict) == (r.Phase.BACKOFF, None)
    state, _ = run(state, r.Tick(), INPUTS["403"], at=NOW + 4.9)
    assert state.phase is r.Phase.BACKOFF
    state, _ = run(state, r.Tick(), INPUTS["403"], at=NOW + 5.7)
    assert state.verdict is Sync.FORBIDDEN
    first, _ = run(never, r.LinkUp(), INPUTS["403"])
    assert first.verdict is Sync.FORBIDDEN


def test_a_stream_that_ended_early_and_without_an_event_has_failed() -> None:
    lived = replace(sample(r.Phase.WATCHING), opened=NOW - 40.0, events=0)
    assert run(lived, r.StreamEnded(clean=True))[0].phase is r.Phase.BACKOFF
    assert run(replace(lived, events=1), r.StreamEnded(clean=True))[0].phase is r.Phase.RESUMING
    on_time = replace(lived, expires=NOW + 20.0)
    assert run(on_time, r.StreamEnded(clean=True))[0].phase is r.Phase.RESUMING


def listed(rows: int, seconds: float, *, packed: bool = True) -> r.State:
    """After a streaming list of so many rows that took so long."""
    state, _ = run(replace(sample(r.Phase.STREAMING), opened=NOW, events=0), r.Head(packed))
    state, _ = run(state, r.Changes([("ADDED", row(str(n))) for n in range(rows)]))
    return run(state, r.Bookmark("130", initial_end=True), at=NOW + seconds)[0]


def reopened(state: r.State, events: int) -> tuple[r.State, list[r.Effect]]:
    """After so many events, a few bookmarks, and an end in good order."""
    state, _ = run(state, *[r.Bookmark("130")] * 8, at=NOW + 10.0)
    if events:
        state, _ = run(state, r.Changes([("MODIFIED", row())] * events), at=NOW + 50.0)
    return run(state, r.StreamEnded(clean=True), at=NOW + 60.0)


@pytest.mark.parametrize(
    ("rows", "seconds", "packed", "events", "anew"),
    [
        (100, 5.0, True, 10, True),
        (100, 5.0, True, 8, False),
        (1900, 100.0, True, 200, True),
        (1900, 100.0, True, 150, False),
        (1900, 0.6, True, 9000, False),
        (3, 0.4, True, 9000, False),
        (3, 0.6, True, 1, True),
        (3, 0.6, True, 0, False),
        (100, 5.0, False, 500, False),
    ],
)
def test_a_thin_link_begins_anew_where_that_costs_fewer_bytes_than_to_resume(
    rows: int, seconds: float, packed: bool, events: int, anew: bool
) -> None:
    state, effects = reopened(listed(rows, seconds, packed=packed), events)
    assert ("sendInitialEvents" in query(effects)) == anew
    assert state.shown is not None
    assert (state.shown.sync is Sync.STALE) == anew


def test_a_server_without_streaming_lists_is_resumed_whatever_the_link() -> None:
    state, _ = run(listed(100, 5.0), r.Learned(streaming=False, bookmarks=True))
    assert query(reopened(state, 500)[1])["resourceVersion"]


def test_after_a_sleep_a_stream_is_believed_when_it_speaks_and_opened_again_when_it_does_not() -> None:
    slept, _ = run(sample(r.Phase.WATCHING), r.Woke(60.0))
    assert slept.shown is not None
    assert (slept.shown.sync, slept.shown.reason) == (Sync.STALE, "this machine slept for 60 s")
    spoke, _ = run(slept, r.Changes([("MODIFIED", row())]), r.LinkUp())
    assert (spoke.phase, spoke.silent) == (r.Phase.WATCHING, False)
    assert query(run(slept, r.LinkUp())[1])["resourceVersion"] == "100"
    long, _ = run(sample(r.Phase.WATCHING), r.Woke(120.0))
    assert "sendInitialEvents" in query(run(long, r.LinkUp())[1])
    assert "sendInitialEvents" in query(run(long, r.Reinit("another history"))[1])


def recalled(version: str = "100") -> r.State:
    """A resumption of an earlier run whose watch was accepted."""
    state, _ = run(r.State(), r.Shown(), r.Recalled(version), r.LinkUp(), r.Sent(), r.Head())
    return state


def test_a_version_of_an_earlier_run_is_watched_from_and_counts_when_the_cluster_has_reached_it() -> None:
    state, effects = run(r.State(), r.Shown(), r.Recalled("100"), r.LinkUp())
    assert query(effects)["resourceVersion"] == "100"
    caught_up, _ = run(recalled(), r.Tick(), at=NOW + 5.0)
    assert caught_up.shown is not None
    assert (caught_up.phase, caught_up.shown.sync) == (r.Phase.RESUMING, Sync.STALE)
    proven, _ = run(caught_up, r.Identified("100"), r.Tick(), at=NOW + 5.0)
    assert proven.shown is not None
    assert (proven.phase, proven.shown.sync, proven.rv) == (r.Phase.WATCHING, Sync.LIVE, "100")
    early, _ = run(state, r.Identified("130"), r.Sent(), r.Head())
    assert run(early, r.Tick(), at=NOW + 1.0)[0].phase is r.Phase.WATCHING


@pytest.mark.parametrize("newest", ["99", "", "abc"])
def test_a_cluster_that_has_not_certainly_reached_it_is_listed(newest: str) -> None:
    state, effects = run(recalled(), r.Identified(newest))
    assert "sendInitialEvents" in query(effects)
    assert state.forked
    shut, _ = run(r.State(), r.Shown(), r.Recalled("100"), r.Identified(newest))
    assert (shut.rv, shut.forked) == ("", True)


def test_a_bookmark_does_not_prove_which_cluster_it_is_and_no_answer_leads_to_a_list() -> None:
    state, _ = run(recalled(), r.Changes([("MODIFIED", row())]), r.Bookmark("130"))
    assert (state.phase, state.rv) == (r.Phase.RESUMING, "130")
    state, _ = run(state, r.Tick(), at=NOW + 5.0)
    assert state.phase is r.Phase.RESUMING
    _, effects = run(state, r.Tick(), at=NOW + 20.0)
    assert "sendInitialEvents" in query(effects)


def test_a_version_that_was_forgotten_meanwhile_is_listed_without_any_proof() -> None:
    state, _ = run(recalled(), INPUTS["410"])
    _, effects = run(state, r.Tick(), at=NOW + 1.0)
    assert "sendInitialEvents" in query(effects)


def test_a_version_that_comes_when_a_list_is_on_its_way_is_left_alone() -> None:
    state, _ = run(r.State(link_up=True), r.Shown(), r.Recalled("100"))
    assert (state.phase, state.rv, state.unproven) == (r.Phase.STREAMING, "", False)


@pytest.mark.parametrize(("rows", "thin", "anew"), [(5, True, True), (500, True, False), (5, False, False)])
def test_a_resumed_watch_on_a_thin_link_begins_anew_once_its_plain_events_cost_more_than_a_list(
    rows: int, thin: bool, anew: bool
) -> None:
    waiting, _ = run(r.State(), r.Shown(), r.Recalled("100", rows, thin), r.LinkUp(), r.Sent(), r.Head())
    watching, _ = run(waiting, r.Identified("100"), r.Tick(), at=NOW + 1.0)
    assert watching.phase is r.Phase.WATCHING
    after, effects = run(watching, r.Changes([("MODIFIED", row())]), at=NOW + 60.0)
    assert isinstance(effects[0], r.Apply)
    assert (after.phase is r.Phase.STREAMING) == anew
    if anew:
        assert "sendInitialEvents" in query(effects)
        assert after.shown is not None
        assert after.shown.reason.startswith("listing again")
