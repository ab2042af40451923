"""HTTP for connectors: one client, and what an answer (or none) says about the batch.

Belongs here: time limits, tokens that expire, Retry-After, and the translation of everything that
can happen to a request into the errors of `base.py`:

    429, nothing listens, unknown host              NotDelivered: sent again
    400, 409, 413, 422                              BatchRefused: split
    401, 403                                        once with new headers, then DestinationDown
    3xx, other 4xx, certificate not trusted         DestinationDown
    5xx, 408, time-out, reset, answer unreadable    OutcomeUnknown: sent again if `is_repeatable`

Does not belong here: what one vendor means by its answers. A connector that knows better gives
`judge`, which is shown every answer that is not 2xx before the table above and may raise.

Messages carry codes, never addresses of requests, bodies or headers: they may hold tokens. The same
goes for the log lines of httpx, which are turned off.
"""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx
from pydantic import Field

from orchestration.activation.connectors.base import (
    BatchRefused,
    ConnectorSettings,
    DestinationDown,
    NotDelivered,
    OutcomeUnknown,
)
from orchestration.activation.connectors.network import is_loopback

for _library in ("httpx", "httpcore"):  # they write the address of every request
    logging.getLogger(_library).setLevel(logging.WARNING)

_REFUSED = frozenset({400, 409, 413, 422})
_UNAUTHORISED = frozenset({401, 403})
_UNCERTAIN = frozenset({408})
_TOO_MANY = 429

# Headers that prove who asks. Called with True when the last ones were refused: get new ones.
Authorize = Callable[[bool], Mapping[str, str]]


class HttpSettings(ConnectorSettings):
    """Settings that every HTTP connector has."""

    connect_timeout_s: float = Field(default=10, gt=0, le=120)
    read_timeout_s: float = Field(default=30, gt=0, le=600)


@dataclass(frozen=True)
class Answer:
    """A whole answer; `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_repeatable: bool = False

    def json(self) -> object:
        """The body as JSON. Raises `OutcomeUnknown` when it is cut off or no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            raise OutcomeUnknown(
                f"{self.status} with a body that is no JSON",
                error_class="answer_unreadable",
                is_repeatable=self.is_repeatable,
            ) from None

    @property
    def retry_after_s(self) -> float | None:
        """Seconds to wait, as the answer asks; None when it does not."""
        return retry_after(self.headers.get("retry-after"), now=time.time())


Judge = Callable[[Answer], None]


class HttpClient:
    """Requests to one host; may be used by several threads. Closes with `close` or when collected.

    `root` is the scheme and host of all requests, and as much of the path as they share. A host
    that is this machine is never reached through a proxy.
    """

    def __init__(
        self,
        root: str,
        settings: HttpSettings,
        *,
        authorize: Authorize | None = None,
        judge: Judge | None = None,
        connections: int = 1,
    ) -> None:
        self._root = root
        self._authorize = authorize
        self._judge = judge
        self._renewing = threading.Lock()
        self._generation = 0
        self.is_local = is_loopback(httpx.URL(root).host)
        self._client = httpx.Client(
            timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            follow_redirects=False,
            trust_env=not self.is_local,
        )

    def request(
        self,
        method: str,
        path: str = "",
        *,
        content: bytes | None = None,
        json_body: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Answer:
        """One request; returns the answer when it is 2xx, else raises as the module says.

        `path` is put behind `root` as it is. `is_repeatable`: sent twice, it has the effect of
        once (an idempotency key, a read, an upsert). `json_body` None sends `content`.
        """
        if json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False).encode()
            headers = {"content-type": "application/json", **(headers or {})}
        request = self._client.build_request(
            method, f"{self._root}{path}", content=content, params=params, headers=headers
        )
        generation = self._generation
        request.headers.update(self._authority(renew=False))
        answer = self._send(request, is_repeatable)
        if answer.status in _UNAUTHORISED and self._authorize is not None:
            request.headers.update(self._renewed(generation))
            answer = self._send(request, is_repeatable)
        if 200 <= answer.status < 300:
            return answer
        if self._judge is not None:
            self._judge(answer)
        raise failure_of(answer)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def _authority(self, *, renew: bool) -> Mapping[str, str]:
        return {} if self._authorize is None else self._authorize(renew)

    def _renewed(self, generation: int) -> Mapping[str, str]:
        """New headers; threads that were refused together renew once."""
        with self._renewing:
            renew = generation == self._generation
            headers = self._authority(renew=renew)
            self._generation += renew
            return headers

    def _send(self, request: httpx.Request, is_repeatable: bool) -> Answer:
        try:
            response = self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
                raise DestinationDown("no trusted TLS connection to the destination") from None
            raise NotDelivered(f"no connection ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise OutcomeUnknown(
                f"no answer ({type(error).__name__})",
                error_class=type(error).__name__,
                is_repeatable=is_repeatable,
            ) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content, is_repeatable)


def failure_of(answer: Answer) -> Exception:
    """The error that an answer other than 2xx stands for; carries its code alone."""
    status = answer.status
    if status == _TOO_MANY:
        return NotDelivered("429: too many requests", retry_after_s=answer.retry_after_s)
    if status in _REFUSED:
        return BatchRefused(f"{status}: refused", error_class=f"http_{status}")
    if status >= 500 or status in _UNCERTAIN:
        return OutcomeUnknown(
            f"{status}: the destination failed",
            error_class=f"http_{status}",
            is_repeatable=answer.is_repeatable,
            retry_after_s=answer.retry_after_s,
        )
    if status in _UNAUTHORISED:
        return DestinationDown(f"{status}: credentials refused; renew them")
    if 300 <= status < 400:
        return DestinationDown(f"{status}: moved, and redirects are not followed; correct its url")
    return DestinationDown(f"{status}: nothing accepts this request there; check its settings")


def retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds of a Retry-After header (seconds, or an HTTP date against `now` in epoch seconds).

    Never negative; None where it is absent or means nothing.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # HTTP dates are in UTC, one of the three forms does not say so
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
