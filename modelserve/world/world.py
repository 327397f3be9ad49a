"""The generated world: whatever is asked of image i follows from (seed, i) and not from the order of calls."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelserve.world.elements import AROUSAL, VALENCE, Array
from modelserve.world.grammar import Grammar, Said, text_of
from modelserve.world.likelihoods import Likelihoods, names_only_what_is_visible
from modelserve.world.people import Habits, draw_people
from modelserve.world.picture import SKY_REGION, WEATHER_REGION, Picture, draw_scene
from modelserve.world.scene import Feelings, Scene
from snapshots.label_sets import AFFECTION, Label

CAUSE_EVIDENCE = float(np.log(1.5))
"""A part causes an emotion if it makes the emotion at least 1.5 times as likely as the emotion is overall."""


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What a world is like; the same options give the same world.

    seed: of everything, 0 or more. side: of the square images, in pixels, 32 to 1024.
    n_annotators: how many people the pool has, 1 to 10,000.
    strength: how clearly the parts of a scene speak for an emotion: 0 = not at all; 1 = about as much agreement as
        Affection has. Up to 5.
    mean_lapse, mean_shift: shares of answers, 0 to 0.5: blind picks, and feelings reported under another label.
    Raises ValueError for a value outside its range.
    """

    seed: int = 0
    side: int = 64
    n_annotators: int = 200
    strength: float = 1.0
    mean_lapse: float = 0.03
    mean_shift: float = 0.1

    def __post_init__(self) -> None:
        ranges = {
            "seed": (0, 2**63 - 1),
            "side": (32, 1024),
            "n_annotators": (1, 10_000),
            "strength": (0.0, 5.0),
            "mean_lapse": (0.0, 0.5),
            "mean_shift": (0.0, 0.5),
        }
        for field in fields(self):
            low, high = ranges[field.name]
            if not low <= getattr(self, field.name) <= high:
                raise ValueError(
                    f"The world's {field.name} must be {low:,g} to {high:,g}; got {getattr(self, field.name)!r}."
                )


@dataclass(frozen=True, slots=True)
class WorldResponse:
    """What an annotator answered. annotator: place in World.people; label: id; text: her explanation."""

    annotator: int
    label: str
    text: str


