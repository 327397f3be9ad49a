"""The generated world: the same for the same seed, and what it says of itself is true by independent counting."""

import itertools
import pickle
from collections import Counter

import numpy as np
import pytest

from modelserve.world import World, WorldOptions
from modelserve.world.elements import BACKGROUND, COLOUR, KIND, N_OBJECTS
from modelserve.world.grammar import NamedThing, Said, text_of
from modelserve.world.phrases import BARE_FRAMES, CLOSINGS, FRAMES, PREDICATES, SIMILES
from modelserve.world.picture import FIRST_THING_REGION
from snapshots.label_sets import AFFECTION
from snapshots.simile_marks import has_simile


@pytest.fixture(scope="module")
def world():
    return World(WorldOptions(seed=3, n_annotators=12))


@pytest.fixture(scope="module")
def answers(world):
    """800 images with three answers each."""
    return {index: world.responses(index, 3) for index in range(800)}


def test_the_same_seed_gives_the_same_bytes_in_any_order():
    one, other = World(WorldOptions(seed=5)), World(WorldOptions(seed=5))
    forward = [one.image(index).tobytes() for index in (0, 1, 20)]
    assert forward == [other.image(index).tobytes() for index in (20, 1, 0)][::-1]
    assert one.responses(7, 6) == other.responses(7, 6)
    assert one.responses(7, 6)[:2] == one.responses(7, 2)
    assert World(WorldOptions(seed=6)).image(0).tobytes() != forward[0]


def test_a_world_can_be_sent_to_another_process(world):
    there = pickle.loads(pickle.dumps(world))
    assert there.image(9).tobytes() == world.image(9).tobytes()
    assert there.responses(9, 2) == world.responses(9, 2)


def test_who_changes_an_image_changes_her_own_copy(world):
    before = world.image(11).copy()
    world.image(11)[:] = 0
    assert (world.image(11) == before).all()


@pytest.mark.parametrize("side", [32, 64, 150])
def test_an_image_has_the_side_asked_for_and_its_masks_with_it(side):
    world = World(WorldOptions(side=side))
    assert world.image(2).shape == (side, side, 3)
    assert world.image(2).dtype == np.uint8
    assert world.masks(2).shape == (9, side, side)


def test_the_labels_are_affections(world):
    assert list(world.labels) == [label["id"] for label in AFFECTION]


def test_every_element_is_shown_and_every_share_sums_to_one(world):
    for part in (*BACKGROUND, KIND, COLOUR):
        assert sum(element.share for element in part.elements) == pytest.approx(1), part.name
    assert sum(N_OBJECTS.values()) == pytest.approx(1)
    scenes = [world.scene(index) for index in range(1000)]
    assert {thing.kind for scene in scenes for thing in scene.things} == set(range(len(KIND.elements)))


def test_people_answer_with_the_distribution_that_the_world_names(world):
    n = 1500
    named = np.mean([world.distribution(index) for index in range(n)], axis=0)
    given = Counter(world.responses(index, 1)[0].label for index in range(n))
    found = np.array([given[label] / n for label in world.labels])
    assert found == pytest.approx(named, abs=4 * np.sqrt(0.25 / n))


def test_the_named_distribution_is_calibrated_image_by_image(world, answers):
    distributions = np.array([world.distribution(index) for index in answers])
    assert distributions.sum(axis=1) == pytest.approx(np.ones(len(answers)))
    hits = np.array(
        [
            [response.label == world.labels[best] for response in answers[index]]
            for index, best in zip(answers, distributions.argmax(axis=1), strict=True)
        ]
    )
    assert hits.mean() == pytest.approx(distributions.max(axis=1).mean(), abs=0.03)


def test_explanations_name_only_what_is_to_be_seen(world, answers):
    for index, responses in answers.items():
        for response in responses:
            assert world.is_true(index, response.text)
            assert world.is_reference(index, response.label, response.text)
    assert world.is_true(0, "I never saw the world's grammar") is None


def test_what_is_written_can_be_read_and_written_again(world, answers):
    for responses in itertools.islice(answers.values(), 500):
        for response in responses:
            said = world.read(response.text.upper().replace(".", ""))
            assert text_of(said) == response.text


def test_similes_are_exactly_the_texts_with_a_simile(world, answers):
    for responses in itertools.islice(answers.values(), 500):
        for response in responses:
            assert has_simile(response.text) == (world.read(response.text).simile is not None)


