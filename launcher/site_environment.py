"""What our own processes are told on top of the operator's environment; a value that the operator set stays."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from launcher.options import Options
from launcher.preflight import host_names


def site_environment(options: Options, *, database_url: str, redis_url: str) -> dict[str, str]:
    """The settings of a site on this machine. Makes its secret key at first need."""
    given = options.environment
    added = {
        "COMMONGROUND_DATA": str(options.data),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "HOST": options.host,
        "PORT": str(options.port),
        "EMBEDDED": "yes",
        "PYTHONUNBUFFERED": "1",
    }
    if not given.get("SECRET_KEY") and not given.get("SECRET_KEY_FILE"):
        added["SECRET_KEY_FILE"] = str(_secret_key_file(options.data))
    if not given.get("ALLOWED_HOSTS"):
        added["ALLOWED_HOSTS"] = ",".join(host_names(options.host))
    return added


def _secret_key_file(data: Path) -> Path:
    path = data / "secret_key"
    with suppress(FileExistsError):
        making = data / f"secret_key.{os.getpid()}"
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(making, path)  # refuses to replace a key that is there
        finally:
            making.unlink()
    return path
