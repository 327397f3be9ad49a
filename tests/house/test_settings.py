"""Closed by default, loud when wrong, and every setting written down."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from config.env import SETTINGS
from tests.conftest import ROOT
from tests.house.addresses import all_addresses

# What a production installation sets at least; nothing in it is embedded.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "f3b1c9" * 10,
    "ALLOWED_HOSTS": "study.example.org",
    "DATABASE_URL": "postgres://someone:secret@db.example.org/commonground",
    "REDIS_URL": "redis://redis.example.org/0",
}


def start(program: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**PRODUCTION, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def settings_with(*names: str, **changes: str | None) -> dict[str, Any]:
    program = (
        "import json; from django.conf import settings; "
        f"print(json.dumps({{name: getattr(settings, name) for name in {list(names)!r}}}))"
    )
    started = start(program, **changes)
    assert started.returncode == 0, started.stderr
    return dict(json.loads(started.stdout))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names '/nowhere/key', which cannot"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is not set"),
        ({"ALLOWED_HOSTS": "study.example.org,*"}, "ALLOWED_HOSTS holds '*'"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'; it must be yes or no"),
        ({"EMBEDDED": "2"}, "EMBEDDED is '2'; it must be yes or no"),
        ({"BEHIND_PROXY": "nginx"}, "BEHIND_PROXY is 'nginx'; it must be yes or no"),
        ({"UPLOAD_MAX_MEGABYTES": "20 MB"}, "UPLOAD_MAX_MEGABYTES is '20 mb'; it must be a whole number"),
        ({"UPLOAD_MAX_MEGABYTES": "0"}, "UPLOAD_MAX_MEGABYTES is '0'; it must be a whole number of at least 1"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD'; it must be one of"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "only postgres:// is supported"),
        ({"REDIS_URL": None}, "REDIS_URL is not set"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(changes: dict[str, str | None], sentence: str) -> None:
    started = start("import django; django.setup()", **changes)
    assert started.returncode != 0
    assert sentence.lower() in started.stderr.lower()
    assert "secret@" not in started.stderr, "the database password must not be shown"


def test_production_is_closed_by_default() -> None:
    names = (
        "DEBUG", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE",
        "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_CONTENT_TYPE_NOSNIFF", "X_FRAME_OPTIONS",
        "CONTENT_SECURITY_POLICY", "ALLOWED_HOSTS", "SECURE_PROXY_SSL_HEADER",
    )  # fmt: skip
    settings = settings_with(*names)
    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SESSION_COOKIE_HTTPONLY"] is True
    assert settings["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert settings["SECURE_SSL_REDIRECT"] is True
    assert settings["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert settings["SECURE_CONTENT_TYPE_NOSNIFF"] is True
    assert settings["X_FRAME_OPTIONS"] == "DENY"
    assert settings["ALLOWED_HOSTS"] == ["study.example.org"]
    assert settings["SECURE_PROXY_SSL_HEADER"] is None, "the header is trusted only with BEHIND_PROXY"
    policy = settings["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["default-src"] == ["'none'"]
    assert "unsafe" not in json.dumps(policy)
    assert "http" not in json.dumps(policy), "nothing is loaded from elsewhere"


def test_only_debug_and_the_embedded_site_go_without_https() -> None:
    for name in ("DEBUG", "EMBEDDED"):
        assert settings_with("SECURE_SSL_REDIRECT", **{name: "yes"}) == {"SECURE_SSL_REDIRECT": False}


def test_djangos_own_check_for_deployment_finds_nothing() -> None:
    program = (
        "import django; django.setup(); from django.core.management import call_command; "
        "call_command('check', deploy=True, fail_level='WARNING')"
    )
    checked = start(program, SECRET_KEY="zK4vT9xq" * 8 + "!aB3$")
    # subdomains and browsers' preload lists are the operator's to decide, for they bind the whole domain
    left = [
        line
        for line in re.findall(r"\(security\.W\d+\)", checked.stderr)
        if line not in ("(security.W005)", "(security.W021)")
    ]
    assert left == [], checked.stderr


def test_secrets_may_come_from_files(tmp_path: Any) -> None:
    (tmp_path / "key").write_text("from a file\n")
    assert settings_with("SECRET_KEY", SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key")) == {
        "SECRET_KEY": "from a file"
    }


def test_there_is_no_sign_up() -> None:
    words = ("signup", "sign_up", "register", "password_reset")
    assert [address.name for address in all_addresses() if any(word in address.name for word in words)] == []


@pytest.mark.django_db
def test_an_empty_installation_has_no_accounts() -> None:
    assert User.objects.count() == 0
    assert Token.objects.count() == 0


READS_OF_THE_ENVIRONMENT = re.compile(
    r"""(?:environ(?:\.get\(|\[)|given\.get\(|_whole_number\(given, )\s*["']([A-Z_]+)["']"""
)


def test_every_variable_that_is_read_stands_in_the_table() -> None:
    # nobody sets these by hand: torchrun tells its processes their places
    torchrun = {"RANK", "LOCAL_RANK", "WORLD_SIZE"}
    known = {setting.name for setting in SETTINGS} | {"DJANGO_SETTINGS_MODULE"} | torchrun
    files = [
        path
        for room in ("config", "launcher", "jobs", "annotation", "analysis", "modelserve")
        for path in (ROOT / room).rglob("*.py")
    ]
    read = {(name, path.name) for path in files for name in READS_OF_THE_ENVIRONMENT.findall(path.read_text())}
    assert {name for name, _ in read} >= {"PORT", "WEB_WORKERS", "COMMONGROUND_DATA"}, "the pattern finds nothing"
    unknown = {f"{name} in {file}" for name, file in read if name not in known}
    assert not unknown, f"add a row to config.env.SETTINGS for {sorted(unknown)}"


def test_every_setting_has_its_own_name_and_a_sentence() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    assert all(setting.meaning.endswith(".") for setting in SETTINGS)
