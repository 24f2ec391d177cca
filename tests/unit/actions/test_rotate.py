"""A rotation, whatever fails in it: nobody is locked out, and what is left behind is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.credentials import mint, rotate
from edgetui.actions.credentials.verify import CREDENTIAL_ID, Unproven
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import CredentialError, EdgetuiError, KubeconfigError
from edgetui.cluster.target import AuthSettings, ExecConfig
from edgetui.model.expiry import parse_jwt

from .scripted import Answer, Request
from .tokens import DROP, MINT, NAME, OLD, SECRETS, Rotating, rotating


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Rotating]:
    async with rotating(tmp_path) as found:
        yield found


async def rotated(here: Rotating, *siblings: Any) -> Any:
    view = await rotate.prepare(here.session, here.hands.log)
    return await rotate.perform(here.hands.gate, here.session, view, siblings)


async def test_the_new_token_is_in_the_file_and_the_old_one_is_ended(here: Rotating) -> None:
    receipt = await rotated(here)
    assert receipt.ok, receipt.lines
    assert here.in_file != here.issuer.old
    assert here.issuer.signs_in(here.in_file)
    assert not here.issuer.signs_in(here.issuer.old)
    assert len(here.issuer.secrets) == 1
    assert "The old token is refused (401) after" in here.said
    assert "is refused (401)" in receipt.lines[2]
    assert receipt.data["old_refused_after_seconds"] is not None
    assert "shortened" not in here.said
    (written,) = (one for one in here.hands.log.recent() if one["event"] == "file")
    assert (written["path"], written["user"]) == (str(here.file), "kim")
    text = here.hands.log.path.read_text()
    assert here.in_file not in text and here.issuer.old not in text


async def test_an_interruption_while_the_file_is_written_keeps_the_secret_of_the_token_in_it(
    here: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, write = asyncio.get_running_loop(), mint.rewrite_user_token

    def interrupted(*args: Any, **more: Any) -> Any:
        loop.call_soon_threadsafe(running.cancel)
        return write(*args, **more)

    monkeypatch.setattr(mint, "rewrite_user_token", interrupted)
    running = asyncio.ensure_future(rotated(here))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert here.in_file != here.issuer.old
    assert here.issuer.signs_in(here.in_file)
    assert here.issuer.signs_in(here.issuer.old)
    assert f"{here.file} holds the new token, and the old one works too" in here.said


@pytest.mark.parametrize(
    "when", ["Creating Secret", "Requesting a token", "Proving the new token", "New token", "Secret edgetui"]
)
async def test_an_interruption_before_the_file_leaves_the_old_token_and_no_secret(
    here: Rotating, when: str
) -> None:
    def interrupt(step: Any) -> None:
        if step.text.startswith(when) and not running.cancelling():
            running.cancel()

    here.on_step = interrupt
    running = asyncio.ensure_future(rotated(here))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert here.in_file == here.issuer.old
    assert list(here.issuer.secrets) == [OLD]
    assert here.issuer.signs_in(here.in_file)


async def test_a_file_that_cannot_be_read_back_keeps_the_secret_of_the_token_that_may_be_in_it(
    here: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = mint.rewrite_user_token

    def broken(*args: Any, **more: Any) -> Any:
        write(*args, **more)
        here.file.rename(here.file.with_name("away"))
        raise KubeconfigError("The disk failed.")

    monkeypatch.setattr(mint, "rewrite_user_token", broken)
    with pytest.raises(KubeconfigError):
        await rotated(here)
    here.file.with_name("away").rename(here.file)
    assert here.in_file != here.issuer.old
    assert here.issuer.signs_in(here.in_file)


FAULTS: list[tuple[str, str, int]] = [
    ("POST", SECRETS, DROP),
    ("POST", SECRETS, 403),
    ("POST", MINT, DROP),
    ("POST", MINT, 403),
    ("POST", MINT, 500),
]


@pytest.mark.parametrize(("method", "path", "code"), FAULTS)
async def test_what_fails_before_the_file_leaves_the_old_token_and_says_so(
    here: Rotating, method: str, path: str, code: int
) -> None:
    def fault(request: Request) -> Answer | None:
        met = (request.method, request.path) == (method, path) and not request.query.get("dryRun")
        return (code, {}) if met else None

    here.issuer.fault = fault
    with pytest.raises(EdgetuiError) as raised:
        await rotated(here)
    assert here.in_file == here.issuer.old
    assert list(here.issuer.secrets) == [OLD]
    assert "the old token is untouched" in raised.value.advice


@pytest.mark.parametrize(
    "answer", [{}, [], {"status": None}, {"status": {"token": 3}}, {"status": {"token": "x"}}]
)
async def test_an_odd_answer_to_the_token_request_is_a_sentence(here: Rotating, answer: Any) -> None:
    here.issuer.fault = lambda request: (201, answer) if request.path == MINT else None
    with pytest.raises(EdgetuiError) as raised:
        await rotated(here)
    assert list(here.issuer.secrets) == [OLD]
    assert "the old token is untouched" in raised.value.advice


async def test_a_secret_that_cannot_be_taken_away_again_is_named(here: Rotating) -> None:
    def fault(request: Request) -> Answer | None:
        return (500, {}) if request.path == MINT or request.method == "DELETE" else None

    here.issuer.fault = fault
    with pytest.raises(EdgetuiError) as raised:
        await rotated(here)
    (name,) = set(here.issuer.secrets) - {OLD}
    assert f"Secret {name} is left behind in farm" in raised.value.advice
    assert "Nothing was changed" not in str(raised.value)


async def test_a_full_disk_after_the_first_write_names_the_secret_and_claims_nothing(here: Rotating) -> None:
    append = AuditLog.append

    def full(record: Any) -> None:
        if here.issuer.secrets.keys() != {OLD}:
            raise Refusal("The audit record cannot be written (No space left on device).", "Free some space.")
        append(here.hands.log, record)

    here.hands.gate.audit.append = full  # type: ignore[method-assign]
    with pytest.raises(Refusal) as raised:
        await rotated(here)
    (name,) = set(here.issuer.secrets) - {OLD}
    assert "so nothing more is changed" in raised.value.sentence
    assert f"Secret {name} is left behind in farm" in raised.value.advice
    assert here.in_file == here.issuer.old


async def test_who_lacks_a_vital_right_already_can_rotate_all_the_same(here: Rotating) -> None:
    here.server.allows = lambda asked: asked["resource"] not in ("nodes", "deployments")
    assert (await rotated(here)).ok


async def test_a_new_token_with_fewer_rights_is_taken_away_again(here: Rotating) -> None:
    view = await rotate.prepare(here.session)
    asked: list[dict[str, str]] = []

    def allows(attributes: dict[str, str]) -> bool:
        asked.append(attributes)
        return not (
            attributes["resource"] == "nodes" and len([a for a in asked if a["resource"] == "nodes"]) == 2
        )

    here.server.allows = allows
    with pytest.raises(Unproven, match="may not list nodes, which the old one may"):
        await rotate.perform(here.hands.gate, here.session, view)
    assert list(here.issuer.secrets) == [OLD]


class Sibling:
    """Another open session."""

    def __init__(self, here: Rotating, auth: AuthSettings, headers: dict[str, str] | EdgetuiError) -> None:
        self.target = replace(here.session.target, auth=auth)
        self.name, self.credentials = "van", self
        self.moved: list[str] = []
        self.asked = 0
        self._headers = headers

    async def headers(self) -> dict[str, str]:
        self.asked += 1
        if isinstance(self._headers, EdgetuiError):
            raise self._headers
        return self._headers

    def set_token(self, token: str) -> None:
        self.moved.append(token)

    async def reconnect(self, credentials_changed: bool) -> None:
        assert credentials_changed


async def test_only_sessions_with_the_same_token_are_moved_and_no_plugin_is_run(here: Rotating) -> None:
    bearer = {"Authorization": f"Bearer {here.issuer.old}"}
    same = Sibling(here, AuthSettings(token=here.issuer.old), bearer)
    other = Sibling(here, AuthSettings(token="t"), {"Authorization": "Bearer t"})
    plugin = Sibling(here, AuthSettings(exec=ExecConfig("gke")), CredentialError("The plugin failed."))
    broken = Sibling(here, AuthSettings(token="t"), CredentialError("The certificate file is gone."))
    receipt = await rotated(here, same, other, plugin, broken)
    assert receipt.ok, receipt.lines
    assert (same.moved, other.moved, plugin.moved, broken.moved) == ([here.in_file], [], [], [])
    assert plugin.asked == 0


async def test_a_change_over_that_fails_before_the_move_says_which_token_is_used(
    here: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*args: Any) -> None:
        raise Unproven("The server does not accept the new token.")

    monkeypatch.setattr(rotate, "prove", fails)
    receipt = await rotated(here)
    assert not receipt.ok
    text = " ".join(receipt.lines)
    assert "still works; this program is using the old one" in text
    assert here.issuer.signs_in(here.issuer.old) and here.issuer.signs_in(here.in_file)


async def test_a_change_over_that_fails_after_the_move_says_which_token_is_used(here: Rotating) -> None:
    here.issuer.fault = lambda request: (403, {}) if request.method == "DELETE" else None
    receipt = await rotated(here)
    assert not receipt.ok
    assert "still works; this program is using the new one" in " ".join(receipt.lines)


async def test_an_old_token_that_its_deleted_secret_does_not_end_is_said_to_work_still(
    here: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate, "PATIENCE", 0.05)
    here.issuer.fault = lambda request: (200, {}) if request.method == "DELETE" else None
    receipt = await rotated(here)
    assert (receipt.ok, receipt.data["old_refused_after_seconds"]) == (False, None)
    assert "The old token is still accepted" in here.said
    assert "was still accepted" in receipt.lines[2]


@pytest.mark.parametrize("code", [404, DROP])
async def test_an_old_secret_whose_deletion_is_not_answered_is_judged_by_the_token(
    here: Rotating, code: int
) -> None:
    def fault(request: Request) -> Answer | None:
        if request.method != "DELETE":
            return None
        here.issuer.secrets.pop(OLD, None)
        return code, {}

    here.issuer.fault = fault
    receipt = await rotated(here)
    assert receipt.ok, receipt.lines
    assert not here.issuer.signs_in(here.issuer.old)


async def test_secrets_of_killed_rotations_are_named_with_the_way_to_end_them(here: Rotating) -> None:
    here.issuer.left("edgetui-ops-killed-1")
    here.issuer.left("edgetui-ops-killed-2")
    here.issuer.left("edgetui-ops-of-another-machine", by="lee@van")
    view = await rotate.prepare(here.session, here.hands.log)
    said = view.warnings[-1]
    assert "2 Secrets in farm" in said
    assert (
        f"kubectl --kubeconfig {here.file} --context plant -n farm delete secret edgetui-ops-killed-1" in said
    )
    assert "another-machine" not in said


async def test_where_secrets_may_not_be_listed_the_record_names_them(
    here: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.issuer.lists = False

    class Killed(BaseException):
        """Nothing is cleaned up, as after kill -9."""

    async def killed(*args: Any) -> None:
        raise Killed

    view = await rotate.prepare(here.session, here.hands.log)
    assert len(view.warnings) == 1
    with monkeypatch.context() as patch:
        patch.setattr(mint, "prove", killed)
        patch.setattr(mint.Minting, "_take_away", killed)
        patch.setattr("edgetui.actions.gate.gate.Run.ended_by", killed)
        with pytest.raises(Killed):
            await rotate.perform(here.hands.gate, here.session, view)
    (name,) = set(here.issuer.secrets) - {OLD}
    assert name in (await rotate.prepare(here.session, here.hands.log)).warnings[-1]
    assert (await rotated(here)).ok
    assert name in (await rotate.prepare(here.session, here.hands.log)).warnings[-1]


def _user(here: Rotating, username: str, jti: str) -> None:
    """From the second review on the server sees somebody else: the first is about the token in use."""
    seen = 0

    def fault(request: Request) -> Answer | None:
        nonlocal seen
        if not request.path.endswith("/selfsubjectreviews"):
            return None
        seen += 1
        if seen == 1:
            return None
        extra = {CREDENTIAL_ID: [f"JTI={jti}"]} if jti else {}
        return 201, {"status": {"userInfo": {"username": username, "extra": extra}}}

    here.issuer.fault = fault


@pytest.mark.parametrize(
    ("username", "jti", "why"),
    [
        (NAME, "another", "saw another credential than the new token"),
        ("system:anonymous", "", "signs in as system:anonymous"),
    ],
)
async def test_a_new_token_that_is_taken_for_another_is_not_used(
    here: Rotating, username: str, jti: str, why: str
) -> None:
    _user(here, username, jti)
    with pytest.raises(Unproven, match=why):
        await rotated(here)
    assert here.in_file == here.issuer.old
    assert list(here.issuer.secrets) == [OLD]


async def test_a_token_whose_id_the_server_tells_is_proven_by_it(here: Rotating) -> None:
    def fault(request: Request) -> Answer | None:
        if not request.path.endswith("/selfsubjectreviews"):
            return None
        jti = parse_jwt(request.token).jti
        return 201, {"status": {"userInfo": {"username": NAME, "extra": {CREDENTIAL_ID: [f"JTI={jti}"]}}}}

    here.issuer.fault = fault
    assert (await rotated(here)).ok


def _put_in_file(here: Rotating, token: str) -> None:
    here.file.write_text(here.file.read_text().replace(here.in_file, token))


async def test_a_file_that_holds_another_token_than_the_one_in_use_is_not_rotated(here: Rotating) -> None:
    _put_in_file(here, here.issuer.mint(OLD))
    with pytest.raises(Refusal, match="is not the one in use"):
        await rotate.prepare(here.session)


@pytest.mark.parametrize("when", ["Creating Secret", "Writing "])
async def test_a_token_that_somebody_else_writes_meanwhile_is_kept(here: Rotating, when: str) -> None:
    other = here.issuer.mint(OLD)
    here.on_step = lambda step: _put_in_file(here, other) if step.text.startswith(when) else None
    with pytest.raises(Refusal, match="is not the one in use"):
        await rotated(here)
    assert here.in_file == other
    assert list(here.issuer.secrets) == [OLD]


async def test_the_plan_and_the_receipt_say_until_when_tokens_work(here: Rotating) -> None:
    receipt = await rotated(here)
    facts = dict(here.hands.plans[0].facts)
    assert facts["old token"] == "id-00000…, works until 1970-01-01 01:16:40 UTC"
    assert "works until 1970-01-01 01:16:40 UTC" in receipt.lines[1]
    assert receipt.data["new_expires"] == "1970-01-01 01:16:40 UTC"


async def test_a_lifetime_that_the_server_shortens_is_said(here: Rotating) -> None:
    view = await rotate.prepare(here.session)
    receipt = await rotate.perform(here.hands.gate, here.session, replace(view, lifetime=7200))
    assert receipt.ok
    assert "The server shortened it: 1h instead of 2h" in here.said


async def test_many_secrets_that_were_left_are_counted(here: Rotating) -> None:
    for number in range(7):
        here.issuer.left(f"edgetui-ops-{number}")
    said = (await rotate.prepare(here.session)).warnings[-1]
    assert said.startswith("7 Secrets in farm")
    assert "edgetui-ops-4 and 2 more." in said
