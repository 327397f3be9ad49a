"""Prolific's API, the part a study needs: the study's places, submissions, approval, bonuses.

Each call is one request: no hidden retries, since paying bonuses is documented as not idempotent. What cannot have
reached Prolific, what Prolific refused, and what nobody can know are three different errors.
Source: https://docs.prolific.com/api-reference (read in November 2026).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from annotation.recruitment.base import ProviderAway, ProviderRefused, ProviderSilent, ProviderUnknown

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
PAGE_SIZE = 100
MOST_PAGES = 1000
MOST_BYTES = 20_000_000
MOST_BONUSES = 200  # participants in one bulk payment


@cache
def _pool() -> Any:
    """This process's connections to Prolific."""
    import urllib3  # here and below: every process would load it, and few ever ask Prolific

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
    return urllib3.PoolManager(retries=False, timeout=timeout, maxsize=4)


@dataclass(frozen=True)
class Submission:
    """A person's place in a Prolific study. bonuses: what was paid on it, in pence or cents."""

    id: str
    participant: str
    study: str
    status: str
    bonuses: tuple[int, ...] = ()


class Prolific:
    """A workspace, known by its token. Raises ProviderAway, ProviderRefused, ProviderSilent."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        self._url = url

    @classmethod
    def of_this_site(cls) -> "Prolific | None":
        return cls(settings.PROLIFIC_TOKEN, settings.PROLIFIC_API_URL) if settings.PROLIFIC_TOKEN else None

    # studies

    def study(self, study_id: str) -> dict[str, Any]:
        return self._call("GET", f"/studies/{_part(study_id)}/")

    def set_places(self, study_id: str, places: int) -> dict[str, Any]:
        """Setting a total twice is as once; Prolific takes more places of a study that runs, never fewer."""
        return self._call("PATCH", f"/studies/{_part(study_id)}/", {"total_available_places": places})

    # submissions

    def submissions(self, study_id: str) -> Iterator[Submission]:
        for page in range(1, MOST_PAGES + 1):
            query = urlencode({"study": study_id, "page": page, "page_size": PAGE_SIZE})
            answer = self._call("GET", f"/submissions/?{query}")
            results = answer.get("results", [])
            yield from (_submission(row) for row in results)
            if len(results) < PAGE_SIZE:
                return

    def submission(self, submission_id: str) -> Submission:
        return _submission(self._call("GET", f"/submissions/{_part(submission_id)}/"))

    def approve(self, submission_id: str) -> Submission:
        """Documented as idempotent: a second approval is ignored."""
        path = f"/submissions/{_part(submission_id)}/transition/"
        return _submission(self._call("POST", path, {"action": "APPROVE"}))

    def request_return(self, submission_id: str, reasons: Sequence[str]) -> Submission:
        path = f"/submissions/{_part(submission_id)}/request-return/"
        return _submission(self._call("POST", path, {"request_return_reasons": list(reasons)}))

    # bonuses

    def set_up_bonuses(self, study_id: str, bonuses: Sequence[tuple[str, int]]) -> str:
        """(submission id, minor units) each; pays nothing yet. Returns the bulk payment's id."""
        rows = "\n".join(f"{submission},{amount // 100}.{amount % 100:02d}" for submission, amount in bonuses)
        answer = self._call("POST", "/submissions/bonus-payments/", {"study_id": study_id, "csv_bonuses": rows})
        if not answer.get("id"):
            raise ProviderRefused(_("Prolific set up a bonus payment and did not say its id, so nothing was paid."))
        return str(answer["id"])

    def pay_bonuses(self, bulk_id: str) -> None:
        """NOT idempotent: the same id again pays everybody again. Prolific pays within minutes."""
        self._call("POST", f"/bulk-bonus-payments/{_part(bulk_id)}/pay/")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

        headers = {"Authorization": f"Token {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = _pool().request(
                method,
                f"{self._url}/api/v1{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            content = answer.read(MOST_BYTES, decode_content=True)
            answer.release_conn()
        except (NewConnectionError, ConnectTimeoutError) as error:
            # the connection was never made, so nothing was sent
            raise ProviderAway(
                _("Prolific cannot be reached (%(error)s). Nothing was sent; try again later.")
                % {"error": type(error).__name__}
            ) from error
        except (HTTPError, OSError) as error:
            raise ProviderSilent(
                _("Prolific did not answer (%(error)s); whether it acted is not known.")
                % {"error": type(error).__name__}
            ) from error
        return _read(answer.status, content)


def _read(status: int, content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content) if content.strip() else {}
    except ValueError:
        parsed = {}
    if 200 <= status < 300:
        return parsed if isinstance(parsed, dict) else {}
    said = _what_it_said(parsed)
    if status >= 500 or status in (408, 499):
        raise ProviderSilent(
            _("Prolific failed in the middle (%(status)s %(said)s); whether it acted is not known.")
            % {"status": status, "said": said}
        )
    if status == 429:
        raise ProviderAway(_("Prolific gets too many requests just now. Nothing was done; try again later."))
    if status == 404:
        raise ProviderUnknown(_("Prolific does not know this (404): %s") % (said or "-"))
    if status in (401, 403):
        raise ProviderRefused(_("Prolific does not accept the token of this site. Check PROLIFIC_TOKEN. %s") % said)
    raise ProviderRefused(_("Prolific refused (%(status)s): %(said)s") % {"status": status, "said": said or "-"})


def _what_it_said(parsed: Any) -> str:
    """{"error": {"title", "detail", ...}}, where detail is a text, a list, or {field: [texts]}."""
    error = parsed.get("error", parsed) if isinstance(parsed, dict) else {}
    said = error.get("detail") or error.get("title") or "" if isinstance(error, dict) else error
    return (said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))[:240]


def _submission(row: dict[str, Any]) -> Submission:
    # lists say participant_id, one alone says participant
    return Submission(
        id=str(row.get("id", "")),
        participant=str(row.get("participant_id") or row.get("participant") or ""),
        study=str(row.get("study_id") or ""),
        status=str(row.get("status", "")),
        bonuses=tuple(round(float(amount)) for amount in row.get("bonus_payments") or ()),
    )


def _part(value: str) -> str:
    return quote(value, safe="")
