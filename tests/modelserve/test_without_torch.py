"""A web process stays small: nothing that Django imports at its start imports torch."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

CODE = """
import importlib, pkgutil, sys
import django
django.setup()
import config.urls, modelserve.services, modelserve.queries, modelserve.jobs, modelserve.admin, modelserve.options
for module in pkgutil.iter_modules(modelserve.services.__path__, "modelserve.services."):
    importlib.import_module(module.name)
from modelserve.models import Network
Network.objects.filter(study_key="x").exists  # the query is built, not sent
heavy = {"torch", "transformers", "safetensors", "modelserve.predictor", "modelserve.training"} & set(sys.modules)
sys.exit(f"imported at start: {sorted(heavy)}" if heavy else 0)
"""


def test_starting_django_imports_no_torch() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
