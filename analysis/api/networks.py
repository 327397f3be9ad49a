"""Trainings, networks and what the served network predicts, over the API.

Workers answer; torch is never loaded here.
."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from analysis.api.asked_images import images_and_sources, uploaded
from analysis.network_queries import trainings_of
from analysis.services.ask_about_images import PATIENCE_SECONDS, ask_about_images
from analysis.services.serve_network import serve_network, take_network_back
from analysis.services.train_on_study import train_on_study
from annotation.access import get_study
from annotation.api.json_body import JsonBody
from annotation.api.throttle import Throttle
from annotation.errors import AnnotationError, InvalidInput
from annotation.models import Study
from annotation.queries import snapshots_of
from modelserve.errors import (
    ModelServeError,
    NetworkNotFound,
    NoNetworkServed,
    NothingToRollBack,
    PredictorBusy,
)
from modelserve.models import Network, TrainingRun
from modelserve.options import TASKS
from modelserve.queries import networks_of, training_runs_of
from modelserve.services import ask_predictor
from modelserve.services.ask_predictor import MOST_CHARACTERS, MOST_ITEMS

DISTRIBUTING = [task.name for task in TASKS.values() if task.answers == "distribution"]


class NetworksRefused(AnnotationError):
    """A sentence of modelserve on its way out; type and status say which fact it is."""

    def __init__(self, error: ModelServeError, type_name: str, status_code: int) -> None:
        super().__init__(str(error))
        self.type, self.status = type_name, status_code


class PredictorAway(APIException):
    """503, with the seconds after which another try makes sense."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "predictor_busy"
    wait = 5


class Words(serializers.CharField):
    """A text. A number is none: nobody means the text '7.5' by it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@contextlib.contextmanager
def refusals_as_answers() -> Iterator[None]:
    """Turns what modelserve refuses into our API's errors."""
    try:
        yield
    except PredictorBusy as error:
        raise PredictorAway(str(error)) from error
    except NetworkNotFound as error:
        raise Http404(str(error)) from error
    except NoNetworkServed as error:
        raise NetworksRefused(error, "no_network", status.HTTP_409_CONFLICT) from error
    except NothingToRollBack as error:
        raise NetworksRefused(error, "nothing_to_roll_back", status.HTTP_409_CONFLICT) from error
    except ModelServeError as error:
        raise NetworksRefused(error, "invalid", status.HTTP_400_BAD_REQUEST) from error


class TrainingRuns(APIView):
    """List a study's trainings; freeze the study and start one."""

    class Input(serializers.Serializer[Any]):
        task = serializers.ChoiceField(choices=list(TASKS))
        options = serializers.DictField(required=False)

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "jobs"
        return [Throttle()] if self.request.method == "POST" else []

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        get_study(request.user, slug, "see_results")
        return ApiResponse(
            {
                "training_runs": [
                    {
                        "task": training.task,
                        "job": training.job.pk,
                        "state": training.job.state,
                        "outcome": training.outcome,
                        "created_at": training.created_at,
                        "training_run": training.run.pk if training.run else None,
                        "snapshot_id": training.run.snapshot_id if training.run else None,
                        "seed": training.run.seed if training.run else None,
                    }
                    for training in trainings_of(slug, 200)
                ]
            }
        )

    @extend_schema(request=Input, responses={202: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        """Answers with the job that freezes; its result names the training run."""
        study = get_study(request.user, slug, "train")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        with refusals_as_answers():
            job = train_on_study(study=study, task=given["task"], options=given.get("options"), user=_person(request))
        return ApiResponse(job.as_dict(), status=status.HTTP_202_ACCEPTED)


class OneTrainingRun(APIView):
    """One training: settings, curve, state, and the network it brought."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str, run_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        run: TrainingRun | None = training_runs_of(slug).filter(pk=run_id).first()
        if run is None:
            raise Http404("This study has no such training run.")
        network: Network | None = getattr(run, "network", None)
        return ApiResponse(
            {
                "training_run": run.pk,
                "task": run.task,
                "snapshot_id": run.snapshot_id,
                "options": run.options,
                "seed": run.seed,
                "code_version": run.code_version,
                "curve": run.curve,
                "device_seconds": run.device_seconds,
                "samples_per_second": run.samples_per_second,
                "outcome": run.outcome,
                "created_at": run.created_at,
                "job": run.job.as_dict() if run.job else None,
                "network": network_as_dict(study, network) if network else None,
            }
        )


class Networks(APIView):
    """The study's networks, newest first, with their metrics."""

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "see_results")
        return ApiResponse({"networks": [network_as_dict(study, network) for network in networks_of(slug)[:200]]})


class NetworkPromotion(APIView):
    """POST: this network answers from now on. DELETE: take it back; the one that answered before answers again."""

    @extend_schema(request=None, responses=dict)
    def post(self, request: Request, slug: str, network_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "train")
        with refusals_as_answers():
            network = serve_network(study=study, network_id=network_id, user=_person(request))
        return ApiResponse(network_as_dict(study, network))

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str, network_id: int) -> ApiResponse:
        study = get_study(request.user, slug, "train")
        network: Network | None = networks_of(slug).filter(pk=network_id).first()
        if network is None:
            raise Http404("This study has no such network.")
        with refusals_as_answers():
            served = take_network_back(study=study, task=network.task, user=_person(request), network_id=network_id)
        return ApiResponse(network_as_dict(study, served))


