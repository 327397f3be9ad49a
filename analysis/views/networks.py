"""The networks of a study: train, watch, compare, promote, take back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from analysis.network_card import network_card
from analysis.network_forms import NEVER, LimitForm, RetrainForm, TrainForm
from analysis.network_pages import CURVE_COLUMNS, RunPage, run_page, task_sections
from analysis.network_predictions import network_distributions
from analysis.network_queries import retrain_policies, trainings_of
from analysis.queries import stimulus_statistics, study_statistics
from analysis.services.serve_network import NotServed, serve_network, take_network_back
from analysis.services.set_retrain_policy import end_retrain_policy, set_retrain_policy
from analysis.services.train_on_study import NothingToLearnFrom, train_on_study
from analysis.views.csv_file import csv_response
from annotation.access import get_study, rights_of
from annotation.models import Study
from annotation.queries import stimulus_by_key
from jobs.models import Job
from jobs.services import cancel_job
from modelserve.errors import ModelServeError, NetworkInUse, NetworkNotFound, NothingToRollBack
from modelserve.models import TrainingRun
from modelserve.options import TASKS
from modelserve.queries import can_roll_back, training_runs_of
from modelserve.services.delete_network import delete_network
from modelserve.services.device_budget import limit_of, seconds_used, set_limit


@login_required
@require_GET
def networks(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    return _networks_page(request, study, TrainForm())


@login_required
@require_GET
def networks_live(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that changes while networks learn."""
    study = get_study(request.user, slug, "see_results")
    return render(request, "analysis/_networks_live.html", _live_context(request, study))


@login_required
@require_POST
def train(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "train")
    form = TrainForm(request.POST)
    if form.is_valid():
        try:
            train_on_study(study=study, task=form.cleaned_data["task"], options=form.options(), user=request.user)
        except (ModelServeError, NothingToLearnFrom) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The training is in the queue. First the study is frozen; then it learns.")
            return redirect("study_networks", slug=slug)
    return _networks_page(request, study, form, status=400)


