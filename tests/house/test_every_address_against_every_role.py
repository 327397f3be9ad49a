"""Every address of the site, asked for by everybody, with every method, for one's own objects and for another's.

ADDRESSES is the one table of what is expected. A new address needs a row in it.
"""

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.urls import reverse

from tests.house.addresses import Address, all_addresses, our_addresses
from tests.house.world import Place, World, make_world

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Roles in the study that is asked for. A stranger has an account, and no role in this study.
EVERYBODY = {"nobody", "stranger", "annotator", "researcher", "manager", "admin"}
SIGNED_IN = EVERYBODY - {"nobody"}
TAKING_PART = {"annotator"}
RESEARCHERS = {"researcher", "manager", "admin"}
MANAGERS = {"manager", "admin"}
ADMINS = {"admin"}

# pattern name -> method -> who may. A method that is not named answers 405 to whoever may come in at all.
ADDRESSES: dict[str, dict[str, set[str]]] = {
    # the site
    "home": {"GET": EVERYBODY},
    "health": {"GET": EVERYBODY},
    "image": {"GET": EVERYBODY},  # by an address that cannot be guessed
    # accounts
    "login": {"GET": EVERYBODY, "POST": EVERYBODY, "PUT": EVERYBODY},  # Django takes PUT for POST here
    "logout": {"POST": EVERYBODY},
    "account": {"GET": SIGNED_IN},
    "account_token": {"POST": SIGNED_IN},
    "password_change": {"GET": SIGNED_IN, "POST": SIGNED_IN, "PUT": SIGNED_IN},
    # taking part
    "annotate_welcome": {"GET": EVERYBODY, "POST": EVERYBODY},
    "annotate_instructions": {"GET": TAKING_PART},
    "annotate_task": {"GET": TAKING_PART},
    "annotate_answers": {"GET": TAKING_PART},
    "annotate_end": {"GET": TAKING_PART},
    "annotate_about_you": {"GET": TAKING_PART, "POST": TAKING_PART},
    "annotate_my_data": {"GET": TAKING_PART, "POST": TAKING_PART},
    "api_about_me": {"GET": TAKING_PART, "PUT": TAKING_PART, "DELETE": TAKING_PART},
    "api_own_erasure": {"POST": TAKING_PART},
    "study_consent": {"GET": MANAGERS},
    "study_demographics": {"GET": RESEARCHERS, "POST": MANAGERS},
    "study_demographics_csv": {"GET": MANAGERS},
    "study_privacy": {"GET": MANAGERS, "POST": MANAGERS},
    "study_exports_delete": {"POST": MANAGERS},
    "api_consents": {"GET": MANAGERS},
    "api_demographics": {"GET": RESEARCHERS, "PATCH": MANAGERS},
    "api_erasures": {"GET": MANAGERS, "POST": MANAGERS},
    "api_withdrawn_exports": {"DELETE": MANAGERS},
    "annotate_language": {"POST": EVERYBODY},
    "annotate_worker": {"GET": EVERYBODY},
    "api_join": {"POST": EVERYBODY},
    "api_work": {"GET": TAKING_PART},
    "api_offers": {"GET": TAKING_PART},
    "api_responses": {"GET": TAKING_PART, "POST": TAKING_PART},
    "api_response": {"PATCH": TAKING_PART, "DELETE": TAKING_PART},
    "api_skips": {"POST": TAKING_PART},
    "api_withdrawal": {"POST": TAKING_PART},
    "annotate_exit": {"GET": EVERYBODY},  # back to where one came from; else to the welcome
    "annotate_arrive": {"GET": EVERYBODY},
    "annotate_decline": {"GET": EVERYBODY, "POST": EVERYBODY},  # by a word that cannot be forged
    "annotate_return": {"GET": EVERYBODY, "POST": EVERYBODY},  # by a code that cannot be guessed
    # care
    "annotate_mood": {"GET": TAKING_PART, "POST": TAKING_PART},
    "annotate_practice": {"GET": TAKING_PART, "POST": TAKING_PART},
    "annotate_themes": {"POST": TAKING_PART},
    "annotate_debriefing": {"GET": TAKING_PART},
    "api_others": {"POST": TAKING_PART},
    "api_machine_text": {"POST": TAKING_PART},
    "api_machine_text_rating": {"POST": TAKING_PART},
    "study_machine_text_settings": {"GET": RESEARCHERS, "POST": MANAGERS},
    "study_rated_texts": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_rated_texts_csv": {"GET": RESEARCHERS},
    "api_machine_texts": {"GET": RESEARCHERS, "PATCH": MANAGERS, "POST": RESEARCHERS},
    "api_declined_themes": {"GET": TAKING_PART, "PUT": TAKING_PART},
    "api_care_uses": {"POST": TAKING_PART},
    "study_languages": {"GET": MANAGERS, "POST": MANAGERS},
    "study_care": {"GET": RESEARCHERS, "POST": MANAGERS},
    "study_training": {"GET": RESEARCHERS, "POST": MANAGERS},
    "api_training": {"GET": RESEARCHERS, "PATCH": MANAGERS},
    "api_practice_items": {"POST": MANAGERS},
    "api_practice_item": {"PATCH": MANAGERS, "DELETE": MANAGERS},
    "api_attention_checks": {"POST": MANAGERS},
    "api_attention_check": {"DELETE": MANAGERS},
    "study_stimulus_care": {"POST": MANAGERS},
    "api_stimulus_care": {"PATCH": MANAGERS},
    "api_care_report": {"GET": RESEARCHERS},
    "annotate_messages": {"GET": TAKING_PART, "POST": TAKING_PART},
    "api_messages": {"GET": TAKING_PART, "POST": TAKING_PART},
    # studies
    "studies": {"GET": SIGNED_IN},
    "study_new": {"GET": ADMINS, "POST": ADMINS},  # and the group "Study creators"
    "study_setup": {"GET": MANAGERS, "POST": MANAGERS},
    "study_state": {"POST": MANAGERS},
    "study_remove_simulated": {"GET": MANAGERS, "POST": MANAGERS},
    "study_stimuli": {"GET": MANAGERS, "POST": MANAGERS},
    "study_members": {"GET": MANAGERS, "POST": MANAGERS},
    "study_recruitment": {"GET": MANAGERS, "POST": MANAGERS},
    "study_pay": {"GET": MANAGERS, "POST": MANAGERS},
    "study_pay_ledger": {"GET": MANAGERS, "POST": MANAGERS},
    "study_import": {"GET": ADMINS, "POST": ADMINS},  # and the group "Study creators"
    "study_preview": {"GET": RESEARCHERS},
    "study_rehearsal": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_rehearsal_csv": {"GET": RESEARCHERS},
    "api_rehearsals": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_exports": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_import_responses": {"GET": MANAGERS, "POST": MANAGERS},
    "study_export_file": {"GET": RESEARCHERS},
    # how answers were given
    "study_quality": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_quality_csv": {"GET": RESEARCHERS},
    "study_quality_rules": {"GET": MANAGERS, "POST": MANAGERS},
    "api_signals": {"GET": RESEARCHERS},
    "api_rules": {"GET": RESEARCHERS, "POST": MANAGERS},
    "api_rule": {"GET": RESEARCHERS, "PUT": MANAGERS, "DELETE": MANAGERS},
    "api_rule_trial": {"GET": RESEARCHERS, "POST": MANAGERS},
    "api_rule_switch": {"POST": MANAGERS},
    "api_flags": {"GET": RESEARCHERS},
    "api_decisions": {"POST": RESEARCHERS},
    # results
    "study": {"GET": RESEARCHERS},
    "study_live": {"GET": RESEARCHERS},
    "study_chart_csv": {"GET": RESEARCHERS},
    "network_delete": {"POST": MANAGERS},
    "network_card": {"GET": RESEARCHERS},
    "study_training_limit": {"POST": MANAGERS},
    "api_training_limit": {"GET": RESEARCHERS, "PUT": MANAGERS},
    "study_network_compare": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_network_compare_csv": {"GET": RESEARCHERS},
    "study_network_curves_csv": {"GET": RESEARCHERS},
    "api_network_comparisons": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "network_captions": {"POST": MANAGERS},
    "network_captions_csv": {"GET": RESEARCHERS},
    "api_network_captions": {"GET": RESEARCHERS, "POST": MANAGERS},
    "study_people_and_networks": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_judged": {"GET": RESEARCHERS, "POST": ADMINS},  # and managers who may create studies
    "study_judged_csv": {"GET": RESEARCHERS},
    "study_latent_truth": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_common_ground": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_common_ground_csv": {"GET": RESEARCHERS},
    "study_disagreement": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_disagreement_csv": {"GET": RESEARCHERS},
    "study_asking": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_asking_csv": {"GET": RESEARCHERS},
    "study_groups": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_groups_csv": {"GET": RESEARCHERS},
    "study_planning": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_planning_csv": {"GET": RESEARCHERS},
    "study_compare": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_compare_csv": {"GET": RESEARCHERS},
    "study_explorer": {"GET": RESEARCHERS},
    "study_language": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_language_csv": {"GET": RESEARCHERS},
    "study_words": {"GET": RESEARCHERS},
    "study_words_csv": {"GET": RESEARCHERS},
    "study_report": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_report_file": {"GET": RESEARCHERS},
    "study_public": {"GET": MANAGERS, "POST": MANAGERS},
    "public_explorer": {"GET": EVERYBODY},  # once a manager switched it on, by its address
    "public_images": {"GET": EVERYBODY},
    "public_image": {"GET": EVERYBODY},
    "public_csv": {"GET": EVERYBODY},
    "public_picture": {"GET": EVERYBODY},
    "study_gallery": {"GET": RESEARCHERS},
    "study_stimulus": {"GET": RESEARCHERS},
    "study_stimulus_csv": {"GET": RESEARCHERS},
    "study_stimulus_network_csv": {"GET": RESEARCHERS},
    "study_annotators": {"GET": RESEARCHERS},
    "study_annotator": {"GET": RESEARCHERS},
    "study_annotator_csv": {"GET": RESEARCHERS},
    # networks
    "study_networks": {"GET": RESEARCHERS},
    "api_masks": {"POST": RESEARCHERS},
    "api_explanations": {"POST": RESEARCHERS},
    "api_listener_scores": {"POST": RESEARCHERS},
    "study_feel": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "study_networks_live": {"GET": RESEARCHERS},
    "study_train": {"POST": MANAGERS},
    "study_training_run": {"GET": RESEARCHERS},
    "training_run_live": {"GET": RESEARCHERS},
    "training_curve_csv": {"GET": RESEARCHERS},
    "training_cancel": {"POST": MANAGERS},
    "network_promote": {"POST": MANAGERS},
    "network_roll_back": {"POST": MANAGERS},
    "study_retraining": {"POST": MANAGERS},
    # API
    "api_schema": {"GET": EVERYBODY},
    "api_job": {"GET": RESEARCHERS, "DELETE": RESEARCHERS},  # of an export; a training is ended by managers
    "api_snapshots": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "api_exports": {"GET": RESEARCHERS, "POST": RESEARCHERS},
    "api_markdown": {"POST": SIGNED_IN},
    "api_study_imports": {"POST": ADMINS},  # and the group "Study creators"
    "api_studies": {"GET": SIGNED_IN, "POST": ADMINS},  # and the group "Study creators"
    "api_study": {"GET": RESEARCHERS, "PATCH": MANAGERS},
    "api_study_state": {"POST": MANAGERS},
    "api_simulated": {"DELETE": MANAGERS},
    "api_stimuli": {"GET": RESEARCHERS, "POST": MANAGERS},
    "api_response_imports": {"POST": MANAGERS},
    "api_recruitments": {"GET": MANAGERS, "POST": MANAGERS},
    "api_recruitment": {"GET": MANAGERS, "PATCH": MANAGERS, "DELETE": MANAGERS},
    "api_recruitment_actions": {"POST": MANAGERS},
    "api_recruitment_check": {"POST": MANAGERS},
    "api_invitations": {"POST": MANAGERS},
    "api_pay": {"GET": MANAGERS, "PATCH": MANAGERS},
    "api_payments": {"GET": MANAGERS, "POST": MANAGERS},
    "api_payment": {"PATCH": MANAGERS},
    "api_payment_sending": {"POST": MANAGERS},
    "api_members": {"GET": MANAGERS, "POST": MANAGERS},
    "api_member": {"DELETE": MANAGERS},
    "api_statistics": {"GET": RESEARCHERS},
    "api_statistics_stimuli": {"GET": RESEARCHERS},
    "api_recounts": {"GET": RESEARCHERS},
    "api_export_file": {"GET": RESEARCHERS},
    "api_training_runs": {"GET": RESEARCHERS, "POST": MANAGERS},
    "api_training_run": {"GET": RESEARCHERS},
    "api_networks": {"GET": RESEARCHERS},
    "api_network_promotion": {"POST": MANAGERS, "DELETE": MANAGERS},
    "api_predictions": {"POST": RESEARCHERS},
}
# Addresses whose object does not belong to a study: what is elsewhere is not foreign.
OUTSIDE_STUDIES = {
    "account",
    "account_token",
    "api_markdown",
    "api_schema",
    "api_studies",
    "api_study_imports",
    "image",
    "password_change",
    "public_csv",
    "public_explorer",
    "public_image",
    "public_images",
    "public_picture",
    "studies",
    "study_import",
    "study_new",
}

