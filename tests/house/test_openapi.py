"""The description of the API is a file under review: it changes only where somebody sees it."""

import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.conftest import ROOT

FILE = ROOT / "docs" / "reference" / "openapi.yaml"


@pytest.fixture
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_file_is_what_the_endpoints_say_now() -> None:
    program = "import make_reference as m, sys; m._start_django(); sys.stdout.write(m.openapi())"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "docs", capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert FILE.read_text() == made.stdout, "the API has changed: run `make openapi` and review the difference"
    assert "Warning" not in made.stderr, made.stderr
    assert "Error" not in made.stderr, made.stderr


def test_the_description_is_valid(schema: Any) -> None:
    validate_schema(schema)


def test_every_operation_says_what_it_does(schema: Any) -> None:
    silent = [
        f"{method.upper()} {path}"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if not operation.get("description")
    ]
    assert not silent, f"give the endpoint a docstring: {silent}"


@pytest.mark.django_db
def test_the_running_site_serves_the_same_description(client: Client) -> None:
    served = client.get("/api/v1/schema")
    assert served.status_code == 200
    assert served.content.decode() == FILE.read_text()
