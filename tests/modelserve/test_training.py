"""The loop: deterministic, interrupted anywhere without a trace, cancelled, and honest when it cannot go on."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from modelserve.checkpoints import newest_checkpoint
from modelserve.errors import BadTrainingOption, TrainingDiverged
from modelserve.networks.image_emotion import ImageEmotion
from modelserve.networks.text_emotion import TextEmotion
from modelserve.options import ImageEmotionOptions, TextEmotionOptions, TrainingOptions
from modelserve.training import CurvePoint, Examples, Fitted, Watcher, choose_device, fit, predict_shares, seeded

CPU = torch.device("cpu")
OPTIONS = TrainingOptions(
    epochs=4, batch_size=8, learning_rate=3e-3, stop_patience=9, checkpoint_steps=2, device="cpu", seed=7
)
N_STEPS = 4 * 8  # 60 rows make 8 batches of 8


class Killed(Exception):
    """Stands for a worker that dies."""


def image_network() -> ImageEmotion:
    with seeded(7, CPU):
        return ImageEmotion.create(3, ImageEmotionOptions(side=32))


def text_network() -> TextEmotion:
    with seeded(7, CPU):
        return TextEmotion(30, 3, TextEmotionOptions(embedding=8, hidden=16))


@pytest.fixture
def image_examples() -> Examples:
    random = np.random.default_rng(1)
    colours = random.integers(0, 3, 60)
    pixels = random.integers(0, 60, (60, 32, 32, 3))
    pixels[np.arange(60), :, :, colours] += 150
    return Examples(torch.from_numpy(pixels.astype(np.uint8)), torch.eye(3)[colours])


@pytest.fixture
def text_examples() -> Examples:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 60)
    words = random.integers(4 + 8 * labels[:, None], 12 + 8 * labels[:, None], (60, 6))
    return Examples(torch.from_numpy(words), torch.eye(3)[labels])


def die_after(n_calls: int) -> Watcher:
    left = [n_calls]

    def may_continue() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return Watcher(may_continue=may_continue)


def weights_of(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def assert_same_bits(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def train(network: torch.nn.Module, examples: Examples, folder: Path) -> Fitted:
    return fit(network, examples, examples, OPTIONS, checkpoints=folder)


def test_the_loss_falls_and_the_network_ends_with_its_best_weights(image_examples: Examples, tmp_path: Path) -> None:
    network = image_network()
    fitted = train(network, image_examples, tmp_path)
    losses = [point.validation_loss for point in fitted.curve]
    assert losses[-1] < losses[0] / 2
    assert fitted.best_validation_loss == min(losses)
    shares = predict_shares(network, image_examples.inputs)
    divergence = torch.nn.functional.kl_div(shares.log(), image_examples.targets, reduction="batchmean")
    assert float(divergence) == pytest.approx(fitted.best_validation_loss, abs=1e-5)


def test_the_same_seed_gives_the_same_bits(image_examples: Examples, tmp_path: Path) -> None:
    first, second = image_network(), image_network()
    train(first, image_examples, tmp_path / "first")
    torch.rand(5)  # what happened in the process before must not matter
    train(second, image_examples, tmp_path / "second")
    assert_same_bits(weights_of(first), weights_of(second))


@pytest.mark.parametrize("kind", ["image", "text"])
def test_a_run_killed_at_random_steps_ends_with_the_same_bits(
    kind: str, image_examples: Examples, text_examples: Examples, tmp_path: Path
) -> None:
    make, examples = (image_network, image_examples) if kind == "image" else (text_network, text_examples)
    whole = make()
    undisturbed = train(whole, examples, tmp_path / "whole")
    random = np.random.default_rng(11)
    n_deaths = 0
    while True:
        network = make()
        try:
            # The process that goes on has another past: other random numbers drawn, other weights at first.
            torch.manual_seed(n_deaths)
            fitted = fit(
                network,
                examples,
                examples,
                OPTIONS,
                checkpoints=tmp_path / "killed",
                watcher=die_after(int(random.integers(4, 25))),
            )
        except Killed:
            n_deaths += 1
            continue
        break
    assert n_deaths >= 2
    assert_same_bits(weights_of(whole), weights_of(network))
    assert fitted.curve == undisturbed.curve
    assert fitted.best_epoch == undisturbed.best_epoch


def test_a_rate_that_falls_by_cosine_follows_from_the_place_alone(image_examples: Examples, tmp_path: Path) -> None:
    options = replace(OPTIONS, schedule="cosine", epochs=4)
    whole, again = image_network(), image_network()
    fitted = fit(whole, image_examples, image_examples, options, checkpoints=tmp_path / "whole")
    steps = -(-len(image_examples) // max(1, min(options.batch_size, -(-len(image_examples) // 8))))
    last_step_of = [(epoch + (steps - 1) / steps) / 4 for epoch in range(4)]
    rates = [options.learning_rate * (1 + math.cos(math.pi * done)) / 2 for done in last_step_of]
    assert [point.learning_rate for point in fitted.curve] == pytest.approx(rates)
    with pytest.raises(Killed):
        fit(again, image_examples, image_examples, options, checkpoints=tmp_path / "cut", watcher=die_after(30))
    again = image_network()
    resumed = fit(again, image_examples, image_examples, options, checkpoints=tmp_path / "cut")
    assert_same_bits(weights_of(whole), weights_of(again))
    assert resumed.curve == fitted.curve


def test_a_finished_run_is_not_trained_again(image_examples: Examples, tmp_path: Path) -> None:
    first, second = image_network(), image_network()
    train(first, image_examples, tmp_path)
    fit(second, image_examples, image_examples, OPTIONS, checkpoints=tmp_path, watcher=die_after(0))
    assert_same_bits(weights_of(first), weights_of(second))


def test_a_checkpoint_of_another_run_is_left_alone(image_examples: Examples, tmp_path: Path) -> None:
    other = TrainingOptions(epochs=1, device="cpu", seed=8)
    fit(image_network(), image_examples, image_examples, other, checkpoints=tmp_path)
    lines: list[str] = []
    network, fresh = image_network(), image_network()
    fit(network, image_examples, image_examples, OPTIONS, checkpoints=tmp_path, watcher=Watcher(log=lines.append))
    train(fresh, image_examples, tmp_path / "fresh")
    assert "other options or data" in lines[0]
    assert_same_bits(weights_of(network), weights_of(fresh))


def test_a_run_beside_a_longer_one_of_other_options_goes_on_all_the_same(
    image_examples: Examples, tmp_path: Path
) -> None:
    """As where a training on a GPU is taken up by a worker without one: the checkpoints found are of no use."""
    longer = replace(OPTIONS, epochs=9, seed=8)
    fit(image_network(), image_examples, image_examples, longer, checkpoints=tmp_path)
    with pytest.raises(Killed):
        fit(image_network(), image_examples, image_examples, OPTIONS, checkpoints=tmp_path, watcher=die_after(20))
    lines: list[str] = []
    network, whole = image_network(), image_network()
    fit(network, image_examples, image_examples, OPTIONS, checkpoints=tmp_path, watcher=Watcher(log=lines.append))
    train(whole, image_examples, tmp_path / "whole")
    assert "Going on from the checkpoint" in lines[0]
    assert_same_bits(weights_of(network), weights_of(whole))


@pytest.mark.parametrize("change", ["width", "dropout", "answers"])
def test_a_checkpoint_of_another_network_or_of_other_answers_is_not_gone_on_with(
    change: str, image_examples: Examples, tmp_path: Path
) -> None:
    options = replace(OPTIONS, epochs=1)
    examples, chosen = image_examples, ImageEmotionOptions(side=32)
    if change == "answers":
        examples = Examples(image_examples.inputs, image_examples.targets.roll(1, dims=1))  # type: ignore[union-attr]
    elif change == "width":
        chosen = replace(chosen, hidden=12)
    else:
        chosen = replace(chosen, dropout=0.0)
    fit(image_network(), image_examples, image_examples, options, checkpoints=tmp_path)
    lines: list[str] = []
    with seeded(7, CPU):
        network = ImageEmotion.create(3, chosen)
    fit(network, examples, examples, options, checkpoints=tmp_path, watcher=Watcher(log=lines.append))
    assert "starting anew" in lines[0]


def test_a_checkpoint_of_an_earlier_release_is_gone_on_with(image_examples: Examples, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        fit(image_network(), image_examples, image_examples, OPTIONS, checkpoints=tmp_path, watcher=die_after(20))
    for path in tmp_path.glob("step-*/state.json"):
        stored = json.loads(path.read_text())
        del stored["facts"]["network"], stored["facts"]["answers"]
        path.write_text(json.dumps(stored))
    lines: list[str] = []
    fit(
        image_network(),
        image_examples,
        image_examples,
        OPTIONS,
        checkpoints=tmp_path,
        watcher=Watcher(log=lines.append),
    )
    assert "Going on from the checkpoint" in lines[0]


def test_it_stops_when_the_validation_loss_no_longer_falls(image_examples: Examples, tmp_path: Path) -> None:
    random_targets = Examples(image_examples.inputs, torch.eye(3)[np.random.default_rng(2).integers(0, 3, 60)])
    options = TrainingOptions(
        epochs=60, learning_rate=3e-3, stop_patience=3, plateau_patience=0, device="cpu", batch_size=8
    )
    fitted = fit(image_network(), image_examples, random_targets, options, checkpoints=tmp_path)
    assert len(fitted.curve) == fitted.best_epoch + 3 < 60
    assert fitted.curve[-1].learning_rate < 3e-3  # the plateau was noticed on the way


def test_who_watches_hears_of_steps_and_epochs(text_examples: Examples, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    curves: list[list[CurvePoint]] = []
    watcher = Watcher(on_step=lambda done, total: steps.append((done, total)), on_epoch=curves.append)
    fit(text_network(), text_examples, text_examples, OPTIONS, checkpoints=tmp_path, watcher=watcher)
    assert steps[0] == (1, N_STEPS)
    assert steps[-1] == (N_STEPS, N_STEPS)
    assert [len(curve) for curve in curves] == [1, 2, 3, 4]


def test_a_loss_that_is_no_number_ends_the_run_with_advice(text_examples: Examples, tmp_path: Path) -> None:
    network = text_network()
    with torch.no_grad():
        network.output.bias[0] = float("nan")
    with pytest.raises(TrainingDiverged, match="Train again with a smaller learning rate"):
        train(network, text_examples, tmp_path)
    assert newest_checkpoint(tmp_path) is None


def test_the_callers_random_numbers_are_left_alone(text_examples: Examples, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(text_network(), text_examples, tmp_path)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadTrainingOption, match="this machine has none"):
        choose_device("cuda")
