"""Switches a study's public explorer on and off, makes what it shows, and makes it anew after a withdrawal."""

import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from analysis.models import PublicExplorer, StudyStatistics
from analysis.over_snapshots.snapshot_analysis import Progress
from analysis.public.make import STIMULI_FILE, STUDY_FILE, choice_of, make_public
from analysis.services.latent_truth import snapshot_of_storage
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import snapshot_record, studies_by_ids, withdrawn_answers
from jobs.models import Job
from jobs.queries import newest_job
from jobs.services import start_job

JOB_KIND = "make_public"
_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,78}[a-z0-9])")
LEAST_RESPONSES, MOST_RESPONSES = 2, 1000


def new_address() -> str:
    """Sixteen letters and digits that nobody guesses."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _place in range(16))


def explorer_of(study: Study) -> PublicExplorer | None:
    return PublicExplorer.objects.filter(pk=study.pk).first()


def set_public_explorer(
    *, study: Study, address: str, snapshot_id: str, settings: Mapping[str, Any], user: Any
) -> PublicExplorer:
    """Switches it on with these settings, or changes them; what was shown before is gone at once, and is made anew.

    Raises InvalidInput; nothing is changed then.
    """
    _check(study, address, snapshot_id, settings)
    with transaction.atomic():
        old = PublicExplorer.objects.select_for_update().filter(pk=study.pk).first()
        values = {
            "address": address,
            "is_on": True,
            "snapshot_id": snapshot_id,
            "settings": dict(settings),
            "location": "",
            "changed_by_id": getattr(user, "pk", None),
        }
        try:
            with transaction.atomic():
                explorer, _made = PublicExplorer.objects.update_or_create(study_id=study.pk, defaults=values)
        except IntegrityError as error:
            raise InvalidInput(
                _("Another study has this address. Choose another; nothing was changed."),
                {"address": [_("Another study has this address.")]},
            ) from error
        start_job(JOB_KIND, study_key=study.slug, user=user)
        if old is not None and old.location:
            location = old.location
            transaction.on_commit(lambda: _delete(location))
    return explorer


def switch_off(*, study: Study, user: Any) -> None:
    """At once: no page and no picture is given out from the moment this is committed. Twice is as once."""
    with transaction.atomic():
        # what a job puts in place meanwhile is deleted with it
        explorer = PublicExplorer.objects.select_for_update().filter(pk=study.pk).first()
        if explorer is None:
            return
        PublicExplorer.objects.filter(pk=study.pk).update(
            is_on=False, location="", changed_by_id=getattr(user, "pk", None)
        )
    if explorer.location:
        _delete(explorer.location)


def make_explorer(*, study: Study, progress: Progress) -> dict[str, Any]:
    """Makes what is shown out of the chosen snapshot and puts it in place; run twice, the last one stays.

    Raises SnapshotError.
    """
    explorer = explorer_of(study)
    if explorer is None or not explorer.is_on:
        return {"made": False}
    # before the answers are read: who takes something back from here on is found by `is_stale`
    record = snapshot_record(study, explorer.snapshot_id)
    knows_mark = record is None or record.contains_withdrawn
    counted = _counted_withdrawals(study)
    left_out = withdrawn_answers(study)
    snapshot = snapshot_of_storage(explorer.snapshot_id)
    location = f"public/{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="commonground-public-") as folder:
        told = make_public(
            snapshot, Path(folder), choice=choice_of(explorer.settings), left_out=left_out, progress=progress
        )
        for name in (STIMULI_FILE, STUDY_FILE):
            with (Path(folder) / name).open("rb") as file:
                default_storage.save(f"{location}/{name}", File(file))
    unchanged = PublicExplorer.objects.filter(
        pk=study.pk, is_on=True, snapshot_id=explorer.snapshot_id, settings=explorer.settings
    )
    with transaction.atomic():
        before = unchanged.select_for_update().values_list("location", flat=True).first()
        if before is not None:
            unchanged.update(location=location, n_withdrawn=counted, knows_mark=knows_mark)
    if before is None:
        _delete(location)
        return {"made": False}
    if before:
        _delete(before)
    return {"made": True, "snapshot_id": snapshot.id, "n_stimuli": told["n_stimuli"]}


def is_stale(explorer: PublicExplorer, study: Study) -> bool:
    """Whether somebody has taken back what is shown: the snapshot's mark is set in that very transaction."""
    record = snapshot_record(study, explorer.snapshot_id)
    if record is None:
        return True
    if not record.contains_withdrawn:
        return False
    if not explorer.knows_mark:
        return True
    # another number, not a larger one: it also falls, where simulated answers are removed
    return _counted_withdrawals(study) != explorer.n_withdrawn


def _counted_withdrawals(study: Study) -> int:
    """How many answers were taken back, as the statistics have counted by now: seconds behind, and without a search."""
    return StudyStatistics.objects.filter(pk=study.pk).values_list("n_withdrawn", flat=True).first() or 0


def renew_public_explorers() -> int:
    """Has every explorer made anew that shows what was taken back, or that never was made. Returns how many."""
    explorers = PublicExplorer.objects.filter(is_on=True)
    studies = studies_by_ids(explorer.study_id for explorer in explorers)
    n = 0
    for explorer in explorers:
        study = studies.get(explorer.study_id)
        if study is None or (explorer.location and not is_stale(explorer, study)):
            continue
        newest = newest_job(study.slug, JOB_KIND)
        if newest is not None and (not newest.has_ended or (newest.state != Job.DONE and not explorer.location)):
            continue  # under way; or it failed and the page says why, which nothing but a person can mend
        start_job(JOB_KIND, study_key=study.slug)
        n += 1
    return n


def _check(study: Study, address: str, snapshot_id: str, settings: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    if not _ADDRESS.fullmatch(address):
        errors["address"] = [_("3 to 80 small letters, digits and hyphens between them, as in our-lake-study.")]
    record = snapshot_record(study, snapshot_id) if snapshot_id else None
    if record is None:
        errors["snapshot_id"] = [_("This study has no such snapshot. Choose one of the list, or freeze one first.")]
    least = settings.get("least_responses")
    if not isinstance(least, int) or not LEAST_RESPONSES <= least <= MOST_RESPONSES:
        errors["least_responses"] = [_("A whole number from %(least)d to %(most)d.") % _BOUNDS]
    if study.label_step is None:
        errors["snapshot_id"] = [_("The study has no choice among labels, so there is nothing to explore.")]
    if errors:
        raise InvalidInput(_("The public explorer is as it was. Look at what is marked."), errors)


_BOUNDS = {"least": LEAST_RESPONSES, "most": MOST_RESPONSES}


def _delete(location: str) -> None:
    for name in (STUDY_FILE, STIMULI_FILE):
        default_storage.delete(f"{location}/{name}")
