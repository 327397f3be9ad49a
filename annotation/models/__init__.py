"""The nouns of collecting."""

from annotation.models.annotator import Annotator, Identity, Participation
from annotation.models.assignment import Assignment
from annotation.models.care import CareMark, CareUse, MoodAnswer, OthersSeen
from annotation.models.demographics import DemographicAnswers, DemographicConsent, DemographicSettings, Erasure
from annotation.models.machine_text import MachineText, MachineTextArm, MachineTextTurn
from annotation.models.payment import Payment, PaymentBatch, PayPlan
from annotation.models.quality import (
    ExplanationOrder,
    ExplanationPair,
    ExplanationText,
    PersonMessage,
    PersonSignals,
    QualityDecision,
    QualityFlag,
    QualityRule,
    ResponseSignals,
    RuleTrial,
    SignalMark,
    SignalQueue,
)
from annotation.models.recruitment import IdentityReading, Invitation, InvitationMail, Recruitment, Visit
from annotation.models.response import Response, ResponseRevision, ResponseTombstone
from annotation.models.snapshot_record import SnapshotRecord
from annotation.models.stimulus import Stimulus
from annotation.models.study import ConsentText, Membership, Study
from annotation.models.study_texts import StudyTexts
from annotation.models.training import (
    AttentionAnswer,
    AttentionCheck,
    PracticeAnswer,
    PracticeItem,
    StimulusWidth,
    StudyBudget,
)

__all__ = [
    "Annotator",
    "Assignment",
    "AttentionAnswer",
    "AttentionCheck",
    "CareMark",
    "CareUse",
    "ConsentText",
    "DemographicAnswers",
    "DemographicConsent",
    "DemographicSettings",
    "Erasure",
    "ExplanationOrder",
    "ExplanationPair",
    "ExplanationText",
    "Identity",
    "IdentityReading",
    "Invitation",
    "InvitationMail",
    "MachineText",
    "MachineTextArm",
    "MachineTextTurn",
    "Membership",
    "MoodAnswer",
    "OthersSeen",
    "Participation",
    "PayPlan",
    "Payment",
    "PaymentBatch",
    "PersonMessage",
    "PersonSignals",
    "PracticeAnswer",
    "PracticeItem",
    "QualityDecision",
    "QualityFlag",
    "QualityRule",
    "Recruitment",
    "Response",
    "ResponseRevision",
    "ResponseSignals",
    "ResponseTombstone",
    "RuleTrial",
    "SignalMark",
    "SignalQueue",
    "SnapshotRecord",
    "Stimulus",
    "StimulusWidth",
    "Study",
    "StudyBudget",
    "StudyTexts",
    "Visit",
]