# Arguments that choose a view of an object, or name an account, which belongs to no study.
NOT_OBJECTS = {"size", "task", "name", "user_name", "source", "format_name"}

ROLES = {
    "here": {
        "nobody": "nobody", "stan": "stranger", "bo": "stranger", "anna": "annotator", "rosa": "researcher",
        "mika": "manager", "ada": "admin",
    },
    "elsewhere": {
        "nobody": "nobody", "stan": "stranger", "bo": "annotator", "anna": "stranger", "rosa": "stranger",
        "mika": "stranger", "ada": "admin",
    },
}  # fmt: skip


@pytest.fixture
def world() -> Iterator[World]:
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)  # thousands of refusals would bury what is wrong
    yield make_world()
    logger.setLevel(level)


def ask(world: World, person: str, method: str, url: str) -> Any:
    """One request whose effects are taken back."""
    caches["default"].clear()  # who is asked often is not throttled here
    with transaction.atomic():
        before = world.browsers[person].cookies.copy()
        send = getattr(world.browsers[person], method.lower())
        response = (
            send(url) if method == "GET" or "/api/" not in url else send(url, {}, content_type="application/json")
        )
        if response.streaming:
            for _ in response.streaming_content:  # to its end, which closes the file
                pass
        world.browsers[person].cookies = before  # what the request changed in the browser
        transaction.set_rollback(True)
    return response


