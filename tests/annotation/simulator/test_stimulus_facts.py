"""What the simulator takes from a stimulus's words and metadata."""

import pytest

from annotation.simulator.stimulus_facts import UnusableRating, facts_of, things_named_in


@pytest.mark.parametrize(
    ("description", "things"),
    [
        ("A black dog with pointed ears lying in the grass", ("black dog", "pointed ears", "grass")),
        ("A row of kegs on wooden pallets", ("row of kegs", "wooden pallets")),
        ("An empty rowing boat on dark water", ("empty rowing boat", "dark water")),
        ("A grey and white cat in front of a yellow wall", ("grey-and-white cat", "yellow wall")),
        ("A desert field full of solar panels", ("desert field", "solar panels")),
        ("A photograph of Big Ben at night", ("Big Ben",)),
        ("", ()),
        ("?!, ...", ()),
    ],
)
def test_things_are_the_noun_phrases_of_a_description(description, things):
    assert things_named_in(description) == things


def test_without_a_description_the_theme_names_the_thing():
    assert facts_of("k", metadata={"theme": "Rubber duck 1"}).things == ("rubber duck",)


def test_without_a_theme_the_file_name_names_it_where_it_holds_words():
    assert facts_of("k", name="set/red_barn_2.jpg").things == ("red barn",)
    assert facts_of("k", name="COCO_000000391895.jpg").things == ("picture",)


def test_ratings_may_be_written_as_text_and_may_be_missing():
    facts = facts_of("k", metadata={"valence_mean": "5.25", "valence_sd": ""})
    assert (facts.valence_mean, facts.valence_sd, facts.arousal_mean) == (5.25, None, None)


@pytest.mark.parametrize("written", ["high", 0.5, "7.1", float("nan"), "inf"])
def test_a_rating_off_the_scale_is_refused_with_field_value_and_range(written):
    with pytest.raises(
        UnusableRating, match=r"Stimulus k, metadata field valence_mean: .* is not a number from 1 to 7"
    ):
        facts_of("k", metadata={"valence_mean": written})
