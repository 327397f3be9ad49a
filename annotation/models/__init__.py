"""The nouns of collecting."""

from annotation.models.annotator import Annotator, Identity, Participation
from annotation.models.assignment import Assignment
from annotation.models.response import Response, ResponseRevision, ResponseTombstone
from annotation.models.snapshot_record import SnapshotRecord
from annotation.models.stimulus import Stimulus
from annotation.models.study import ConsentText, Membership, Study

__all__ = [
    "Annotator",
    "Assignment",
    "ConsentText",
    "Identity",
    "Membership",
    "Participation",
    "Response",
    "ResponseRevision",
    "ResponseTombstone",
    "SnapshotRecord",
    "Stimulus",
    "Study",
]