def fault(address: Address, method: str, role: str, response: Any) -> str:
    """What is wrong with this answer, or nothing."""
    rule = ADDRESSES[address.name]
    status = response.status_code
    target = response.headers.get("Location", "")
    to_sign_in = status == 302 and target.startswith(reverse("login"))
    if status >= 500:
        return "an answer of 500 or above"
    if role in rule.get(method, set()):
        wrong = status in (401, 403, 404, 405) or to_sign_in or (method == "GET" and status >= 400)
        return "may do this, and was refused" if wrong else ""
    if method not in rule:
        return "" if status in (401, 403, 404, 405) or status == 302 else "no such method, and it did something"
    if rule[method] is TAKING_PART:
        to_welcome = status == 302 and target.startswith("/s/")
        return "" if (status == 403 if address.is_api else to_welcome) else "does not take part, and was let in"
    if role == "nobody":
        return "" if (status in (401, 403) if address.is_api else to_sign_in) else "must sign in first"
    in_a_study = address.name not in OUTSIDE_STUDIES
    wanted = 404 if role == "stranger" and in_a_study else 403
    return "" if status == wanted else f"must get {wanted}"


def walk(world: World, place: Place, roles: dict[str, str]) -> list[str]:
    faults = []
    for address in our_addresses():
        if address.name not in ADDRESSES or not set(address.arguments) <= set(place.arguments):
            continue  # the first test names these
        url = address.url(place.arguments)
        for person, role in roles.items():
            for method in METHODS:
                response = ask(world, person, method, url)
                said = fault(address, method, role, response)
                if said:
                    faults.append(
                        f"{address.name}: {method} by {person} ({role}) answered {response.status_code}: {said}"
                    )
    return faults


