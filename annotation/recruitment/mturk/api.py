"""Mechanical Turk's requester API through boto3: HITs, assignments, bonuses, qualifications.

One request per call. Where the API takes a UniqueRequestToken it is the key of our own row, so that AWS itself
refuses a second HIT or bonus of the same key (for 24 hours; later we look into its lists instead).
Source: AWS, Amazon Mechanical Turk API reference, version 2017-01-17.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _

from annotation.recruitment.base import ProviderAway, ProviderRefused, ProviderSilent

REGION = "us-east-1"  # the only one that Mechanical Turk has
SANDBOX = "https://mturk-requester-sandbox.us-east-1.amazonaws.com"
SCHEMA = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/ExternalQuestion.xsd"
DAY = 24 * 3600
HIT_ID = re.compile(r"\b[A-Z0-9]{30}\b")


def external_question(url: str, frame_height: int) -> str:
    """The question of a HIT that shows our page in a frame; a height of 0 fills the worker's window."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ExternalQuestion xmlns="{SCHEMA}">'
        f"<ExternalURL>{escape(url)}</ExternalURL><FrameHeight>{frame_height}</FrameHeight></ExternalQuestion>"
    )


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


class MechanicalTurk:
    """A requester's account, in production or in the sandbox. Raises ProviderAway, ProviderRefused, ProviderSilent."""

    def __init__(self, *, sandbox: bool, access_key: str, secret_key: str, url: str = "") -> None:
        # imported here and below: boto3 takes a quarter of the whole site's start, and most sites never ask AWS
        import boto3
        from botocore.config import Config

        self._client: Any = boto3.client(
            "mturk",
            region_name=REGION,
            endpoint_url=url or (SANDBOX if sandbox else None),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
        )

    @classmethod
    def of_this_site(cls, *, sandbox: bool) -> "MechanicalTurk | None":
        if not (settings.MTURK_ACCESS_KEY and settings.MTURK_SECRET_KEY):
            return None
        return cls(
            sandbox=sandbox,
            access_key=settings.MTURK_ACCESS_KEY,
            secret_key=settings.MTURK_SECRET_KEY,
            url=settings.MTURK_API_URL,
        )

    def create_hit(self, *, options: dict[str, Any], url: str, reward: int, key: str) -> dict[str, Any]:
        """Opens the HIT. The same key again within a day finds the first one."""
        requirements = []
        if options.get("qualification_type_id"):
            requirements = [
                {
                    "QualificationTypeId": options["qualification_type_id"],
                    "Comparator": "Exists",
                    "ActionsGuarded": "DiscoverPreviewAndAccept",
                }
            ]
        try:
            answer = self._create(options, url, reward, key, requirements)
        except ProviderRefused as refusal:
            there = HIT_ID.search(refusal.message) if "exist" in refusal.message.lower() else None
            if there is None:
                raise
            return self.hit(there[0])
        hit: dict[str, Any] = answer["HIT"]
        return hit

    def _create(
        self, options: dict[str, Any], url: str, reward: int, key: str, requirements: list[dict[str, Any]]
    ) -> dict[str, Any]:
        return self._call(
            "create_hit",
            Title=options["title"],
            Description=options["description"],
            Keywords=options["keywords"],
            Reward=dollars(reward),
            MaxAssignments=options["places"],
            AssignmentDurationInSeconds=options["minutes_allowed"] * 60,
            LifetimeInSeconds=options["days_open"] * DAY,
            AutoApprovalDelayInSeconds=options["days_until_approval"] * DAY,
            Question=external_question(url, options["frame_height"]),
            QualificationRequirements=requirements,
            UniqueRequestToken=key,
        )

    def hit(self, hit_id: str) -> dict[str, Any]:
        hit: dict[str, Any] = self._call("get_hit", HITId=hit_id)["HIT"]
        return hit

    def add_places(self, hit_id: str, more: int, key: str) -> None:
        self._call(
            "create_additional_assignments_for_hit",
            HITId=hit_id,
            NumberOfAdditionalAssignments=more,
            UniqueRequestToken=key,
        )

    def assignments(self, hit_id: str) -> Iterator[dict[str, Any]]:
        yield from self._pages("list_assignments_for_hit", "Assignments", HITId=hit_id)

    def assignment(self, assignment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("get_assignment", AssignmentId=assignment_id)["Assignment"]
        return found

    def approve(self, assignment_id: str) -> None:
        self._call("approve_assignment", AssignmentId=assignment_id)

    def send_bonus(self, *, worker_id: str, assignment_id: str, cents: int, reason: str, key: str) -> None:
        self._call(
            "send_bonus",
            WorkerId=worker_id,
            AssignmentId=assignment_id,
            BonusAmount=dollars(cents),
            Reason=reason,
            UniqueRequestToken=key,
        )

    def bonuses(self, assignment_id: str) -> Iterator[dict[str, Any]]:
        yield from self._pages("list_bonus_payments", "BonusPayments", AssignmentId=assignment_id)

    def create_qualification(self, *, name: str, description: str) -> str:
        answer = self._call(
            "create_qualification_type", Name=name, Description=description, QualificationTypeStatus="Active"
        )
        return str(answer["QualificationType"]["QualificationTypeId"])

    def grant_qualification(self, *, qualification_type_id: str, worker_id: str, value: int = 1) -> None:
        """Granting twice is as once. No mail is sent about it."""
        self._call(
            "associate_qualification_with_worker",
            QualificationTypeId=qualification_type_id,
            WorkerId=worker_id,
            IntegerValue=value,
            SendNotification=False,
        )

    def _pages(self, call: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            more: dict[str, str] = {"NextToken": token} if token else {}
            answer = self._call(call, MaxResults=100, **arguments, **more)
            rows = answer.get(key, [])
            yield from rows
            token = answer.get("NextToken")
            if not token or not rows:
                return

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
            NoCredentialsError,
        )

        try:
            answer: dict[str, Any] = getattr(self._client, name)(**arguments)
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            said = str(error.response.get("Error", {}).get("Message", ""))[:240]
            if status == 429 or "Throttl" in str(error.response.get("Error", {}).get("Code", "")):
                raise ProviderAway(
                    _("Mechanical Turk gets too many requests just now. Nothing was done; try again later.")
                ) from error
            if status >= 500:
                raise ProviderSilent(
                    _("Mechanical Turk failed in the middle (%s); whether it acted is not known.") % said
                ) from error
            raise ProviderRefused(_("Mechanical Turk refused: %s") % said) from error
        except (EndpointConnectionError, ConnectTimeoutError, NoCredentialsError) as error:
            raise ProviderAway(
                _("Mechanical Turk cannot be reached (%s). Nothing was sent; try again later.") % type(error).__name__
            ) from error
        except BotoCoreError as error:
            raise ProviderSilent(
                _("Mechanical Turk did not answer (%s); whether it acted is not known.") % type(error).__name__
            ) from error
        return answer
