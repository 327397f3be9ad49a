"""How often one address may do what starts work or guesses secrets; rates stand in the settings."""

import logging

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class Throttle(ScopedRateThrottle):
    """Lets requests through while Redis is away: a study must go on, and passwords are slow to check by themselves."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            logger.warning("Redis is away; a request was not counted against its limit.")
            return True


class SecretThrottle(Throttle):
    """For forms that ask for a secret: a password, a withdrawal code."""

    scope = throttle_scope = "login"


class PublicThrottle(Throttle):
    """For pages that anybody may ask for without an account."""

    scope = throttle_scope = "public"
