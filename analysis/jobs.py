"""Background work of analysis."""

from typing import Any

from celery import shared_task

from analysis.models import StudyStatistics
from analysis.network_queries import FREEZE_AND_TRAIN
from analysis.over_snapshots import analysis_named
from analysis.services import refresh_statistics as refreshing
from analysis.services import start_due_retraining as retraining
from analysis.services import train_on_study as training
from analysis.services.analyse_snapshot import JOB_KIND as SNAPSHOT_ANALYSIS
from analysis.services.analyse_snapshot import store_analysis
from analysis.services.compare_groups import JOB_KIND as COMPARE_GROUPS
from analysis.services.compare_groups import store_groups
from analysis.services.compare_sides import JOB_KIND as COMPARE_SIDES
from analysis.services.compare_sides import store_comparison
from analysis.services.follow_withdrawals import follow_withdrawals
from analysis.services.index_explanations import index_what_changed
from analysis.services.judge_speaker import JOB_KIND as JUDGE_SPEAKER
from analysis.services.judge_speaker import judge_speaker
from analysis.services.latent_truth import JOB_KIND as LATENT_TRUTH
from analysis.services.latent_truth import snapshot_of_storage, store_latent_truth
from analysis.services.machine_texts import JOB_KIND as WRITE_MACHINE_TEXTS
from analysis.services.machine_texts import follow_speakers, write_machine_texts
from analysis.services.people_and_networks import JOB_KIND as PEOPLE_AND_NETWORKS
from analysis.services.people_and_networks import store_people_and_networks
from analysis.services.public_explorer import JOB_KIND as MAKE_PUBLIC
from analysis.services.public_explorer import make_explorer, renew_public_explorers
from analysis.services.rated_texts import JOB_KIND as RATED_TEXTS
from analysis.services.rated_texts import store_rated_texts
from analysis.services.recount import recount
from analysis.services.rehearse import JOB_KIND as REHEARSE
from analysis.services.rehearse import rehearse
from analysis.services.share_analysis import JOB_KIND as ANALYSIS_PARTS
from analysis.services.share_analysis import help_with
from analysis.services.store_report import JOB_KIND as REPORT
from analysis.services.store_report import store_report
from analysis.services.top_up import top_up_study, top_up_what_changed
from analysis.services.withdrawn_trials import empty_withdrawn_trials
from annotation.errors import InvalidInput
from annotation.models import Study
from annotation.queries import studies_by_ids, study_of_slug
from annotation.services.top_up import JOB_KIND as TOP_UP
from annotation.simulator.rehearsal import RehearsalOptions
from jobs.errors import JobRefused
from jobs.handle import JobHandle
from jobs.models import Job
from jobs.registry import job
from jobs.services import start_job
from modelserve.errors import BudgetSpent, ModelServeError
from modelserve.jobs import no_time
from snapshots.errors import SnapshotError


@shared_task(name="analysis.refresh_statistics")  # type: ignore[untyped-decorator]
def refresh_statistics() -> None:
    refreshing.refresh_statistics()
    index_what_changed()


@shared_task(name="analysis.follow_withdrawals")  # type: ignore[untyped-decorator]
def mark_networks_that_learned_from_withdrawn_answers() -> None:
    follow_withdrawals()


@shared_task(name="analysis.empty_withdrawn_trials")  # type: ignore[untyped-decorator]
def empty_trials_of_withdrawn_texts() -> None:
    empty_withdrawn_trials()


@shared_task(name="analysis.renew_public_explorers")  # type: ignore[untyped-decorator]
def renew_explorers_that_show_withdrawn_answers() -> None:
    renew_public_explorers()


@job(MAKE_PUBLIC, queue="analysis", time_limit_seconds=2 * 3600)
def make_public_explorer(handle: JobHandle) -> dict[str, Any]:
    """Makes what a study's public explorer shows out of the snapshot that was chosen for it."""
    study = _study(handle, "made")
    try:
        return make_explorer(study=study, progress=handle.progress)
    except SnapshotError as error:
        raise JobRefused(f"{error} Nothing is shown.") from error


@shared_task(name="analysis.top_up")  # type: ignore[untyped-decorator]
def top_up_changed() -> None:
    top_up_what_changed()


def _study(handle: JobHandle, done: str) -> Study:
    """The job's study. Raises JobRefused where it is gone; done: what the job would have done."""
    study = study_of_slug(handle.study_key)
    if study is None:
        raise JobRefused(f"The study is not there any more; nothing was {done}.")
    return study