def test_every_address_has_a_name_a_row_in_the_table_and_an_object_to_ask_for(world: World) -> None:
    known = world.here.arguments
    missing = []
    for address in our_addresses():
        if not address.name:
            missing.append(f"{address.route} has no name: give its path(..., name=...).")
        elif address.name not in ADDRESSES:
            missing.append(f'{address.route}: add a row "{address.name}": {{"GET": ...}} to ADDRESSES: who may?')
        missing += [
            f"{address.route}: add {argument!r} to Place.arguments in tests/house/world.py: which object is it?"
            for argument in address.arguments
            if argument not in known
        ]
    assert not missing, "\n".join(missing)


def test_the_table_has_no_row_without_an_address() -> None:
    left_over = set(ADDRESSES) - {address.name for address in our_addresses()}
    assert not left_over, f"remove the rows {sorted(left_over)} from ADDRESSES: there are no such addresses any more"


def test_everybody_gets_what_the_table_says(world: World) -> None:
    faults = walk(world, world.here, ROLES["here"])
    assert not faults, "\n".join(faults)


def test_what_belongs_to_another_study_does_not_exist(world: World) -> None:
    faults = walk(world, world.elsewhere, ROLES["elsewhere"])
    assert not faults, "\n".join(faults)


def test_another_studys_object_is_not_found_below_ones_own_study(world: World) -> None:
    faults = []
    for address in our_addresses():
        objects = set(address.arguments) - NOT_OBJECTS - {"slug"}
        if "slug" not in address.arguments or not objects or address.name not in ADDRESSES:
            continue
        for method, who in ADDRESSES[address.name].items():
            person = "anna" if who is TAKING_PART else "mika"
            url = address.url({**world.elsewhere.arguments, "slug": world.here.study.slug})
            status = ask(world, person, method, url).status_code
            # a body that cannot be used may be told first, as long as nothing of the object is
            if status != 404 and not (status == 400 and method in ("POST", "PATCH", "PUT")):
                faults.append(f"{address.name}: {method} by {person} for {objects} of another study answered {status}")
    assert not faults, "\n".join(faults)


