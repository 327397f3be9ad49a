from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Background work"

    def ready(self) -> None:
        """Every app's jobs.py registers its kinds, in web processes too: a page must know what it may start."""
        autodiscover_modules("jobs")