def test_the_texts_of_a_scene_have_chances_that_sum_to_one(world):
    scene = next(scene for scene in map(world.scene, range(200)) if len(scene.things) == 1)
    thing = scene.things[0]
    total = 0.0
    for things, background, predicate, closing, simile in itertools.product(
        [(), (NamedThing(thing.kind, None),), (NamedThing(thing.kind, thing.colour),)],
        itertools.product(*[(None, element) for element in scene.background]),
        range(len(PREDICATES)),
        [None, 0],
        [None, *range(len(SIMILES))],
    ):
        said = Said(0, predicate, things, background, (0,) * len(things), (0,) * len(background), closing, simile)
        # One of each kind of wording stands for the equally likely others.
        n_alike = len(FRAMES if said.names_something else BARE_FRAMES) * (1 if closing is None else len(CLOSINGS))
        for named in things:
            n_alike *= len(KIND.elements[named.kind].words)
        for part, element in zip(BACKGROUND, background, strict=True):
            n_alike *= 1 if element is None else len(part.elements[element].words)
        total += n_alike * world.likelihoods.text_given_scene(said, scene)
    assert total == pytest.approx(1, abs=1e-9)


def test_the_label_given_a_text_is_as_likely_as_it_says(world, answers):
    chances, labels = [], []
    for responses in answers.values():
        chances.append(world.label_given_text(responses[0].text))
        labels.append(world.label_place(responses[0].label))
    chances, labels = np.array(chances), np.array(labels)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(chances)))
    right = chances.argmax(axis=1) == labels
    assert right.mean() == pytest.approx(chances.max(axis=1).mean(), abs=0.04)
    assert np.mean(chances, axis=0) == pytest.approx(np.bincount(labels, minlength=9) / len(labels), abs=0.04)


@pytest.mark.parametrize(
    "text", ["Somehow it made me laugh.", "Seeing the whole view at night scared me.", "The cat made me laugh."]
)
def test_the_chance_of_a_text_equals_its_mean_over_many_scenes(world, text):
    """As one would find it who does not know that the parts of a scene are independent."""
    said = world.read(text)
    by_scene = [world.likelihoods.text_given_scene(said, world.scene(index)) for index in range(4000)]
    error = np.std(by_scene) / np.sqrt(len(by_scene))
    assert world.likelihoods.text_and_label(said).sum() == pytest.approx(np.mean(by_scene), abs=4 * error)


def test_a_mask_shows_what_speaks_for_the_emotion(world):
    for index in range(60):
        scene, masks = world.scene(index), world.masks(index)
        evidence = world.feelings.evidence(scene)
        for place in range(len(world.labels)):
            assert masks[place].any() or not (evidence[place] >= np.log(1.5)).any() or _is_hidden(world, index, place)


def _is_hidden(world, index, place):
    regions = world._picture(index).regions
    evidence = world.feelings.evidence(world.scene(index))[place]
    return not any((regions == part).any() for part in np.flatnonzero(evidence >= np.log(1.5)))


def test_every_object_is_visible(world):
    for index in range(300):
        regions = world._picture(index).regions
        for number in range(len(world.scene(index).things)):
            assert (regions == FIRST_THING_REGION + number).sum() >= 20


def test_references_are_drawn_for_the_label_asked(world):
    texts = world.references(1, "awe", 20)
    assert len(texts) == 20
    assert all(world.is_reference(1, "awe", text) for text in texts)
    assert texts == world.references(1, "awe", 20)
    assert texts != world.references(1, "awe", 20, seed=1)
    listed = set(itertools.islice(world.every_reference(1, "awe"), 2000))
    assert len(listed) == 2000
    assert all(world.is_reference(1, "awe", text) for text in itertools.islice(listed, 100))


def test_somebody_who_never_lapses_and_never_shifts_reports_what_she_feels():
    world = World(WorldOptions(n_annotators=4, mean_lapse=0.0, mean_shift=0.0))
    assert world.distribution(3) == pytest.approx(world.feeling(3))


def test_without_strength_images_say_nothing():
    world = World(WorldOptions(strength=0.0))
    assert world.feeling(0) == pytest.approx(world.feeling(1))
    assert not world.masks(0).any()


@pytest.mark.parametrize(
    "wrong", [{"side": 8}, {"seed": -1}, {"strength": 9.0}, {"mean_lapse": 0.9}, {"n_annotators": 0}]
)
def test_an_option_outside_its_range_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WorldOptions(**wrong)


def test_what_the_world_does_not_know_is_refused(world):
    with pytest.raises(KeyError, match="joy"):
        world.references(0, "joy", 1)
    with pytest.raises(IndexError, match="-1"):
        world.scene(-1)
    with pytest.raises(ValueError, match="12"):
        world.responses(0, 13)
