"""A till that takes Standard Webhooks: verifies, ignores ids it knows, keeps what it committed.

Belongs here: what docs/activation.md asks of a receiver, one row or many per request. Signatures
are verified by the standard's own library, not by the code that is tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.destinations.http_server import Reply, Request

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Verdict = Callable[[dict[str, object]], str | None]


@dataclass
class Receiver:
    """What a till holds.

    `arrived` counts deliveries per id, repetitions too; `committed` how often an id took effect;
    `members` what is held per record, `refused` how often an id was turned away. `judge` gives the
    code to refuse a payload with, or None; `partial_status` is that of an answer with refusals;
    `ignores_known_ids` False is a till that does not care for the standard.
    """

    key: str = "person_id"
    secret: str = SECRET
    judge: Verdict = lambda data: None
    partial_status: int = 207
    ignores_known_ids: bool = True
    arrived: Counter[str] = field(default_factory=Counter)
    committed: Counter[str] = field(default_factory=Counter)
    members: dict[str, dict[str, object]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def answer(self, request: Request) -> Reply:
        """Verify, commit, answer."""
        try:
            body = Webhook(self.secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError:
            return Reply(401, {"error": "signature"})
        if len(request.body) >= 20_000:
            return Reply(413, {"error": "too large"})
        if isinstance(body["data"], list):
            results = [self._row(row["id"], row["type"], row["data"]) for row in body["data"]]
            is_whole = all(result["status"] != "rejected" for result in results)
            return Reply(200 if is_whole else self.partial_status, {"results": results})
        result = self._row(request.headers["webhook-id"], body["type"], body["data"])
        return Reply(422 if result["status"] == "rejected" else 200, result)

    def _row(self, row_id: str, kind: str, data: dict[str, object]) -> dict[str, object]:
        self.arrived[row_id] += 1
        if row_id in self.committed and self.ignores_known_ids:
            return {"id": row_id, "status": "duplicate"}
        is_removal = kind.endswith(".remove")
        code = None if is_removal else self.judge(data)
        if code is not None:
            self.refused[row_id] += 1
            return {"id": row_id, "status": "rejected", "code": code}
        self.committed[row_id] += 1
        if is_removal:
            self.members.pop(str(data[self.key]), None)
        else:
            self.members[str(data[self.key])] = data
        return {"id": row_id, "status": "accepted"}