@job(TOP_UP, queue="analysis", time_limit_seconds=3600)
def top_up_all_of_study(handle: JobHandle) -> dict[str, Any]:
    """Measures how well every image of a study is known, and asks for more answers where that is too little."""
    study = _study(handle, "measured")
    return {"n_raised": top_up_study(study)}


@shared_task(name="analysis.start_recounts")  # type: ignore[untyped-decorator]
def start_recounts() -> None:
    """A recount of every study that has figures; a study whose last one is still waiting is left to that one."""
    studies = studies_by_ids(StudyStatistics.objects.values_list("study_id", flat=True))
    under_way = Job.objects.filter(kind="recount").exclude(state__in=Job.ENDED)
    waiting = set(under_way.values_list("study_key", flat=True))
    for study in studies.values():
        if study.slug not in waiting:
            start_job("recount", study_key=study.slug, arguments={"study_id": study.pk})


@job("recount", queue="analysis", time_limit_seconds=3600)
def recount_study(handle: JobHandle) -> dict[str, Any]:
    """arguments: study_id."""
    study = studies_by_ids([handle.arguments["study_id"]]).get(handle.arguments["study_id"])
    if study is None:
        raise JobRefused("The study is not there any more; nothing was counted.")
    n_stimuli = StudyStatistics.objects.filter(pk=study.pk).values_list("n_stimuli", flat=True).first() or 0
    result = recount(study=study, on_progress=lambda done: handle.progress(min(done, n_stimuli), n_stimuli))
    handle.log("All figures are the same." if result.is_equal else "\n".join(result.differences))
    return {"recount": result.pk, "is_equal": result.is_equal, "n_differences": result.n_differences}


@shared_task(name="analysis.start_due_retraining")  # type: ignore[untyped-decorator]
def start_due_retraining() -> None:
    retraining.start_due_retraining()


@job(FREEZE_AND_TRAIN, queue="exchange", time_limit_seconds=2 * 3600)
def freeze_and_train(handle: JobHandle) -> dict[str, Any]:
    """arguments: task, options, only_if_new."""
    try:
        return training.freeze_and_train(handle)
    except BudgetSpent as error:
        raise no_time(error) from error
    except ModelServeError as error:
        raise JobRefused(str(error)) from error


@job(REHEARSE, queue="exchange", time_limit_seconds=3600)
def rehearse_study(handle: JobHandle) -> dict[str, Any]:
    """arguments: those of RehearsalOptions. The result is the report."""
    study = _study(handle, "rehearsed")
    return rehearse(
        study=study,
        options=RehearsalOptions.from_json(handle.arguments),
        progress=lambda done, total: handle.progress(done, total, "Responses of the rehearsal"),
    )


@job(LATENT_TRUTH, queue="analysis", time_limit_seconds=3600)
def fit_latent_truth(handle: JobHandle) -> dict[str, Any]:
    """Fits methods of latent truth to a study, for comparison with its votes. arguments: methods."""
    study = _study(handle, "computed")
    try:
        results = store_latent_truth(study=study, methods=handle.arguments["methods"], progress=handle.progress)
    except SnapshotError as error:
        raise JobRefused(f"{error} Nothing was computed.") from error
    for result in results:
        figures = result.figures
        handle.log(
            f"{result.definition['title']}: departs from the majority on {figures['n_overruled']} of "
            f"{figures['n_stimuli']} stimuli, decides {figures['n_tie_broken']} ties."
        )
    return {"snapshot_id": results[0].snapshot_id, "results": {result.method: result.pk for result in results}}


@job(SNAPSHOT_ANALYSIS, queue="analysis", time_limit_seconds=4 * 3600)
def analyse_snapshot(handle: JobHandle) -> dict[str, Any]:
    """Runs one analysis over the study as it is, frozen. arguments: name, options."""
    study = _study(handle, "computed")
    try:
        result = store_analysis(
            study=study,
            analysis=analysis_named(handle.arguments["name"]),
            options=handle.arguments["options"],
            progress=handle.progress,
            job_id=handle.job_id,
        )
    except (InvalidInput, SnapshotError) as error:
        raise JobRefused(f"{error} Nothing was computed.") from error
    return {"snapshot_id": result.snapshot_id, "analysis_result": result.pk}


