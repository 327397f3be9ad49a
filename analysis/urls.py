"""Pages of what people share, and of the networks that learn from them."""

from django.urls import path

from analysis.network_urls import urlpatterns as network_urlpatterns
from analysis.public_urls import urlpatterns as public_urlpatterns
from analysis.views import (
    annotators,
    common_ground,
    compare,
    dashboard,
    disagreement,
    explorer,
    groups,
    language,
    latent_truth,
    planning,
    rehearsal,
    stimulus,
)

urlpatterns = [
    path("studies/<slug:slug>/", dashboard.study, name="study"),
    path("studies/<slug:slug>/live", dashboard.study_live, name="study_live"),
    path("studies/<slug:slug>/charts/<slug:name>.csv", dashboard.chart_csv, name="study_chart_csv"),
    path("studies/<slug:slug>/rehearsal", rehearsal.rehearsal, name="study_rehearsal"),
    path("studies/<slug:slug>/rehearsal/<int:job_id>.csv", rehearsal.rehearsal_csv, name="study_rehearsal_csv"),
    path("studies/<slug:slug>/groups", groups.groups, name="study_groups"),
    path("studies/<slug:slug>/groups.csv", groups.groups_csv, name="study_groups_csv"),
    path("studies/<slug:slug>/planning", planning.planning, name="study_planning"),
    path("studies/<slug:slug>/planning/<slug:name>.csv", planning.planning_csv, name="study_planning_csv"),
    path("studies/<slug:slug>/compare", compare.compare, name="study_compare"),
    path("studies/<slug:slug>/compare.csv", compare.compare_csv, name="study_compare_csv"),
    path("studies/<slug:slug>/latent", latent_truth.latent_truth, name="study_latent_truth"),
    path("studies/<slug:slug>/language", language.language, name="study_language"),
    path("studies/<slug:slug>/language/<slug:name>.csv", language.language_csv, name="study_language_csv"),
    path("studies/<slug:slug>/words", language.words, name="study_words"),
    path("studies/<slug:slug>/words.csv", language.words_csv, name="study_words_csv"),
    path("studies/<slug:slug>/common-ground", common_ground.common_ground, name="study_common_ground"),
    path(
        "studies/<slug:slug>/common-ground/<slug:name>.csv",
        common_ground.common_ground_csv,
        name="study_common_ground_csv",
    ),
    path("studies/<slug:slug>/disagreement", disagreement.disagreement, name="study_disagreement"),
    path(
        "studies/<slug:slug>/disagreement/<slug:name>.csv",
        disagreement.disagreement_csv,
        name="study_disagreement_csv",
    ),
    path("studies/<slug:slug>/asking", disagreement.asking, name="study_asking"),
    path("studies/<slug:slug>/asking/<slug:name>.csv", disagreement.asking_csv, name="study_asking_csv"),
    path("studies/<slug:slug>/explorer", explorer.explorer, name="study_explorer"),
    # as the explorer was called before it could be asked for more
    path("studies/<slug:slug>/gallery", explorer.gallery, name="study_gallery"),
    path("studies/<slug:slug>/stimuli/<str:key>", stimulus.stimulus, name="study_stimulus"),
    path("studies/<slug:slug>/stimuli/<str:key>/distribution.csv", stimulus.stimulus_csv, name="study_stimulus_csv"),
    path("studies/<slug:slug>/annotators", annotators.annotators, name="study_annotators"),
    # pseudonyms that came with an import may hold any character
    path(
        "studies/<slug:slug>/annotators/<path:pseudonym>/distribution.csv",
        annotators.annotator_csv,
        name="study_annotator_csv",
    ),
    path("studies/<slug:slug>/annotators/<path:pseudonym>", annotators.annotator, name="study_annotator"),
    *network_urlpatterns,
    *public_urlpatterns,
]
