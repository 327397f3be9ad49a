"""What an annotator's page shows: the images she holds, how far she is, and her own answers."""

from dataclasses import replace
from typing import Any

from django.urls import reverse

from annotation.care.lending import n_out_of_reach
from annotation.care.pages import stimulus_care
from annotation.images import image_url
from annotation.languages import in_language
from annotation.models import Participation, Response, Study
from annotation.people.consent import must_agree_again
from annotation.queries import n_available, responses_of_participation
from annotation.services.assign import (
    HeldAssignment,
    assign_ahead,
    gets_work,
    held_assignments,
    nothing_left,
    options_shown,
)
from annotation.services.caps import limit_reached
from annotation.services.offers import Offer
from annotation.services.shown_texts import shown_texts, texts_of
from annotation.training.attention import DueCheck, due_check

ShownTexts = dict[str, dict[str, list[str]]]


def work_of(study: Study, participation: Participation, held: list[HeldAssignment] | None = None) -> dict[str, Any]:
    """What the person holds, as the page shows it. held: known already, and `participation`'s counts with it."""
    # nothing, on the way of a response, may only mean that others lent the last images at that very moment
    if not held:
        # whoever must agree again gets nothing new: she would work on an image whose answer is not taken yet
        waits = must_agree_again(participation)
        held = held_assignments(participation) if waits else assign_ahead(participation=participation, study=study)
    available = n_available(study)
    orders = options_shown(participation, study)
    texts = shown_texts(study, [assignment.stimulus_key for assignment in held])
    reached = limit_reached(participation, study) if study.limits and not held else None
    check = due_check(participation, study) if study.limits and held else None
    most = study.limits.get("most_per_person", available)
    return {
        "held": [
            *([_check(_in_her_words(study, participation, check), held[0].sequence, orders)] if check else []),
            *(_held(study, assignment, orders, texts) for assignment in held),
        ],
        "progress": {
            "answered": participation.n_answered,
            "skipped": participation.n_skipped,
            "available": max(
                min(available - participation.n_skipped - n_out_of_reach(participation, study), most),
                participation.n_answered + len(held),
            ),
        },
        "finished": not held
        and (
            reached is not None
            or not gets_work(participation, study)
            or nothing_left(participation=participation, study=study)
        ),
        "study_state": study.state,
        "end_url": reverse(_end_page(participation), args=[study.slug]),
    }


def _end_page(participation: Participation) -> str:
    """Where somebody goes who gets no work now."""
    if not participation.is_prepared:
        return "annotate_practice"
    return "annotate_end" if participation.may_get_work else "annotate_messages"


def _in_her_words(study: Study, participation: Participation, check: DueCheck) -> DueCheck:
    key = f"checks.{check.check_id}.instruction"
    return replace(check, instruction=in_language(study, participation.language).texts.get(key, check.instruction))


def _check(check: DueCheck, sequence: int, orders: dict[str, list[str]]) -> dict[str, Any]:
    """An attention check, in the place of an image: its words stand where the image would, openly."""
    return {
        "id": None,
        "offer": check.token,
        "sequence": sequence,
        "expires_at": None,
        "stimulus": {
            "key": check.key,
            "is_check": True,
            "name": check.instruction,
            "image_url": "",
            "full_url": "",
            "width": None,
            "height": None,
            "description": "",
            "care": None,
        },
        "options_shown": orders,
    }


def _held(study: Study, held: HeldAssignment, orders: dict[str, list[str]], texts: ShownTexts) -> dict[str, Any]:
    return {
        "id": held.id,
        "sequence": held.sequence,
        "expires_at": held.expires_at,
        "stimulus": face_of(study, held, texts),
        "options_shown": orders,
    }


def face_of(study: Study, shown: HeldAssignment | Offer, texts: ShownTexts) -> dict[str, Any]:
    return {
        **({"texts": texts[shown.stimulus_key]} if shown.stimulus_key in texts else {}),
        "key": shown.stimulus_key,
        "name": "" if shown.image_sha256 else shown.name,
        "image_url": image_url(study.pk, shown.image_sha256),
        "full_url": image_url(study.pk, shown.image_sha256, "full"),
        "width": shown.width,
        "height": shown.height,
        "description": shown.description,
        "care": stimulus_care(study, shown.content_note, shown.is_strong),
    }


def response_as_dict(study: Study, response: Response) -> dict[str, Any]:
    """An annotator's own response, as her page shows it."""
    return {
        "id": response.pk,
        "status": response.status,
        "answers": response.answers,
        "revision": response.revision,
        "created_at": response.created_at,
        "stimulus": {
            "key": response.stimulus.key,
            "name": "" if response.stimulus.image_sha256 else response.stimulus.name,
            "image_url": image_url(study.pk, response.stimulus.image_sha256),
            "width": response.stimulus.width,
            "height": response.stimulus.height,
            "description": response.stimulus.description,
            "texts": texts_of(study, response.stimulus),
        },
        "options_shown": response.options_shown,
    }


def latest_of(study: Study, participation: Participation) -> dict[str, Any] | None:
    """The person's last answer, as her page shows it."""
    latest = latest_response(participation)
    return response_as_dict(study, latest) if latest else None


def latest_response(participation: Participation) -> Response | None:
    return responses_of_participation(participation).first()
