"""Options are complete, checked, and refused with their name."""

from typing import Any

import pytest

from modelserve.errors import BadTrainingOption
from modelserve.options import ImageEmotionOptions, describe_options, parse_options


def test_missing_options_get_their_default_and_all_are_written_down() -> None:
    options = parse_options("image_emotion", {"epochs": 3, "dropout": 0})
    assert isinstance(options.network, ImageEmotionOptions)
    assert (options.training.epochs, options.network.dropout, options.promote_by) == (3, 0.0, "kl_divergence")
    assert parse_options("image_emotion", options.as_json()) == options


def test_every_option_has_a_meaning_for_the_form() -> None:
    rows = describe_options("text_emotion")
    assert {row["name"] for row in rows} >= {"hidden", "epochs", "seed"}
    assert all(row["meaning"] for row in rows)


def test_the_form_shows_the_defaults_that_a_run_gets() -> None:
    for task in ("image_emotion", "text_emotion"):
        shown = {row["name"]: row["default"] for row in describe_options(task)}
        assert parse_options(task).as_json() == shown | {"promote_by": "kl_divergence"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epoch": 3}, "'epoch' is no option of image_emotion"),
        ({"epochs": "3"}, "epochs: got '3'; a value of type int is needed"),
        ({"epochs": True}, "epochs: got True; a value of type int is needed"),
        ({"epochs": 0}, "epochs: got 0; allowed is 1 to"),
        ({"learning_rate": float("nan")}, "learning_rate: got nan; allowed is"),
        ({"promote_by": "luck"}, "promote_by: 'luck' is unknown"),
        ({"encoder": "resnet"}, "encoder: got 'resnet'; use 'small_conv'"),
        ({"device": "tpu"}, "device: 'tpu' is unknown"),
        ({"hidden": 0}, "hidden: got 0; allowed is 4 to 4096"),
    ],
)
def test_a_wrong_option_is_named(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadTrainingOption, match=sentence.replace("(", r"\(")):
        parse_options("image_emotion", values)


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(BadTrainingOption, match="task: 'music' is unknown; known are image_emotion, text_emotion"):
        parse_options("music")
