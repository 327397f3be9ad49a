"""Endpoints of collecting, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from annotation.api import jobs, snapshots, work

urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("jobs/<int:job_id>", jobs.OneJob.as_view(), name="api_job"),
    path("studies/<slug:slug>/snapshots", snapshots.Snapshots.as_view(), name="api_snapshots"),
    path("studies/<slug:slug>/exports", snapshots.Exports.as_view(), name="api_exports"),
    path(
        "studies/<slug:slug>/exports/<int:job_id>/<str:file_name>",
        snapshots.ExportFile.as_view(),
        name="api_export_file",
    ),
    path("studies/<slug:slug>/join", work.Join.as_view(), name="api_join"),
    path("studies/<slug:slug>/work", work.Work.as_view(), name="api_work"),
    path("studies/<slug:slug>/responses", work.Responses.as_view(), name="api_responses"),
    path("studies/<slug:slug>/responses/<int:response_id>", work.OneResponse.as_view(), name="api_response"),
    path("studies/<slug:slug>/skips", work.Skips.as_view(), name="api_skips"),
    path("studies/<slug:slug>/withdrawal", work.Withdrawal.as_view(), name="api_withdrawal"),
]
