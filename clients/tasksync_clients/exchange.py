"""Requests that get their answer: retries, renewed tokens, counted calls, typed errors."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tasksync_clients.addresses import Setting
from tasksync_clients.errors import AuthenticationFailed, ClientError, LostAnswer, Unreachable
from tasksync_clients.recovery import Recovery
from tasksync_clients.tokens import Token, Tokens
from tasksync_clients.transport import Answer, Ask, Silence, Transport
from tasksync_clients.waiting import ATTEMPTS, before_retry

_LOGGER = logging.getLogger(__name__)
_UNAUTHORIZED: Final = 401
_SERVER_FAULT: Final = 500
_MOST_RENEWALS: Final = 4


class Dialect(Protocol):
    """How a service says that something failed."""

    address: Setting
    """The setting that holds the service's address."""

    def failure(self, answer: Answer) -> tuple[ClientError, Recovery]:
        """Turn an answer that is no success into the error and what to do about it."""


class Meter(Protocol):
    """Counts calls against what the service allows; several threads use it at once."""

    def begin(self) -> None:
        """Count a call that is about to be made.

        Raises:
            ClientError: it may not be made.
        """

    def end(self, answer: Answer | None) -> None:
        """Take in the call's answer, a failure included; None: there was none."""


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ClientError
    again: bool
    headers: Mapping[str, str]
    unauthorized: bool = False


class Exchange:
    """Makes requests of one service until they are answered or the failure is final; safe for several threads."""

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        dialect: Dialect,
        retry_delay: float,
        meter: Meter | None = None,
    ) -> None:
        """Take the parts; nothing is sent yet."""
        self._transport = transport
        self._tokens = tokens
        self._dialect = dialect
        self._retry_delay = retry_delay
        self._meter = meter
        self._lock = threading.Lock()
        self._calls = 0

    @property
    def calls(self) -> int:
        """How many requests went out, repeated ones included: the service counts each."""
        return self._calls

    def call(self, ask: Ask) -> Answer:
        """Make a request and give its answer, which is a success.

        A refused token is renewed once. Server faults and lost answers are repeated with back-off where the request
        is repeatable, "too many requests" always.

        Raises:
            ClientError: as `errors` draws it.
        """
        attempt = 0
        token = self._tokens.current()
        renewals = _Renewals(self._tokens)
        while True:
            outcome = self._send(ask, token)
            failure = self._failure(ask, outcome)
            if failure is None:
                assert isinstance(outcome, Answer)  # noqa: S101 - a silence is always a failure
                return outcome
            if failure.unauthorized:
                token = renewals.after(token, failure.error)
                continue
            attempt += 1
            if not failure.again or attempt >= ATTEMPTS:
                raise failure.error
            self._wait(ask, attempt, failure)

    def _send(self, ask: Ask, token: Token) -> Answer | Silence:
        if self._meter:
            self._meter.begin()
        sent, answer = True, None
        try:
            outcome = self._transport.send(ask, token)
            answer = outcome if isinstance(outcome, Answer) else None
            sent = isinstance(outcome, Answer) or outcome.sent
        finally:
            with self._lock:
                self._calls += sent
            if self._meter:
                self._meter.end(answer)
        return outcome

    def _wait(self, ask: Ask, attempt: int, failure: _Failure) -> None:
        seconds = before_retry(self._retry_delay, attempt - 1, failure.headers)
        said = failure.error.code or failure.error.status or "no answer"
        _LOGGER.info("%s: %s said %s; asking again in %.1f s", self._transport.service, ask, said, seconds)
        time.sleep(seconds)

    def _failure(self, ask: Ask, outcome: Answer | Silence) -> _Failure | None:
        if isinstance(outcome, Silence):
            # Attempts to connect were repeated below; what is left to repeat is a request whose answer got lost.
            return _Failure(self._silence(ask, outcome), again=outcome.sent and ask.repeatable, headers={})
        if outcome.status in range(200, 300):
            return None
        error, recovery = self._dialect.failure(outcome)
        again = recovery is Recovery.RETRY_NOW
        if outcome.status >= _SERVER_FAULT and not ask.repeatable:
            error, again = self._lost(ask, outcome.host, f"it answered HTTP {outcome.status}"), False
        return _Failure(error, again, outcome.headers, unauthorized=outcome.status == _UNAUTHORIZED)

    def _silence(self, ask: Ask, silence: Silence) -> ClientError:
        if silence.sent and not ask.repeatable:
            return self._lost(ask, silence.host, silence.words)
        service, address = self._transport.service, self._dialect.address
        words = f"{service} at {silence.host} cannot be reached: {silence.words}. Check {address} and the network."
        return Unreachable(words)

    def _lost(self, ask: Ask, host: str, words: str) -> LostAnswer:
        return LostAnswer(
            f"{self._transport.service} at {host} left open what became of {ask}: {words}. "
            "It is not repeated, so that nothing is written twice; the next run looks at what is there."
        )


class _Renewals:
    """Renews the token of one request, once; a token that another thread has brought meanwhile is tried as well."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._done = 0

    def after(self, used: Token, error: ClientError) -> Token:
        newest = self._tokens.current() if self._done else None
        if self._done >= _MOST_RENEWALS or newest is used:
            raise _refused(error)
        self._done += 1
        token = newest or self._tokens.renew(used)
        if token is None:
            raise _refused(error)
        return token


def _refused(error: ClientError) -> AuthenticationFailed:
    if isinstance(error, AuthenticationFailed):
        return error
    return AuthenticationFailed(error.message, code=error.code, status=error.status, reason=error.reason)
