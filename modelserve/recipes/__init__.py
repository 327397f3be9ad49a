"""From a snapshot folder to a trained network with its metrics: the whole way, without Django. One recipe per task.

from modelserve.recipes import learn
learned = learn(open_snapshot(folder), "image_emotion", parse_options("image_emotion"), work_folder=Path("run"))
"""

from pathlib import Path
from typing import Any

from modelserve.networks.saved import SavedNetwork
from modelserve.options import RunOptions
from modelserve.recipes.emosem import learn_emosem, measure_emosem, score_emosem
from modelserve.recipes.emotion import learn_emotion, measure_emotion, score_emotion
from modelserve.recipes.listener import learn_listener, measure_listener, score_listener
from modelserve.recipes.recipe import Learned, ReadImage, Recipe, Scores
from modelserve.recipes.speaker import learn_speaker, measure_speaker, score_speaker
from modelserve.training import Watcher
from snapshots.reader import Snapshot

RECIPES: dict[str, Recipe] = {
    "image_emotion": Recipe(learn_emotion, measure_emotion, score_emotion),
    "text_emotion": Recipe(learn_emotion, measure_emotion, score_emotion),
    "listener": Recipe(learn_listener, measure_listener, score_listener),
    "speaker": Recipe(learn_speaker, measure_speaker, score_speaker),
    "emosem": Recipe(learn_emosem, measure_emosem, score_emosem),
}


def learn(
    snapshot: Snapshot,
    task: str,
    options: RunOptions,
    *,
    work_folder: Path,
    cache: Path | None = None,
    read_image: ReadImage | None = None,
    watcher: Watcher | None = None,
) -> Learned:
    """Train on the snapshot's training stimuli, stop by its validation stimuli, measure on its test stimuli.

    work_folder: of this run alone; holds its checkpoints, from which a run that was cut off goes on.
    cache: folder for decoded images, may be shared between runs; default inside work_folder.
    read_image: sha256 to file; default: the images that the snapshot carries.
    Raises NothingToLearn, EncoderUnreachable, TrainingDiverged, BadTrainingOption.
    """
    return RECIPES[task].learn(
        snapshot,
        task,
        options,
        work_folder=work_folder,
        cache=cache or work_folder / "cache",
        read_image=read_image or snapshot.image_bytes,
        watcher=watcher or Watcher(),
    )


def measure(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage | None = None, device: str = "cpu"
) -> dict[str, Any]:
    """The network's metrics on the test stimuli of this snapshot. Raises NothingToLearn where it has none."""
    return RECIPES[saved.task].measure(
        saved, snapshot, cache=cache, read_image=read_image or snapshot.image_bytes, device=device
    )


def scores(
    saved: SavedNetwork, snapshot: Snapshot, *, cache: Path, read_image: ReadImage | None = None, device: str = "cpu"
) -> Scores:
    """The same metrics row by row, for paired comparisons. Raises NothingToLearn where the snapshot has no rows."""
    return RECIPES[saved.task].scores(
        saved, snapshot, cache=cache, read_image=read_image or snapshot.image_bytes, device=device
    )


__all__ = ["RECIPES", "Learned", "ReadImage", "Recipe", "Scores", "learn", "measure", "scores"]
