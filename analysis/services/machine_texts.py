"""A study's speaker writes ahead what may be shown after an answer: settings, the job, and who starts it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from annotation.errors import InvalidInput
from annotation.machine_texts.options import MachineTextOptions
from annotation.models import MachineText, SnapshotRecord, Stimulus, Study
from annotation.queries import studies_with_machine_texts, study_of_slug
from annotation.services.keep_machine_texts import Writer, keep_machine_texts, let_stand
from annotation.services.set_machine_texts import set_machine_texts
from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.queries import newest_job, under_way
from jobs.services import start_job
from modelserve.errors import ModelServeError
from modelserve.models import Network
from modelserve.queries import promoted_network
from modelserve.services.explain_images import explain_images
from modelserve.services.read_stored_image import read_stored_image
from modelserve.variants import VARIANTS
from snapshots.local_copy import image_name
from snapshots.split import split_of

JOB_KIND = "write_machine_texts"
AT_ONCE = 16
NO_SPEAKER = "No speaker is served for this study, so there is nothing to show. Train one on its networks page first."


def change_machine_texts(*, study: Study, changes: dict[str, Any], user: Any = None) -> MachineTextOptions:
    """Changes the settings that are named, and lets the speaker begin to write. Raises InvalidInput.

    They cannot be switched on while no speaker is served, or no listener where the texts shall be chosen by one.
    """
    before = MachineTextOptions.of(study.machine_texts)
    wanted = {**before.stored(), **changes}
    if wanted["is_on"] is True:
        if speaker_of(study) is None:
            raise InvalidInput(f"Nothing was changed. {NO_SPEAKER}", {"is_on": [NO_SPEAKER]})
        variant = VARIANTS.get(wanted["variant"]) if isinstance(wanted["variant"], str) else None
        if variant and variant.is_pragmatic and promoted_network(study.slug, "listener") is None:
            sentence = "No listener is served for this study, and it would choose the texts. Train one first."
            raise InvalidInput(f"Nothing was changed. {sentence}", {"variant": [sentence]})
    options = set_machine_texts(study=study, changes=changes)
    if options.is_on:
        start_writing(study=study, user=user)
    return options


def speaker_of(study: Study) -> Network | None:
    return promoted_network(study.slug, "speaker")


def _arguments(study: Study, speaker: Network) -> dict[str, Any]:
    options = MachineTextOptions.of(study.machine_texts)
    return {"network": speaker.pk, "variant": options.variant, "only_unlearned": options.only_unlearned}


def start_writing(*, study: Study, user: Any = None) -> Job | None:
    """The job that writes what is missing; None where the study wants none, or no speaker is served.

    Asked again while the same job is waiting or running, gives that one.
    """
    speaker = speaker_of(study)
    if speaker is None or not MachineTextOptions.of(study.machine_texts).is_on:
        return None
    arguments = _arguments(study, speaker)
    same = under_way(study.slug, JOB_KIND, arguments=arguments)
    return same or start_job(JOB_KIND, study_key=study.slug, arguments=arguments, user=user)


def follow_speakers() -> int:
    """Every study that shows such texts follows its speaker: another version that is served writes anew, an image that
    is new is written about. Returns how many jobs were started. One that failed or was cancelled is not started again
    by itself."""
    n_started = 0
    for study in studies_with_machine_texts():
        speaker = speaker_of(study)
        if speaker is None:
            let_stand(study=study, network_id=None)
            continue
        options = MachineTextOptions.of(study.machine_texts)
        if not _is_standing(study, speaker, options):
            let_stand(study=study, network_id=speaker.pk, variant=options.variant)
        newest = newest_writing(study)
        is_tried = newest is not None and newest.arguments == _arguments(study, speaker) and newest.state != Job.DONE
        if not is_tried and next(_missing(study, speaker, options), None) is not None:
            start_writing(study=study)
            n_started += 1
    return n_started


def newest_writing(study: Study) -> Job | None:
    """The job that was started last, whatever became of it."""
    return newest_job(study.slug, JOB_KIND)


def _is_standing(study: Study, speaker: Network, options: MachineTextOptions) -> bool:
    others = MachineText.objects.filter(study=study, retired_at__isnull=True)
    return not others.exclude(network_id=speaker.pk, variant=options.variant).exists()


def images_without(study: Study, speaker: Network, options: MachineTextOptions) -> QuerySet[Stimulus]:
    """Images that people may still answer and that this speaker has not written about, in the order of the ring."""
    with_image = Stimulus.objects.filter(study=study, open_slots__gt=0).exclude(image_sha256="")
    mine = MachineText.objects.filter(study=study, network_id=speaker.pk, variant=options.variant)
    return with_image.exclude(pk__in=mine.values("stimulus_id")).order_by("rank", "pk")


def write_machine_texts(handle: JobHandle) -> dict[str, Any]:
    """The job. Run again after a kill it goes on where it ended. Raises JobRefused with a sentence."""
    study = study_of_slug(handle.study_key)
    if study is None:
        raise JobRefused("The study is not there any more; nothing was written.")
    speaker = speaker_of(study)
    options = MachineTextOptions.of(study.machine_texts)
    if speaker is None or speaker.pk != handle.arguments["network"] or not options.is_on:
        return {"n_texts": 0, "outcome": "Another speaker is served since, or nothing is shown any more."}
    labels = [label["id"] for label in study.labels if label["id"] in speaker.label_ids]
    if not labels:
        raise JobRefused("The speaker knows none of this study's labels, so it cannot be asked for any.")
    writer = Writer(speaker.pk, speaker.version, options.variant, _learned_from_simulated(speaker))
    let_stand(study=study, network_id=speaker.pk, variant=options.variant)
    missing = list(_missing(study, speaker, options))
    n_texts = 0
    for start in range(0, len(missing), AT_ONCE):
        handle.progress(start, len(missing), f"Version {speaker.version} writes about the images")
        some = missing[start : start + AT_ONCE]
        try:
            rows = _written(study, speaker, options, some, labels, handle)
        except ModelServeError as error:
            raise JobRefused(f"{error} {n_texts:,} texts were written before.") from error
        if rows is None:
            return {"n_texts": n_texts, "outcome": "Another speaker is served since; it begins anew."}
        n_texts += keep_machine_texts(study=study, writer=writer, texts=rows)
    handle.progress(len(missing), len(missing), "")
    return {"n_texts": n_texts, "version": speaker.version, "n_images": len(missing), "n_labels": len(labels)}


def _missing(study: Study, speaker: Network, options: MachineTextOptions) -> Iterator[tuple[int, str]]:
    """(id, sha256) of the images that it has still to write about."""
    rows = images_without(study, speaker, options).values_list("pk", "key", "image_sha256")
    for pk, key, sha256 in rows.iterator(chunk_size=5_000):
        if not options.only_unlearned or split_of(key) == "test":
            yield pk, sha256


def _written(
    study: Study,
    speaker: Network,
    options: MachineTextOptions,
    images: list[tuple[int, str]],
    labels: list[str],
    handle: JobHandle,
) -> list[tuple[int, str, str]] | None:
    """(stimulus id, label, text); an image without a file gets empty texts, so that it is not tried again and again.
    None where another speaker answers since."""
    files, rows = {}, []
    for stimulus, sha256 in images:
        try:
            files[stimulus] = read_stored_image(image_name(sha256))
        except ModelServeError as error:
            handle.log(f"Passed over: {error}")
            rows += [(stimulus, label, "") for label in labels]
    for label in labels if files else ():
        asked, found = explain_images(study.slug, list(files.values()), emotion=label, variant=options.variant)
        if asked.pk != speaker.pk:
            return None
        rows += [(pk, label, best[0].text if best else "") for pk, best in zip(files, found, strict=True)]
    return rows


def _learned_from_simulated(speaker: Network) -> bool:
    records = SnapshotRecord.objects.filter(snapshot_id=speaker.snapshot_id)
    return records.filter(n_simulated__gt=0).exists()
