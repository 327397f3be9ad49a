"""The settings, in one file. What differs between machines is an environment variable (config/env.py)."""

from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env

BASE_DIR = env.ROOT
DATA_DIR = env.folder("COMMONGROUND_DATA")
DEBUG = env.flag("DEBUG")
EMBEDDED = env.flag("EMBEDDED")

SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set, so sessions and links could be forged. Set SECRET_KEY or SECRET_KEY_FILE to a long "
        "random text and start again (`make up` makes one by itself)."
    )
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS holds '*', which lets any host name in. Name the site's hosts.")
if not ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set. Name the hosts this site answers to, comma-separated.")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.static_files.StaticFiles",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "csp",
    "jobs",
    "annotation",
    "modelserve",
    "analysis",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "annotation.languages.language_middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "annotation.views.account.must_change_password_middleware",
    "annotation.no_nul.NoNul",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # steps/<kind>/task.html lies beside its kind, so that a kind is one folder
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "annotation"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASE_URL = env.text("DATABASE_URL")
if not DATABASE_URL:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set. Use `make up` (it starts a PostgreSQL of its own), run a command inside "
        "`python -m launcher with-servers -- COMMAND`, or name a server: postgres://user:password@host/name."
    )
DATABASES: dict[str, dict[str, Any]] = {"default": dict(environ.Env.db_url_config(DATABASE_URL))}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(f"DATABASE_URL is {DATABASE_URL.split('@')[-1]!r}; only postgres:// is supported.")
DATABASES["default"]["ENGINE"] = "config.database"
if env.text("DATABASE_PASSWORD_FILE"):
    DATABASES["default"]["PASSWORD"] = env.secret("DATABASE_PASSWORD")
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
if not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL is not set. Use `make up`, or name a server: redis://host:6379/0.")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},  # may differ between processes
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studies"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "en"
# what people who take part may read; each by its own name, since it is offered to somebody who may read no other
LANGUAGES = [("en", "English"), ("fr", "Français"), ("es", "Español"), ("zh-hans", "简体中文"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("steps", BASE_DIR / "annotation" / "steps")]
MEDIA_ROOT = DATA_DIR / "files"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "config.whole_files.WholeFiles"},
    "staticfiles": {"BACKEND": "config.static_files.HashedStaticFiles"},
}
if env.text("STORAGE_BUCKET"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.text("STORAGE_BUCKET"),
            "endpoint_url": env.text("STORAGE_ENDPOINT") or None,
            "region_name": env.text("STORAGE_REGION") or None,
            "access_key": env.text("STORAGE_ACCESS_KEY") or None,
            "secret_key": env.secret("STORAGE_SECRET_KEY") or None,
            "default_acl": "private",
            "file_overwrite": True,
        },
    }
CONCRETENESS_FILE = env.text("CONCRETENESS_FILE")
AFFECT_NORMS_FILE = env.text("AFFECT_NORMS_FILE")
SENTENCE_ENCODER = env.text("SENTENCE_ENCODER")
CACHE_DIR = DATA_DIR / "cache"  # copies of remote files that may be deleted at any time

UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_MEGABYTES", least=1) * 1_000_000
ARCHIVE_MAX_BYTES = env.integer("ARCHIVE_MAX_MEGABYTES", least=1) * 1_000_000
IMAGE_MAX_PIXELS = env.integer("IMAGE_MAX_MEGAPIXELS", least=1) * 1_000_000
MANIFEST_FETCH_HOSTS = env.names("MANIFEST_FETCH_HOSTS")
MANIFEST_ROOT = env.text("MANIFEST_ROOT")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000  # a submitted form without its files
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000  # every file may come with its name
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # larger uploads go to a temporary file

# Security. Plain http only where `make up` serves one machine.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not (DEBUG or EMBEDDED)
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "annotation.views.errors.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = not (DEBUG or EMBEDDED)
SECURE_REDIRECT_EXEMPT = [r"^health$"]  # balancers ask over plain http
SECURE_HSTS_SECONDS = 0 if DEBUG or EMBEDDED else 31_536_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# browsers ignore this header on plain http, and complain about it on every page
SECURE_CROSS_ORIGIN_OPENER_POLICY = None if DEBUG or EMBEDDED else "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotation.api.json_body.JsonBody"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.Schema",
    "EXCEPTION_HANDLER": "annotation.api.errors.exception_handler",
    "DEFAULT_THROTTLE_RATES": {
        "login": "20/min",
        "jobs": "60/min",
        "join": "60/min",
        "predict": "60/min",
        "public": "1200/min",  # a page of the public explorer brings its sixty pictures with it
    },
    # whose tries are counted: without a proxy of ours, X-Forwarded-For is whatever the visitor likes
    "NUM_PROXIES": 1 if env.flag("BEHIND_PROXY") else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Commonground API",
    "DESCRIPTION": "Collect affective responses, read what people share in them, train and ask networks, export.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

EMAIL_CONFIG = environ.Env.email_url_config(env.text("EMAIL_URL") or "filemail://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_FILE_PATH = DATA_DIR / "mails"
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(EMAIL_CONFIG.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(EMAIL_CONFIG.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 30  # seconds
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")

# Where people are recruited. Tokens stay in the environment: whoever reads the database cannot pay with it.
PROLIFIC_TOKEN = env.secret("PROLIFIC_TOKEN")
PROLIFIC_API_URL = env.text("PROLIFIC_API_URL").rstrip("/")
MTURK_ACCESS_KEY = env.text("MTURK_ACCESS_KEY")
MTURK_SECRET_KEY = env.secret("MTURK_SECRET_KEY")
MTURK_API_URL = env.text("MTURK_API_URL")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # whoever scans the internet must not fill the log with tracebacks
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    "root": {"handlers": ["stderr"], "level": env.one_of("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"])},
}
