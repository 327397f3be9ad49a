"""The product's settings as the tests use them: a folder of their own, and nothing that is slow for safety's sake."""

import os
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="commonground-tests-")
os.environ.update(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    EMBEDDED="yes",
    COMMONGROUND_DATA=_FOLDER,
)
os.makedirs(os.path.join(_FOLDER, "static"))

from config.settings import *  # noqa: E402, F403
from config.settings import STORAGES  # noqa: E402

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
