"""Pages about a study's networks."""

from django.urls import path

from analysis.views import (
    feel,
    judged,
    machine_texts,
    network_captions,
    network_compare,
    networks,
    people_and_networks,
)

urlpatterns = [
    path(
        "studies/<slug:slug>/people-and-networks",
        people_and_networks.people_and_networks,
        name="study_people_and_networks",
    ),
    path("studies/<slug:slug>/judged", judged.judged, name="study_judged"),
    path("studies/<slug:slug>/judged/<slug:name>.csv", judged.judged_csv, name="study_judged_csv"),
    path("studies/<slug:slug>/after-an-answer", machine_texts.settings, name="study_machine_text_settings"),
    path("studies/<slug:slug>/rated-explanations", machine_texts.rated_texts, name="study_rated_texts"),
    path(
        "studies/<slug:slug>/rated-explanations/<slug:name>.csv",
        machine_texts.rated_texts_csv,
        name="study_rated_texts_csv",
    ),
    path("studies/<slug:slug>/feel", feel.feel, name="study_feel"),
    path("studies/<slug:slug>/networks", networks.networks, name="study_networks"),
    path("studies/<slug:slug>/networks/live", networks.networks_live, name="study_networks_live"),
    path("studies/<slug:slug>/networks/compare", network_compare.network_compare, name="study_network_compare"),
    path(
        "studies/<slug:slug>/networks/compare.csv",
        network_compare.network_compare_csv,
        name="study_network_compare_csv",
    ),
    path(
        "studies/<slug:slug>/networks/curves.csv", network_compare.network_curves_csv, name="study_network_curves_csv"
    ),
    path("studies/<slug:slug>/networks/limit", networks.training_limit, name="study_training_limit"),
    path("studies/<slug:slug>/networks/train", networks.train, name="study_train"),
    path("studies/<slug:slug>/networks/runs/<int:run_id>", networks.training_run, name="study_training_run"),
    path("studies/<slug:slug>/networks/runs/<int:run_id>/live", networks.training_run_live, name="training_run_live"),
    path(
        "studies/<slug:slug>/networks/runs/<int:run_id>/curve.csv",
        networks.training_curve_csv,
        name="training_curve_csv",
    ),
    path("studies/<slug:slug>/networks/jobs/<int:job_id>/cancel", networks.cancel_training, name="training_cancel"),
    path("studies/<slug:slug>/networks/<int:network_id>/promote", networks.promote, name="network_promote"),
    path("studies/<slug:slug>/networks/<int:network_id>/delete", networks.delete, name="network_delete"),
    path("studies/<slug:slug>/networks/<int:network_id>/card.md", networks.card, name="network_card"),
    path("studies/<slug:slug>/networks/<int:network_id>/captions", network_captions.measure, name="network_captions"),
    path(
        "studies/<slug:slug>/networks/<int:network_id>/captions.csv",
        network_captions.captions_csv,
        name="network_captions_csv",
    ),
    path("studies/<slug:slug>/networks/<int:network_id>/roll-back", networks.roll_back, name="network_roll_back"),
    path("studies/<slug:slug>/networks/<slug:task>/retraining", networks.retraining, name="study_retraining"),
    path(
        "studies/<slug:slug>/stimuli/<str:key>/networks/<int:network_id>.csv",
        networks.stimulus_network_csv,
        name="study_stimulus_network_csv",
    ),
]