def test_addresses_of_things_that_do_not_exist_are_not_found(world: World) -> None:
    gone = {
        name: value if name in NOT_OBJECTS else value + 10_000_000 if isinstance(value, int) else str(value)[::-1]
        for name, value in world.here.arguments.items()
    } | {"token": "1-0123456789abcdef01234567", "payment_key": uuid.UUID(int=7)}
    faults = []
    for address in our_addresses():
        if address.name not in ADDRESSES or not address.arguments or not set(address.arguments) <= set(gone):
            continue
        for method in ADDRESSES[address.name]:
            status = ask(world, "ada", method, address.url(gone)).status_code
            if status != 404:
                faults.append(f"{address.name}: {method} by ada for something that is not there answered {status}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("change", [{"state": "draft"}, {"entry": "members"}])
def test_drafts_and_studies_by_invitation_do_not_exist_for_strangers(world: World, change: dict[str, str]) -> None:
    type(world.here.study).objects.filter(pk=world.here.study.pk).update(**change)
    faults = []
    for address in our_addresses():
        for_annotators = address.name.startswith("annotate_") or TAKING_PART in ADDRESSES.get(address.name, {}).values()
        if "slug" not in address.arguments or not (for_annotators or address.name == "api_join"):
            continue
        for person in ("nobody", "stan", "bo"):
            for method in ADDRESSES.get(address.name, {}):
                status = ask(world, person, method, address.url(world.here.arguments)).status_code
                if status != 404:
                    faults.append(f"{address.name}: {method} by {person} answered {status}")
    assert not faults, "\n".join(faults)


def test_djangos_admin_is_for_admins_only(world: World) -> None:
    faults = []
    for address in all_addresses():
        if not address.is_admin_site or address.name in ("", "admin:"):
            continue  # Django's own catch-alls have no name
        values = {"object_id": "1", "app_label": "jobs", "content_type_id": 1, "url": "x", "model_name": "study"}
        try:
            url = address.url({**dict.fromkeys(address.arguments, "1"), **values})
        except Exception as problem:
            faults.append(f"{address.route}: no address could be made: {problem}")
            continue
        for person in ROLES["here"]:
            for method in METHODS:
                response = ask(world, person, method, url)
                status = response.status_code
                sent_away = status == 302 and "/login" in response.headers["Location"]
                if status >= 500:
                    faults.append(f"{url}: {method} by {person} answered {status}")
                elif person != "ada" and address.name not in ("admin:logout", "admin:login", "admin:jsi18n"):
                    if not (sent_away or status in (403, 404, 405)):
                        faults.append(f"{url}: {method} by {person} answered {status}")
                elif person == "ada" and method == "GET" and sent_away and address.name != "admin:login":
                    faults.append(f"{url}: GET by ada was sent to the sign-in page")
    assert not faults, "\n".join(faults)
