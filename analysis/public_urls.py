"""What leaves the study: the report, and the public explorer with its settings for managers."""

from django.urls import path

from analysis.views import public_explorer, public_settings, report

urlpatterns = [
    path("studies/<slug:slug>/report", report.report, name="study_report"),
    path("studies/<slug:slug>/report/<int:job_id>/<str:format_name>", report.report_file, name="study_report_file"),
    path("studies/<slug:slug>/public", public_settings.public_settings, name="study_public"),
    path("public/<slug:address>/", public_explorer.explorer, name="public_explorer"),
    path("public/<slug:address>/images", public_explorer.explorer_images, name="public_images"),
    path("public/<slug:address>/images/<str:key>", public_explorer.explorer_image, name="public_image"),
    path("public/<slug:address>/charts/<slug:name>.csv", public_explorer.explorer_csv, name="public_csv"),
    path(
        "public/<slug:address>/pictures/<str:sha256>-<slug:size>.jpg",
        public_explorer.explorer_picture,
        name="public_picture",
    ),
]
