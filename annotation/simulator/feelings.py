"""From valence and arousal to the chance of each label: what people would feel, as far as two numbers can say.

Both ratings are first moved to a plane from -1 to 1, on which every emotion has a place. That emotions lie in such a
plane is the circumplex of Russell (1980), A circumplex model of affect. The places below are OUR CHOICE: rounded by
hand, near where raters put these nine words in Warriner, Kuperman & Brysbaert (2013), Norms of valence, arousal, and
dominance for 13,915 English lemmas, and where Russell draws their neighbours. They are good enough to dry-run a study,
and no finding about emotions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.emotions import POLARITIES, Label
from annotation.simulator.random_streams import stream
from annotation.simulator.stimulus_facts import StimulusFacts

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where an emotion lies (valence and arousal, -1..1), and how readily it is named (logarithm of a weight)."""

    valence: float
    arousal: float
    readiness: float


# Readiness is our choice too: it makes contentment the commonest and anger the rarest answer, as in Affection
# (supplement, fig. 7). 'Something else' lies near the neutral centre, on the calm side, so its share grows where a
# picture is plain and stirs nobody.
PLACES: Mapping[str, Place] = {
    "amusement": Place(0.60, 0.20, 0.0),
    "awe": Place(0.65, 0.45, -0.2),
    "contentment": Place(0.65, -0.45, 0.2),
    "excitement": Place(0.75, 0.70, 0.1),
    "anger": Place(-0.65, 0.60, -1.2),
    "disgust": Place(-0.60, 0.25, -0.2),
    "fear": Place(-0.60, 0.65, 0.1),
    "sadness": Place(-0.70, -0.35, 0.2),
    "something_else": Place(-0.05, -0.30, -0.55),
}

# What a thing is pulls people as well: a cockroach disgusts more than its valence says. Added to the logarithm of the
# chance where the word stands in the theme or the description. Our choice, for variety; not measured.
_PULLING_WORDS: Sequence[tuple[str, Mapping[str, float]]] = (
    ("cockroach toilet garbage dirty rusty", {"disgust": 1.8}),
    ("opossum", {"disgust": 1.8, "amusement": 1.2}),
    ("cemetery graveyard memorial rubble ruined burnt flood flooded", {"sadness": 1.3}),
    ("tornado shark spider explosion flames bared", {"fear": 1.5}),
    ("pollution smoking scrap graffiti", {"anger": 1.8, "disgust": 0.5}),
    ("puppy kitten duck orangutan", {"amusement": 1.2}),
    ("galaxy moon lightning sunset rainbow lava volcano elephant", {"awe": 1.2}),
    ("fireworks traffic birthday sled", {"excitement": 1.2}),
    ("lake garden flowers meadow coffee lamb", {"contentment": 0.8}),
)
PULLS: Mapping[str, Mapping[str, float]] = {word: pull for words, pull in _PULLING_WORDS for word in words.split()}

TEMPERATURE = 0.28
"""How blurred the choice is: squared distances on the plane are divided by it. Small = only the nearest emotion."""

INDIVIDUALITY = 0.5
"""Standard deviation of a stimulus's own pull on each label (in logarithms): equal ratings still differ."""

# The centre and half-width that take OASIS's scales to -1..1. Raters use the lower half of the arousal scale
# (means of 1.9 to 5.1 in the demo), so its middle is lower and its span shorter than those of valence.
VALENCE_CENTRE, VALENCE_SPAN = 4.2, 2.4
AROUSAL_CENTRE, AROUSAL_SPAN = 3.6, 2.0

# How much of the raters' spread is taken for a difference in feeling; the rest is how each of them uses the scale.
FELT_SPREAD = 0.8

# Gauss-Hermite nodes: five points stand for a normal distribution exactly up to its ninth moment.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def label_shares(facts: StimulusFacts, labels: Sequence[Label], seed: int) -> Shares:
    """The chance of each label among all people, for one stimulus. Sums to 1, none is 0.

    labels: at least one. If all are among Affection's nine (by id or by name), their places on the plane are used. If
        not, those with a polarity share by valence alone, and those without one by a draw (Dirichlet) that belongs to
        the stimulus.
    seed: fixes what is drawn for the stimulus: its own pull on each label, and its ratings where it has none.
    Raises ValueError if there is no label.
    """
    if not labels:
        raise ValueError("label_shares needs at least one label; it got none.")
    known = [known_emotion(label) for label in labels]
    if None not in known:
        return _shares_by_place(facts, [name for name in known if name is not None], seed)
    return _shares_by_polarity(facts, labels, seed)