@login_required
@require_GET
def training_run(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    study = get_study(request.user, slug, "see_results")
    return render(request, "analysis/network_run.html", _run_context(request, study, run_id))


@login_required
@require_GET
def training_run_live(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """The loss curve, as far as it is drawn."""
    study = get_study(request.user, slug, "see_results")
    return render(request, "analysis/_network_curve.html", _run_context(request, study, run_id))


@login_required
@require_GET
def training_curve_csv(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    get_study(request.user, slug, "see_results")
    run = _run_of(slug, run_id)
    rows = [[point[name] for name in CURVE_COLUMNS] for point in run.curve]
    return csv_response(f"{slug}-training-{run.pk}", CURVE_COLUMNS, rows)


@login_required
@require_GET
def stimulus_network_csv(request: HttpRequest, slug: str, key: str, network_id: int) -> HttpResponse:
    """The network's shares for one image beside people's."""
    study = get_study(request.user, slug, "see_results")
    face, statistics = stimulus_by_key(study, key), study_statistics(study.pk)
    facts = stimulus_statistics(face.id) if face else None
    entries = (
        network_distributions(study, key, statistics.labels, facts.counts if facts else None) if statistics else []
    )
    figure = next((entry["figure"] for entry in entries if entry["network"] == network_id), None)
    if face is None or figure is None:
        raise Http404("This network is not served, or has not predicted this image.")
    return csv_response(f"{slug}-{key[:12]}-network-{network_id}", figure.raw_columns, figure.raw_rows)


@login_required
@require_POST
def promote(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    study = get_study(request.user, slug, "train")
    try:
        network = serve_network(study=study, network_id=network_id, user=request.user)
    except NetworkNotFound as error:
        raise Http404(str(error)) from error
    messages.success(request, f"Version {network.version} answers now; the one before can be brought back.")
    return redirect("study_networks", slug=slug)


@login_required
@require_POST
def delete(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    get_study(request.user, slug, "train")
    try:
        network = delete_network(study_key=slug, network_id=network_id)
    except NetworkNotFound as error:
        raise Http404(str(error)) from error
    except NetworkInUse as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Version {network.version} is deleted.")
    return redirect("study_networks", slug=slug)


@login_required
@require_GET
def card(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    """The version's card in Markdown."""
    study = get_study(request.user, slug, "see_results")
    run = training_runs_of(slug).filter(network__pk=network_id).first()
    if run is None:
        raise Http404("This study has no such network.")
    page = run_page(study, run)
    answer = HttpResponse(network_card(study, page), content_type="text/markdown; charset=utf-8")
    name = f"{slug}-{run.task}-{run.network.version}-card.md"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
@require_POST
def roll_back(request: HttpRequest, slug: str, network_id: int) -> HttpResponse:
    """network_id: the network to be taken back, so that a second press does not go back twice."""
    study = get_study(request.user, slug, "train")
    found = next((run for run in training_runs_of(slug).filter(network__pk=network_id)), None)
    if found is None:
        raise Http404("This study has no such network.")
    try:
        network = take_network_back(study=study, task=found.task, user=request.user, network_id=network_id)
    except (NothingToRollBack, NotServed) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Taken back: version {network.version} answers again.")
    return redirect("study_networks", slug=slug)


@login_required
@require_POST
def cancel_training(request: HttpRequest, slug: str, job_id: int) -> HttpResponse:
    get_study(request.user, slug, "train")
    job = Job.objects.filter(pk=job_id, study_key=slug, kind__in=("train", "freeze_and_train")).first()
    if job is None:
        raise Http404("This study has no such training.")
    cancel_job(job)
    messages.success(request, "The training ends at its next step. Networks that are there stay as they are.")
    return redirect("study_networks", slug=slug)


@login_required
@require_POST
def retraining(request: HttpRequest, slug: str, task: str) -> HttpResponse:
    study = get_study(request.user, slug, "train")
    if task not in TASKS:
        raise Http404("There is no such task.")
    form = RetrainForm(request.POST, prefix=task)
    if not form.is_valid():
        return _networks_page(request, study, TrainForm(), retrain_form=(task, form), status=400)
    rule = form.cleaned_data["rule"]
    if rule == NEVER:
        end_retrain_policy(study=study, task=task)
        messages.success(request, f"{TASKS[task].title}: trained only when somebody asks.")
    else:
        policy = set_retrain_policy(
            study=study, task=task, rule=rule, number=form.cleaned_data["number"], user=request.user
        )
        messages.success(request, f"{TASKS[task].title}: trained again {policy.sentence}.")
    return redirect("study_networks", slug=slug)


@login_required
@require_POST
def training_limit(request: HttpRequest, slug: str) -> HttpResponse:
    study = get_study(request.user, slug, "train")
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _networks_page(request, study, TrainForm(), limit_form=form, status=400)
    limit = set_limit(study_key=study.slug, minutes_per_day=form.cleaned_data["minutes_per_day"], user=request.user)
    if limit is None:
        messages.success(request, "Trainings of this study may hold a device as long as they need.")
    else:
        messages.success(request, f"Trainings of this study may hold a device {limit.minutes_per_day:g} minutes a day.")
    return redirect("study_networks", slug=slug)


def _networks_page(
    request: HttpRequest,
    study: Study,
    form: TrainForm,
    retrain_form: tuple[str, RetrainForm] | None = None,
    limit_form: LimitForm | None = None,
    status: int = 200,
) -> HttpResponse:
    policies = retrain_policies(study)
    retrain_forms = [
        (
            task,
            policies.get(task.name),
            retrain_form[1]
            if retrain_form and retrain_form[0] == task.name
            else RetrainForm(prefix=task.name, initial=_initial(policies.get(task.name))),
        )
        for task in TASKS.values()
    ]
    limit = limit_of(study.slug)
    context = {
        **_live_context(request, study),
        "form": form,
        "retrain_forms": retrain_forms,
        "limit": limit,
        "minutes_used": seconds_used(study.slug) / 60,
        "limit_form": limit_form or LimitForm(initial={"minutes_per_day": limit.minutes_per_day if limit else None}),
    }
    return render(request, "analysis/networks.html", context, status=status)


def _initial(policy: Any) -> dict[str, Any]:
    return {"rule": policy.rule, "number": policy.number} if policy else {"rule": NEVER, "number": 100}


def _live_context(request: HttpRequest, study: Study) -> dict[str, Any]:
    return {
        "study": study,
        "may_train": "train" in rights_of(request.user, study),
        "sections": task_sections(study),
        "trainings": trainings_of(study.slug),
    }


def _run_context(request: HttpRequest, study: Study, run_id: int) -> dict[str, Any]:
    run = _run_of(study.slug, run_id)
    page: RunPage = run_page(study, run)
    return {
        "study": study,
        "may_train": "train" in rights_of(request.user, study),
        "page": page,
        "can_roll_back": can_roll_back(study.slug, run.task),
        "run": run,
        "job": run.job,
    }


def _run_of(slug: str, run_id: int) -> TrainingRun:
    run: TrainingRun | None = training_runs_of(slug).filter(pk=run_id).first()
    if run is None:
        raise Http404("This study has no such training.")
    return run
