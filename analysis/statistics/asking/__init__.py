"""How the asking shaped the answer: place on the screen, the image before, going on, language, device."""

from analysis.statistics.asking.answers import AskedAnswers
from analysis.statistics.asking.carry_over import carry_over_effects
from analysis.statistics.asking.circumstances import Circumstance, circumstance_effects
from analysis.statistics.asking.clustered import Effect, clustered_mean, clustered_slope
from analysis.statistics.asking.position import position_effects
from analysis.statistics.asking.session import PER_IMAGES, places_in_session, session_effects

__all__ = [
    "PER_IMAGES",
    "AskedAnswers",
    "Circumstance",
    "Effect",
    "carry_over_effects",
    "circumstance_effects",
    "clustered_mean",
    "clustered_slope",
    "places_in_session",
    "position_effects",
    "session_effects",
]
