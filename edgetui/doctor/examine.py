"""One cluster, asked step by step until one of them stops the others."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, KubeconfigError, TlsError
from edgetui.cluster.http import endpoint as endpoints
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.dialer import Dialer
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.target import ClusterTarget
from edgetui.doctor import asking
from edgetui.doctor.step import DNS, FILE, PLUGIN, PROXY, TCP, TLS, USER, State, Step
from edgetui.model.expiry import CertificateFacts, certificate_dates, parse_jwt
from edgetui.model.text import clean, duration

SOON = 30 * 86_400
"""Seconds before its end from which on a credential or a certificate is worth a notice."""
MOST_SECONDS = 60.0
"""For one cluster in all, whatever its steps wait for."""


class Stopped(Exception):
    """A step went wrong, and none after it can be tried."""


async def examine(
    target: ClusterTarget, timeout: float, loaded: float, clock: Callable[[], float] = time.time
) -> list[Step]:
    """The steps that were tried; `timeout` is seconds for each, `loaded` what reading the files took."""
    examination = Examination(target, timeout, clock)
    with suppress(Stopped, TimeoutError):
        async with asyncio.timeout(MOST_SECONDS):
            await examination.run(loaded)
    await examination.close()
    return examination.steps


class Examination:
    """The steps of one cluster so far, and what they were tried with."""

    def __init__(self, target: ClusterTarget, timeout: float, clock: Callable[[], float]) -> None:
        self.target = target
        self.timeout = timeout
        self.clock = clock
        self.steps: list[Step] = []
        self.credentials = Credentials(target, clock)
        self.transport: Transport | None = None

    async def run(self, loaded: float) -> None:
        """All steps. Raises Stopped."""
        self._file(loaded)
        await self._user()
        await self._plugin()
        await self._connect()
        self.transport = Transport(self.target, self.credentials)
        await asking.ask_server(self, Api(self.transport, self.credentials))

    async def close(self) -> None:
        """Let go of connections and of a plugin that still runs."""
        if self.transport is not None:
            self.transport.close()
        await self.credentials.close()

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step to be tried inside. Raises Stopped where it went wrong."""
        step = Step(name)
        self.steps.append(step)
        begun = time.monotonic()
        try:
            yield step
        except EdgetuiError as error:
            step.wrong(error.sentence, error.next_step)
        except TimeoutError:
            step.wrong(f"It did not end within {self.timeout:.0f} s.", "Allow more with --timeout.")
        finally:
            step.seconds = time.monotonic() - begun
        if step.state is State.WRONG:
            raise Stopped

    def _file(self, loaded: float) -> None:
        error = self.target.error
        with self.step(
            USER if isinstance(error, KubeconfigError) and error.about == "user" else FILE
        ) as step:
            if error is not None:
                raise error
            step.text = f"context {clean(self.target.context, 60)}, {clean(self.target.server, 100)}"
        self.steps[-1].seconds = loaded

    async def _user(self) -> None:
        auth = self.target.auth
        with self.step(USER) as step:
            if auth.exec is None and auth.auth_provider is None:
                await self._obtain()
            user = clean(self.target.user_name, 60)
            step.text = f"{auth.way} of {user}"
            self._say_its_end(step)

    def _say_its_end(self, step: Step) -> None:
        auth, ends = self.target.auth, 0
        with suppress(OSError, ValueError):
            pem = auth.client_certificate
            if pem is None and auth.client_certificate_file is not None:
                pem = auth.client_certificate_file.read_bytes()
            ends = certificate_dates(pem).not_after if pem is not None else parse_jwt(auth.token).expires or 0
        if ends:
            self._say_end(step, step.text, ends, "Renew it before that.")

    def _say_end(self, step: Step, what: str, ends: int, next_step: str) -> None:
        left = ends - self.clock()
        day = time.strftime("%Y-%m-%d", time.gmtime(ends))
        if left < 0:
            step.notice(f"{what}, ended {duration(-left)} ago ({day})", next_step)
        elif left < SOON:
            step.notice(f"{what}, ends in {duration(left)} ({day})", next_step)
        else:
            step.text = f"{what}, until {day}"

    async def _plugin(self) -> None:
        auth = self.target.auth
        with self.step(PLUGIN) as step:
            if auth.exec is None and auth.auth_provider is None:
                step.skipped("none")
                return
            name = auth.exec.command.rpartition("/")[2] if auth.exec else auth.auth_provider.name  # type: ignore[union-attr]
            step.text = clean(name, 60)
            try:
                await self._obtain()
            except TimeoutError:
                step.wrong(
                    f"{clean(name, 60)} did not end within {self.timeout:.0f} s.",
                    self.credentials.waiting_for[1] or "Check the way to the identity provider.",
                )
            else:
                if notice := self.credentials.notice:
                    step.notice(notice)

    async def _obtain(self) -> None:
        """Everything that the kubeconfig's user stands for. Raises CredentialError, TimeoutError."""
        async with asyncio.timeout(self.timeout):
            await self.credentials.headers()
        if self.target.server.startswith("https://"):
            with suppress(TlsError):  # the authority is no part of the user: it is told with TLS
                self.credentials.ssl_context()

    async def _connect(self) -> None:
        """From the name of the server to a secured connection; the dialer says when it begins which part."""
        endpoint = endpoints.parse(self.target.server, self.target.tls.server_name, self.target.proxy_url)
        loop = asyncio.get_running_loop()
        dialer = Dialer(endpoint, loop, Counters())
        parts = Parts(self.steps, proxied=endpoint.proxy is not None)
        dialer.on_step = parts.begin
        if endpoint.proxy is not None:
            for name in (DNS, TCP):
                self.steps.append(Step(name, State.SKIPPED, f"left to {endpoint.proxy.where}"))
        context = None
        if endpoint.tls:
            try:
                context = self.credentials.ssl_context()
            except EdgetuiError as error:
                self.steps.append(Step(TLS, State.WRONG, error.sentence, error.next_step))
                raise Stopped from None
        try:
            sock = await dialer.dial(context, None, self.timeout)
        except EdgetuiError as error:
            parts.fail(error)
            raise Stopped from None
        if endpoint.proxy is None:
            self.steps.append(Step(PROXY, State.SKIPPED, "none"))
        parts.end()
        try:
            self._judge(sock)
        finally:
            sock.close()

    def _judge(self, sock: object) -> None:
        """What is to be said of the secured connection."""
        if not isinstance(sock, ssl.SSLSocket):
            self.steps.append(
                Step(
                    TLS,
                    State.NOTICE,
                    "none: what is sent can be read and changed on the way, and no credentials are sent",
                    "Write https:// in `server:` if the server has it.",
                )
            )
            return
        step = next(step for step in self.steps if step.name == TLS)
        facts: CertificateFacts | None = None
        with suppress(ValueError):
            facts = certificate_dates(sock.getpeercert(binary_form=True) or b"")
        step.text = sock.version() or ""
        if facts is not None:
            what = f"{step.text}, certificate {clean(facts.common_name or facts.issuer, 60)}"
            self._say_end(step, what, facts.not_after, "Renew the server's certificate on its host.")
        if self.target.tls.insecure:
            step.notice(
                f"{step.text}, not checked: the kubeconfig says insecure-skip-tls-verify",
                "Put certificate-authority-data in its place.",
            )


class Parts:
    """Turns what the dialer says into steps with their times."""

    def __init__(self, steps: list[Step], *, proxied: bool) -> None:
        self._steps = steps
        self._proxied = proxied
        self._begun = time.monotonic()
        self._now: Step | None = None

    def begin(self, name: str) -> None:
        """This part begins, so the one before it is done. The whole way to a proxy is one part."""
        name = PROXY if self._proxied and name in (DNS, TCP) else name
        if self._now is not None and self._now.name == name:
            return
        self.end()
        self._begun = time.monotonic()
        self._now = Step(name)
        self._steps.append(self._now)

    def end(self) -> None:
        """The part that was begun is done."""
        if self._now is not None:
            self._now.seconds = time.monotonic() - self._begun

    def fail(self, error: EdgetuiError) -> None:
        """The part that was begun is what went wrong."""
        self.end()
        if self._now is not None:
            self._now.wrong(error.sentence, error.next_step)