@job(COMPARE_GROUPS, queue="analysis", time_limit_seconds=4 * 3600)
def compare_groups(handle: JobHandle) -> dict[str, Any]:
    """Compares groups of people, those by what they said about themselves among them. arguments: options."""
    study = _study(handle, "compared")
    try:
        results = store_groups(
            study=study, options=handle.arguments["options"], progress=handle.progress, job_id=handle.job_id
        )
    except (InvalidInput, SnapshotError) as error:
        raise JobRefused(f"{error} Nothing was compared.") from error
    return {"snapshot_id": results[0].snapshot_id, "results": [result.pk for result in results]}


@job(COMPARE_SIDES, queue="analysis", time_limit_seconds=4 * 3600)
def compare_sides(handle: JobHandle) -> dict[str, Any]:
    """Compares two studies, sources, periods or label sets. arguments: options."""
    study = _study(handle, "compared")
    try:
        result = store_comparison(
            study=study, options=handle.arguments["options"], progress=handle.progress, job_id=handle.job_id
        )
    except (InvalidInput, SnapshotError) as error:
        raise JobRefused(str(error)) from error
    return {"snapshot_id": result.snapshot_id, "analysis_result": result.pk}


@job(ANALYSIS_PARTS, queue="analysis", time_limit_seconds=4 * 3600)
def help_with_analysis(handle: JobHandle) -> dict[str, Any]:
    """Does parts of another job's analysis. arguments: of_job, snapshot_id, name, options, begin."""
    given = handle.arguments
    if not Job.objects.filter(pk=given["of_job"], state=Job.RUNNING).exists():
        return {"n_parts": 0}  # the others were done before this one's turn came
    try:
        n_parts = help_with(
            snapshot_of_storage(given["snapshot_id"]),
            name=given["name"],
            options=given["options"],
            of_job=given["of_job"],
            begin=given["begin"],
            progress=handle.progress,
        )
    except (InvalidInput, SnapshotError) as error:
        raise JobRefused(str(error)) from error
    return {"n_parts": n_parts}


@job(REPORT, queue="analysis", time_limit_seconds=4 * 3600)
def write_report(handle: JobHandle) -> dict[str, Any]:
    """Writes methods and results of a snapshot in every format. arguments: snapshot_id ("": as the study is now),
    chapters ("all", "none", names; "": those that were computed by now)."""
    study = _study(handle, "written")
    arguments = handle.arguments
    try:
        return store_report(
            study=study,
            snapshot_id=arguments.get("snapshot_id", ""),
            chapters=arguments.get("chapters", ""),
            handle=handle,
        )
    except (InvalidInput, SnapshotError) as error:
        raise JobRefused(f"{error} Nothing was written.") from error


@job(JUDGE_SPEAKER, queue="training", time_limit_seconds=4 * 3600)
def make_study_of_a_speakers_texts(handle: JobHandle) -> dict[str, Any]:
    """Lets the served speaker write, and makes a study that judges the texts.

    arguments: design, variants, n_images, seed, title.
    """
    return judge_speaker(handle)


@shared_task(name="analysis.follow_speakers")  # type: ignore[untyped-decorator]
def let_speakers_write_what_is_missing() -> None:
    follow_speakers()


@job(WRITE_MACHINE_TEXTS, queue="training", time_limit_seconds=7 * 24 * 3600)
def write_texts_to_show_after_answers(handle: JobHandle) -> dict[str, Any]:
    """Lets the served speaker write about every open image for every label, to be shown after answers.

    arguments: network, variant, only_unlearned.
    """
    return write_machine_texts(handle)


@job(PEOPLE_AND_NETWORKS, queue="analysis", time_limit_seconds=3600)
def set_networks_beside_people(handle: JobHandle) -> dict[str, Any]:
    """Sets the served network's predictions beside people's answers. No arguments."""
    study = _study(handle, "compared")
    row = store_people_and_networks(study, handle.progress)
    return {"analysis_result": row.pk, "n_compared": row.result["n_compared"]}


@job(RATED_TEXTS, queue="analysis", time_limit_seconds=3600)
def count_ratings_of_texts(handle: JobHandle) -> dict[str, Any]:
    """Counts how plausible people find a network's texts, and compares those who saw them with those held out.

    No arguments.
    """
    study = _study(handle, "counted")
    try:
        row = store_rated_texts(study, handle.progress)
    except SnapshotError as error:
        raise JobRefused(f"{error} Nothing was counted.") from error
    return {"analysis_result": row.pk, "n_rated": row.result["n_rated"]}
