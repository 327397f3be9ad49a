"""Celery's settings: broker, queues, schedule. Read when the first message is sent, not when Django starts."""

from celery.schedules import crontab
from django.conf import settings


def _for_celery(redis_url: str) -> str:
    """Celery spells a unix socket differently: unix:///path?db=0 becomes redis+socket:///path?virtual_host=0."""
    if redis_url.startswith("unix://"):
        path, _, query = redis_url.removeprefix("unix://").partition("?")
        return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or '0'}"
    return redis_url


broker_url = _for_celery(settings.REDIS_URL)
result_backend = _for_celery(settings.REDIS_URL)
accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"
result_expires = 600
task_ignore_result = True
task_acks_late = True
task_reject_on_worker_lost = True
task_default_queue = "default"
task_routes = {
    "annotation.compute_signals": {"queue": "analysis"},
    "analysis.refresh_statistics": {"queue": "analysis"},
    "analysis.top_up": {"queue": "analysis"},
}
worker_prefetch_multiplier = 1
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_transport_options = {"visibility_timeout": 3600, "socket_timeout": 30, "socket_connect_timeout": 5}
redis_retry_on_timeout = True
timezone = "UTC"
beat_schedule = {
    "bring every change into the statistics": {
        "task": "analysis.refresh_statistics",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "take expired leases back": {
        "task": "annotation.expire_leases",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "ask for more answers where too little is known": {
        "task": "analysis.top_up",
        "schedule": 4.0,
        "options": {"expires": 10},
    },
    "learn from answers which images are strong": {
        "task": "annotation.follow_responses",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "compute the signals of new answers": {
        "task": "annotation.compute_signals",
        "schedule": 3.0,
        "options": {"expires": 10},
    },
    "mark networks that learned from withdrawn answers": {
        "task": "analysis.follow_withdrawals",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "show no text to judges that was taken back": {
        "task": "analysis.empty_withdrawn_trials",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "make public explorers anew after a withdrawal": {
        "task": "analysis.renew_public_explorers",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "let speakers write what is shown after answers": {
        "task": "analysis.follow_speakers",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "queue again what was lost": {"task": "jobs.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "start the retraining that is due": {
        "task": "analysis.start_due_retraining",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "ask the panels how their submissions stand": {
        "task": "annotation.check_recruitment",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "delete uploads that nobody will read any more": {
        "task": "annotation.delete_old_uploads",
        "schedule": crontab(hour="2", minute="30"),
        "options": {"expires": 3600},
    },
    "recount every study": {
        "task": "analysis.start_recounts",
        "schedule": crontab(hour="3", minute="0"),
        "options": {"expires": 3600},
    },
}
