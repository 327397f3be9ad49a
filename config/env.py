"""Typed readers of the environment. Every setting that may differ between machines is one row of SETTINGS.

A wrong value stops the start with a sentence that names the variable, its value and what is allowed.
`.env.example` and docs/operator/settings.md are made from this table and tested against it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, default as text ('' = none) and its meaning for the operator."""

    name: str
    default: str
    meaning: str


SETTINGS = [
    Setting("COMMONGROUND_DATA", "var", "Folder of everything that must be kept: database, files, logs, secrets."),
    Setting("SECRET_KEY", "", "Signs sessions and links. Production does not start without it (or SECRET_KEY_FILE)."),
    Setting("SECRET_KEY_FILE", "", "File that holds the secret key, instead of SECRET_KEY."),
    Setting("SECRET_KEY_FALLBACKS", "", "Earlier secret keys, comma-separated, still accepted while keys are rotated."),
    Setting("DEBUG", "no", "yes shows error details in the browser: for developers on their own machine only."),
    Setting(
        "ALLOWED_HOSTS", "", "Host names the site answers to, comma-separated. Production needs at least one; no *."
    ),
    Setting(
        "CSRF_TRUSTED_ORIGINS", "", "Origins behind a proxy that may post forms, such as https://study.example.org."
    ),
    Setting("EMBEDDED", "no", "yes: the site runs on this one machine, over plain http, started by `make up`."),
    Setting("BEHIND_PROXY", "no", "yes: a proxy ends TLS and sets X-Forwarded-Proto; trust that header."),
    Setting("DATABASE_URL", "", "postgres://user:password@host/name. Empty: `make up` starts its own PostgreSQL."),
    Setting("DATABASE_PASSWORD_FILE", "", "File that holds the database password, instead of writing it into the URL."),
    Setting("REDIS_URL", "", "redis://host:6379/0 or unix:///path?db=0. Empty: `make up` starts its own Valkey."),
    Setting(
        "STORAGE_BUCKET", "", "S3-compatible bucket for images, snapshots, exports and networks. Empty: local folder."
    ),
    Setting("STORAGE_ENDPOINT", "", "Address of an S3-compatible service other than AWS."),
    Setting("STORAGE_REGION", "", "Region of the bucket."),
    Setting("STORAGE_ACCESS_KEY", "", "Access key of the bucket; empty: the machine's own role is used."),
    Setting("STORAGE_SECRET_KEY", "", "Secret of the access key."),
    Setting("STORAGE_SECRET_KEY_FILE", "", "File that holds the secret of the access key."),
    Setting(
        "EMAIL_URL", "", "smtp+tls://user:password@host:587. Empty: mails become files in COMMONGROUND_DATA/mails."
    ),
    Setting("DEFAULT_FROM_EMAIL", "commonground@localhost", "Sender of mails."),
    Setting("PROLIFIC_TOKEN", "", "API token of the Prolific workspace that studies recruit and pay from."),
    Setting("PROLIFIC_TOKEN_FILE", "", "File that holds the Prolific token."),
    Setting(
        "PROLIFIC_API_URL", "https://api.prolific.com", "Where Prolific's API is asked; another one for rehearsals."
    ),
    Setting("MTURK_ACCESS_KEY", "", "AWS access key of the Mechanical Turk requester."),
    Setting("MTURK_SECRET_KEY", "", "Secret of the Mechanical Turk access key."),
    Setting("MTURK_SECRET_KEY_FILE", "", "File that holds the secret of the Mechanical Turk access key."),
    Setting("MTURK_API_URL", "", "Where Mechanical Turk's API is asked. Empty: AWS, production or sandbox by source."),
    Setting("HOST", "127.0.0.1", "Address `make up` listens on. 0.0.0.0 lets phones on the same network in."),
    Setting("PORT", "8000", "Port `make up` listens on."),
    Setting("WEB_WORKERS", "2", "Web server processes of `make up`."),
    Setting("WEB_THREADS", "4", "Threads in each web server process of `make up`."),
    Setting("UPLOAD_MAX_MEGABYTES", "20", "Largest single image that may be uploaded."),
    Setting("ARCHIVE_MAX_MEGABYTES", "2048", "Largest zip or snapshot that may be uploaded."),
    Setting("IMAGE_MAX_MEGAPIXELS", "50", "Largest image, in megapixels, that is decoded."),
    Setting(
        "MANIFEST_FETCH_HOSTS", "", "Hosts from which manifests may fetch images by URL. Empty: any public address."
    ),
    Setting(
        "MANIFEST_ROOT", "", "Folder below which manifests imported in the browser may name image paths. Empty: none."
    ),
    Setting(
        "CONCRETENESS_FILE",
        "",
        "Published table of concreteness ratings (Brysbaert et al. 2014), which may not be bundled. Empty: left out.",
    ),
    Setting(
        "AFFECT_NORMS_FILE",
        "",
        "Published table of valence, arousal and dominance (Warriner et al. 2013), not bundled. Empty: left out.",
    ),
    Setting(
        "SENTENCE_ENCODER",
        "",
        "Folder or hub name of a transformers sentence encoder. Empty: how alike texts are is told by TF-IDF alone.",
    ),
    Setting("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
]
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def text(name: str) -> str:
    """The variable's value, or its default from SETTINGS."""
    return os.environ.get(name, "").strip() or _BY_NAME[name].default


def flag(name: str) -> bool:
    value = text(name).lower()
    if value in {"yes", "true", "1", "on"}:
        return True
    if value in {"no", "false", "0", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it must be yes or no.")


def integer(name: str, *, least: int = 0) -> int:
    value = text(name)
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number of at least {least}.")
    return int(value)


def names(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def one_of(name: str, allowed: list[str]) -> str:
    value = text(name)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def secret(name: str) -> str:
    """The variable's value, or the content of the file that NAME_FILE names; '' if neither is set."""
    value = text(name)
    file = text(f"{name}_FILE")
    if value or not file:
        return value
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {file!r}, which cannot be read: {error.strerror}.") from error


def folder(name: str) -> Path:
    path = Path(text(name)).expanduser()
    return path if path.is_absolute() else ROOT / path
