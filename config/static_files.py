"""How style sheets and scripts are named and compressed when they are served."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(StaticFilesConfig):
    """The scripts of steps lie beside their Python and their templates, which are nobody's business."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.py", "*.html", "__pycache__"]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """A file's name carries its hash, also inside the `import` lines of scripts: cached for ever, never stale."""

    support_js_module_import_aggregation = True
