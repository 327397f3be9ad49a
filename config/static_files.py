"""How style sheets and scripts are named and compressed when they are served."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """A file's name carries its hash, also inside the `import` lines of scripts: cached for ever, never stale."""

    support_js_module_import_aggregation = True