class Predictions(APIView):
    """What the served network says of stimuli of the study, of uploaded images, or of texts. Nothing is kept.

    JSON {"task": "image_emotion", "stimuli": [keys]} or {"task": "text_emotion", "texts": [...]}, or a form
    (multipart/form-data) with one or more files called `images`. `version` asks another version than the served one.
    A network with heads answers `ratings`, {head: number}, beside `distribution`; where sources have heads of their
    own, stimuli are answered by that of their source, and images by that of `source`, if it is given and known.
    """

    parser_classes = [JsonBody, MultiPartParser]
    throttle_classes = [Throttle]
    throttle_scope = "predict"

    class Input(serializers.Serializer[Any]):
        task = serializers.ChoiceField(choices=DISTRIBUTING)
        version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
        stimuli = serializers.ListField(
            child=serializers.CharField(max_length=64), required=False, max_length=MOST_ITEMS
        )
        texts = serializers.ListField(child=Words(max_length=MOST_CHARACTERS), required=False, max_length=MOST_ITEMS)

    @extend_schema(request=Input, responses=dict)
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "ask_network")
        if request.FILES:
            return ApiResponse(self._of_uploads(study, request))
        if not isinstance(request.data, dict):
            raise InvalidInput('Send a JSON object, such as {"task": "text_emotion", "texts": ["..."]}.')
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        reads = TASKS[given["task"]].reads
        field, other = ("stimuli", "texts") if reads == "image" else ("texts", "stimuli")
        if not given.get(field) or other in given:
            raise InvalidInput(
                f"{given['task']} reads {reads}s: send 1 to {MOST_ITEMS} of them as '{field}', and no '{other}'."
                " Nothing was predicted.",
                {field: [f"A list of 1 to {MOST_ITEMS} items."]},
            )
        if field == "texts":
            network, answers = _ask(study, given["task"], given["texts"], given.get("version"))
            return ApiResponse(_answer(study, network, answers))
        items = images_and_sources(study, given["stimuli"])
        network, answers = _ask(study, given["task"], items, given.get("version"))
        pairs = zip(given["stimuli"], answers, strict=True)
        return ApiResponse(_answer(study, network, [{"stimulus": key, **answer} for key, answer in pairs]))

    def _of_uploads(self, study: Study, request: Request) -> dict[str, Any]:
        task = request.POST.get("task", "image_emotion")
        if task not in DISTRIBUTING or TASKS[task].reads != "image":
            raise InvalidInput(f"task: '{task}' does not read images. Nothing was predicted.")
        version = _version_of_form(request.POST.get("version", ""))
        decoded = uploaded(request)
        with refusals_as_answers():
            network, answers = ask_about_images(
                study,
                task,
                [jpeg for _, jpeg in decoded],
                version=version,
                options={"ratings": True},
                source=request.POST.get("source", ""),
            )
        pairs = zip(decoded, answers, strict=True)
        return _answer(study, network, [{"image": name, **answer} for (name, _), answer in pairs])


def _ask(
    study: Study, task: str, items: Sequence[Any], version: int | None = None
) -> tuple[Network, list[dict[str, Any]]]:
    with refusals_as_answers():
        return ask_predictor(
            study.slug, task, items, timeout_seconds=PATIENCE_SECONDS, version=version, options={"ratings": True}
        )


def _version_of_form(given: str) -> int | None:
    """Raises InvalidInput for what is no version."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and 0 < int(given[:10]) < 2**31 and len(given) <= 10):
        raise InvalidInput(f"version: '{given[:40]}' is no version, which is a whole number from 1 on.")
    return int(given)


def _answer(study: Study, network: Network, predictions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "task": network.task,
        "network": network.pk,
        "version": network.version,
        "snapshot_id": network.snapshot_id,
        "n_simulated": _n_simulated(study, network),
        "learned_from_withdrawn": network.learned_from_withdrawn,
        "labels": network.label_ids,
        "predictions": [_without_empty_ratings(prediction) for prediction in predictions],
    }


def _without_empty_ratings(prediction: dict[str, Any]) -> dict[str, Any]:
    """Most networks say nothing beside the emotions; their answers stay as short as they are."""
    return {name: value for name, value in prediction.items() if name != "ratings" or value}


def _n_simulated(study: Study, network: Network) -> int | None:
    """Simulated responses among those that it learned from; None where the snapshot is not known any more."""
    record = snapshots_of(study).get(network.snapshot_id)
    return record.n_simulated if record else None


def network_as_dict(study: Study, network: Network) -> dict[str, Any]:
    return {
        "network": network.pk,
        "task": network.task,
        "version": network.version,
        "training_run": network.training_run_id,
        "snapshot_id": network.snapshot_id,
        "n_simulated": _n_simulated(study, network),
        "learned_from_withdrawn": network.learned_from_withdrawn,
        "labels": network.label_set,
        "options": network.options,
        "seed": network.seed,
        "code_version": network.code_version,
        "metrics": network.metrics,
        "comparison": network.comparison,
        "is_served": network.is_promoted,
        "promoted_at": network.promoted_at,
        "retired_at": network.retired_at,
        "created_at": network.created_at,
    }


def _person(request: Request) -> Any:
    return request.user if request.user.is_authenticated else None
