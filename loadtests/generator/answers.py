"""An answer is judged by the contract, for fast but wrong is a failure, and then counted.

Every check here costs on each request of a load test, so it is plain Python rather than a
schema validator; the suite in ``conformance`` is the one that judges in full depth.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from hashlib import blake2b
from typing import Any, NamedTuple

from loadtests.generator.cases import Case
from loadtests.statistics.windows import Window, bucket
from verikit.contract import Contract
from verikit.contract.profile import Profile
from verikit.errors import (
    BadAnswer,
    Broken,
    NotConnected,
    NotTrusted,
    ProxyFailed,
    TimedOut,
    Unreachable,
)
from verikit.transport import Answer
from verikit.transport.strict_json import NotStrictJson, read_json

NO_ANSWER = "no response"
MALFORMED = "malformed"
_WHY_NONE = {
    NotConnected: "no connection",
    Broken: "the connection was lost",
    TimedOut: "not in time",
    NotTrusted: "no trusted connection",
    ProxyFailed: "the proxy failed",
}
_MOST_CODES = 10_000


class Verdict(NamedTuple):
    """``answer`` is the label to count (HTTP status and code), ``failure`` why it is wrong, None if
    it is right, ``request_id`` a 64-bit digest."""

    answer: str
    failure: str | None
    request_id: int | None = None


class AnswerCheck:
    """Judges answers and remembers each pair's score: the same pair must score the same again."""

    def __init__(self, contract: Contract, server: Profile | None = None) -> None:
        """``server`` says which statuses and which noise of scores are right for it."""
        server = server or Profile()
        self.tolerance, self.statuses = server.score_tolerance, server.statuses
        self.success_code = contract.success_code
        self.refusal_statuses = {status for status in contract.statuses if status >= 400}
        self.scores: dict[str, float] = {}

    def __call__(self, case: Case, answer: Answer | Unreachable) -> Verdict:
        """Judge an answer by its HTTP status, body and framing, or say why there is none."""
        if isinstance(answer, Unreachable):
            return _none(answer)
        status, fields = answer.status, _parse(answer.body)
        if fields is None:
            return Verdict(f"{status} -", f"HTTP {status} without a JSON object")
        code, request_id = fields.get("code"), fields.get("request_id")
        label = f"{status} {_shown(code)}"
        if not isinstance(request_id, str) or not request_id:
            return Verdict(label, "request_id is missing")
        failure = self._wrong(case, status, code, fields) or _broken_rule(answer)
        return Verdict(label, failure, digest(request_id))

    def _wrong(self, case: Case, status: int, code: Any, answer: dict[str, Any]) -> str | None:
        if code != case.expected or isinstance(code, bool):
            return f"HTTP {status} code {_shown(code)} instead of {case.expected}"
        if case.expected == self.success_code:
            return self._wrong_result(case.name, status, answer.get("verification_score"))
        right = self.statuses.get(case.kind)
        if status != right if right else status not in self.refusal_statuses:
            return f"code {code} with HTTP {status}"
        return None if isinstance(answer.get("message"), str) else "message is missing"

    def _wrong_result(self, pair: str, status: int, score: Any) -> str | None:
        if status != 200:
            return f"a comparison with HTTP {status}"
        if not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 1:
            return "verification_score is not a number in [0, 1]"
        known = self.scores.setdefault(pair, score)
        same = abs(known - score) <= self.tolerance
        return None if same else "another score for the same pair"


def digest(request_id: str) -> int:
    """64 bits of a request_id: enough to tell ten million apart, small enough to keep them."""
    return int.from_bytes(blake2b(request_id.encode(), digest_size=8).digest(), "little")


def _shown(code: Any) -> str:
    """A code for labels; of anything else, a server could make labels without end."""
    return str(code) if type(code) is int and 0 <= code < _MOST_CODES else "?"


def is_malformed(error: Unreachable) -> bool:
    """Whether a response began but cannot be read, which is the server's fault."""
    return isinstance(error, BadAnswer) or (isinstance(error, Broken) and error.begun)


def _none(error: Unreachable) -> Verdict:
    if isinstance(error, BadAnswer):
        rule = f": {error.rule}" if error.rule else ""
        return Verdict(MALFORMED, f"the response is malformed{rule}")
    if is_malformed(error):
        return Verdict(MALFORMED, "the connection was lost during the response")
    return Verdict(NO_ANSWER, f"{NO_ANSWER}: {_WHY_NONE.get(type(error), 'none')}")


def _broken_rule(answer: Answer) -> str | None:
    """The first rule of HTTP that a readable answer breaks, without the server's own text."""
    return answer.findings[0].partition(": ")[0] if answer.findings else None


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        answer = read_json(body)
    except NotStrictJson:
        return None
    return answer if isinstance(answer, dict) else None


class Recorder:
    """The counts of one generator process since its last report."""

    def __init__(self, window_seconds: float) -> None:
        self.window_seconds = window_seconds
        self.windows: dict[int, Window] = defaultdict(Window)
        self.request_ids: dict[int, array[int]] = defaultdict(lambda: array("Q"))

    def window(self, clock: float) -> Window:
        """The window of a moment, which is given in seconds since the start."""
        return self.windows[int(clock // self.window_seconds)]

    def record(self, due: float, now: float, latency: float, verdict: Verdict) -> None:
        """Count one answered request that was due at ``due`` and answered at ``now``.

        Only the request_id of a correct response is kept: each request fails once.
        """
        window = self.window(due)
        window.latencies[bucket(latency)] += 1
        window.answers[verdict.answer] += 1
        if verdict.failure:
            window.failures[verdict.failure] += 1
            return
        self.window(now).finished += 1
        if verdict.request_id is not None:
            self.request_ids[int(due // self.window_seconds)].append(verdict.request_id)

    def drain(self) -> dict[str, Any]:
        """Return the counts as plain values, and reset them."""
        windows, ids = dict(self.windows), dict(self.request_ids)
        self.windows.clear()
        self.request_ids.clear()
        return {
            "windows": [(index, window.plain()) for index, window in windows.items()],
            "request_ids": [(index, found.tobytes()) for index, found in ids.items()],
        }
