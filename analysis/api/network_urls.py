"""Endpoints about a study's networks, below /api/v1/."""

from django.urls import path

from analysis.api import (
    machine_texts,
    network_captions,
    network_comparison,
    network_masks,
    network_words,
    networks,
    training_limit,
)

urlpatterns = [
    path("studies/<slug:slug>/training-runs", networks.TrainingRuns.as_view(), name="api_training_runs"),
    path("studies/<slug:slug>/training-runs/<int:run_id>", networks.OneTrainingRun.as_view(), name="api_training_run"),
    path("studies/<slug:slug>/training-limit", training_limit.TrainingLimit.as_view(), name="api_training_limit"),
    path("studies/<slug:slug>/networks", networks.Networks.as_view(), name="api_networks"),
    path(
        "studies/<slug:slug>/networks/<int:network_id>/promotion",
        networks.NetworkPromotion.as_view(),
        name="api_network_promotion",
    ),
    path(
        "studies/<slug:slug>/networks/<int:network_id>/captions",
        network_captions.NetworkCaptions.as_view(),
        name="api_network_captions",
    ),
    path(
        "studies/<slug:slug>/network-comparisons",
        network_comparison.NetworkComparisons.as_view(),
        name="api_network_comparisons",
    ),
    path("studies/<slug:slug>/explanations", network_words.Explanations.as_view(), name="api_explanations"),
    path("studies/<slug:slug>/listener-scores", network_words.ListenerScores.as_view(), name="api_listener_scores"),
    path("studies/<slug:slug>/masks", network_masks.Masks.as_view(), name="api_masks"),
    path("studies/<slug:slug>/machine-texts", machine_texts.MachineTexts.as_view(), name="api_machine_texts"),
    path("studies/<slug:slug>/predictions", networks.Predictions.as_view(), name="api_predictions"),
]