class World:
    """Images 0, 1, 2, ... without end, made when asked for.

    K emotions in the order of `labels`; H = W = options.side. Labels may be given as id or as place.
    """

    def __init__(self, options: WorldOptions | None = None) -> None:
        self.options = options or WorldOptions()
        self.label_set: list[Label] = AFFECTION
        self.labels = tuple(label["id"] for label in AFFECTION)
        self.feelings = Feelings(self.labels, self.options.strength)
        self.grammar = Grammar(self.feelings)
        self.people: list[Habits] = draw_people(
            self.options.n_annotators,
            [label["polarity"] for label in AFFECTION],
            seed=self.options.seed,
            mean_lapse=self.options.mean_lapse,
            mean_shift=self.options.mean_shift,
        )
        self._last_drawn: tuple[int, Picture] | None = None  # image and masks of one index are mostly asked together

    def scene(self, index: int) -> Scene:
        """What image `index` shows. Raises IndexError below 0."""
        if index < 0:
            raise IndexError(f"Images are numbered from 0; got {index}.")
        return self.feelings.draw(self._random(1, index))

    def image(self, index: int) -> NDArray[np.uint8]:
        """(H, W, 3) RGB, the caller's own copy."""
        return self._picture(index).pixels.copy()

    def feeling(self, index: int) -> Array:
        """(K,) what people feel, before habits of labelling. Sums to 1."""
        return self.feelings.of(self.scene(index))

    def distribution(self, index: int) -> Array:
        """(K,) the chance of each label from an annotator of the pool at random, habits and lapses included."""
        distribution: Array = self.feeling(index) @ self.mean_reports
        return distribution

    def valence_arousal(self, index: int) -> tuple[float, float]:
        """What raters would say on average, 1 to 7 each: the mean over the emotions felt."""
        feeling = self.feeling(index)
        valence = sum(share * VALENCE[label] for share, label in zip(feeling, self.labels, strict=True))
        arousal = sum(share * AROUSAL[label] for share, label in zip(feeling, self.labels, strict=True))
        return float(valence), float(arousal)

    def masks(self, index: int) -> NDArray[np.bool_]:
        """(K, H, W) which pixels cause each emotion: those of the parts that make it at least 1.5 times as likely.

        All False where nothing visible speaks for the emotion. What something nearer hides belongs to the nearer.
        """
        scene, regions = self.scene(index), self._picture(index).regions
        evidence = self.feelings.evidence(scene)  # (K, parts)
        shown = np.stack([_shows(regions, part) for part in range(evidence.shape[1])])  # (parts, H, W)
        masks: NDArray[np.bool_] = np.einsum("kp,phw->khw", evidence >= CAUSE_EVIDENCE, shown)
        return masks

    def responses(self, index: int, n_responses: int) -> list[WorldResponse]:
        """Answers of n different annotators of the pool, drawn at random; the first are the same for a larger n.

        Raises ValueError where the pool is smaller.
        """
        if not 0 <= n_responses <= len(self.people):
            raise ValueError(
                f"{n_responses} responses per image need as many annotators; there are {len(self.people)}."
            )
        scene = self.scene(index)
        random = self._random(2, index)
        feeling = self.feelings.of(scene)
        responses = []
        for annotator in random.permutation(len(self.people))[:n_responses]:
            habits = self.people[annotator]
            own = self._random(5, index, int(annotator))
            label = int(own.choice(len(self.labels), p=_normalised(feeling @ habits.reports)))
            text = self.grammar.write(scene, label, habits, own)
            responses.append(WorldResponse(int(annotator), self.labels[label], text))
        return responses

    def references(self, index: int, label: str | int, n: int, *, seed: int = 0) -> list[str]:
        """n explanations as the pool would write them for this image and label, with repetitions; seed: of the draw."""
        scene, place = self.scene(index), self.label_place(label)
        random = self._random(6, index, place, seed)
        feeling = self.feelings.of(scene)
        weights = _normalised(np.array([feeling @ habits.reports[:, place] for habits in self.people]))
        writers = random.choice(len(self.people), size=n, p=weights)
        return [self.grammar.write(scene, place, self.people[writer], random) for writer in writers]

    def every_reference(self, index: int, label: str | int) -> Iterator[str]:
        """Each text that can be written for this image and label, once, lazily: there may be more than 100,000."""
        return map(text_of, self.grammar.readings(self.scene(index), self.label_place(label)))

    def is_reference(self, index: int, label: str | int, text: str) -> bool:
        """Whether the text belongs to `every_reference`, without listing it. Case and punctuation do not matter."""
        said = self.grammar.read(text)
        place = self.label_place(label)
        if said is None or not names_only_what_is_visible(said, self.scene(index)):
            return False
        simile_fits = said.simile is None or self.grammar.simile_chances[place, said.simile] > 0
        return bool(self.grammar.predicate_chances[place, said.predicate] > 0 and simile_fits)

    def is_true(self, index: int, text: str) -> bool | None:
        """Whether the text names only what this image shows; None where it is no text of the world's grammar."""
        said = self.grammar.read(text)
        return None if said is None else names_only_what_is_visible(said, self.scene(index))

    def label_given_text(self, text: str) -> Array | None:
        """(K,) P(label | text) without seeing the image, exact; None where it is no text of the world's grammar."""
        said = self.grammar.read(text)
        return None if said is None else _normalised(self.likelihoods.text_and_label(said))

    def text_given_image(self, text: str, index: int) -> float:
        """P(text | image), exact, whatever the label and the annotator; 0 where it says what is not to be seen."""
        said = self.grammar.read(text)
        return 0.0 if said is None else self.likelihoods.text_given_scene(said, self.scene(index))

    def label_place(self, label: str | int) -> int:
        """The label's place in `labels`. Raises KeyError for a label that the world does not know."""
        if isinstance(label, int) and 0 <= label < len(self.labels):
            return label
        if label in self.labels:
            return self.labels.index(str(label))
        raise KeyError(f"The generated world has the labels {', '.join(self.labels)}; got {label!r}.")

    def read(self, text: str) -> Said | None:
        """What a text says, or None where it is no text of the world's grammar."""
        return self.grammar.read(text)

    @cached_property
    def mean_reports(self) -> Array:
        """(K felt, K reported) the pool's mean habit of labelling; rows sum to 1."""
        mean: Array = np.mean([habits.reports for habits in self.people], axis=0)
        return mean

    @cached_property
    def likelihoods(self) -> Likelihoods:
        return Likelihoods(self.feelings, self.grammar, self.people)

    def _picture(self, index: int) -> Picture:
        last = self._last_drawn
        if last is None or last[0] != index:
            last = (index, draw_scene(self.scene(index), self.options.side, self._random(3, index)))
            self._last_drawn = last
        return last[1]

    def _random(self, *names: int) -> np.random.Generator:
        return np.random.default_rng([self.options.seed, *names])


def _normalised(weights: Array) -> Array:
    shares: Array = weights / weights.sum()
    return shares


def _shows(regions: NDArray[np.uint8], part: int) -> NDArray[np.bool_]:
    """(H, W) where a part is to be seen; `part` counts place, light, weather, then the objects."""
    has_marks = bool((regions == WEATHER_REGION).any())
    # A clear sky has no marks of its own: the sky is where one sees it.
    seen_as = SKY_REGION if part == WEATHER_REGION and not has_marks else part
    shows: NDArray[np.bool_] = np.equal(regions, seen_as)
    return shows