def felt_ratings(facts: StimulusFacts, seed: int) -> tuple[float, float, float, float]:
    """Valence mean and sd, arousal mean and sd (1..7) of a stimulus; what is unknown is drawn, once per stimulus.

    The draws look like a set of everyday photographs: valence around 4.8 (sd 1.1), arousal around 3.6 (sd 0.8), as
    OASIS's do, a little on the positive side as in Affection, where 71 % of the responses are positive.
    """
    draw = stream(seed, "ratings", facts.key)
    drawn = (
        float(np.clip(draw.normal(4.8, 1.1), 1.5, 6.7)),
        float(draw.uniform(0.8, 1.4)),
        float(np.clip(draw.normal(3.6, 0.8), 1.5, 6.0)),
        float(draw.uniform(1.4, 2.0)),
    )
    known = (facts.valence_mean, facts.valence_sd, facts.arousal_mean, facts.arousal_sd)
    valence, valence_sd, arousal, arousal_sd = (
        drawn_one if known_one is None else known_one for known_one, drawn_one in zip(known, drawn, strict=True)
    )
    return valence, valence_sd, arousal, arousal_sd


def known_emotion(label: Label) -> str | None:
    """Which of Affection's nine a label is, found by its id or its name; None if it is another."""
    for word in (label["id"], label["name"]):
        plain = word.strip().lower().replace(" ", "_").replace("-", "_")
        if plain in PLACES:
            return plain
    return None


def polarity_shares(facts: StimulusFacts, seed: int) -> dict[str, float]:
    """The chance of a positive, a negative and a neither answer, from valence alone. Sums to 1."""
    valence, _, weights = _felt_points(facts, seed)
    scores = np.stack([4.0 * valence, -4.0 * valence, np.full_like(valence, -0.6)])  # (3 polarities, 25 points)
    shares = _softmax(scores) @ weights
    return dict(zip(POLARITIES, shares.tolist(), strict=True))


def _felt_points(facts: StimulusFacts, seed: int) -> tuple[Shares, Shares, Shares]:
    """Points of the plane where people feel this stimulus: 25 valences, 25 arousals, 25 weights summing to 1."""
    valence_mean, valence_sd, arousal_mean, arousal_sd = felt_ratings(facts, seed)
    valence = (valence_mean + FELT_SPREAD * valence_sd * _NODES - VALENCE_CENTRE) / VALENCE_SPAN  # (5,)
    arousal = (arousal_mean + FELT_SPREAD * arousal_sd * _NODES - AROUSAL_CENTRE) / AROUSAL_SPAN  # (5,)
    points = np.clip(np.stack(np.meshgrid(valence, arousal)).reshape(2, -1), -1.0, 1.0)  # (2, 25)
    return points[0], points[1], np.outer(_WEIGHTS, _WEIGHTS).ravel()


def _shares_by_place(facts: StimulusFacts, emotions: Sequence[str], seed: int) -> Shares:
    valence, arousal, weights = _felt_points(facts, seed)
    pulls = _pulls_of(facts)
    scores = []
    for emotion in emotions:
        place = PLACES[emotion]
        squared_distance = (valence - place.valence) ** 2 + (arousal - place.arousal) ** 2  # (25,)
        own_pull = INDIVIDUALITY * stream(seed, "own pull", facts.key, emotion).standard_normal()
        scores.append(place.readiness + pulls.get(emotion, 0.0) + own_pull - squared_distance / TEMPERATURE)
    return _softmax(np.stack(scores)) @ weights  # (labels, 25) @ (25,)


def _pulls_of(facts: StimulusFacts) -> dict[str, float]:
    """The strongest pull of the stimulus's words on each emotion; two words for one thing do not count twice."""
    words = f"{facts.theme} {facts.description}".lower().replace("_", " ").replace(",", " ").split()
    pulls: dict[str, float] = {}
    for word in words:
        for emotion, pull in (PULLS.get(word) or PULLS.get(word.removesuffix("s")) or {}).items():
            pulls[emotion] = max(pull, pulls.get(emotion, 0.0))
    return pulls


def _shares_by_polarity(facts: StimulusFacts, labels: Sequence[Label], seed: int) -> Shares:
    own = np.array([stream(seed, "own share", facts.key, label["id"]).gamma(1.0) + 1e-3 for label in labels])
    of_polarity = polarity_shares(facts, seed)
    present = {label["polarity"] for label in labels if label["polarity"] is not None}
    total_present = sum(of_polarity[polarity] for polarity in present)
    signed = np.array([label["polarity"] is not None for label in labels])
    shares = np.empty(len(labels))
    for polarity in present:
        here = np.array([label["polarity"] == polarity for label in labels])
        shares[here] = signed.mean() * of_polarity[polarity] / total_present * own[here] / own[here].sum()
    if not signed.all():
        shares[~signed] = (1.0 - signed.mean()) * own[~signed] / own[~signed].sum()
    normalised: Shares = shares / shares.sum()
    return normalised


def _softmax(scores: Shares) -> Shares:
    """Over the first axis."""
    raised = np.exp(scores - scores.max(axis=0))
    shares: Shares = raised / raised.sum(axis=0)
    return shares
