"""The options of the training loop."""

from dataclasses import dataclass

from modelserve.options.option import option


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Of the training loop."""

    epochs: int = option(40, "passes over the training split, at most", least=1, most=10_000)
    batch_size: int = option(
        128, "rows per step, at most; a small study takes an eighth of its rows", least=1, most=65536
    )
    samples_per_epoch: int = option(
        0,
        "rows until it is validated and a checkpoint is kept; 0 = all. Epochs go on where the one before ended, so "
        "every row comes up equally often",
        least=0,
        most=10**9,
    )
    budget_minutes: float = option(
        0.0,
        "minutes that the run may hold its device for learning, over all its starts; then it ends and keeps its best; "
        "0 = as long as it takes",
        least=0,
        most=60 * 24 * 30,
    )
    learning_rate: float = option(5e-4, "step size of Adam", least=1e-8, most=1)
    weight_decay: float = option(0.0, "pull towards zero", least=0, most=1)
    schedule: str = option(
        "plateau",
        "how the rate falls: plateau (where the validation loss gets no better), or cosine (to nothing "
        "over the epochs, along a half wave; better where so many epochs are enough)",
        among=("plateau", "cosine"),
    )
    plateau_factor: float = option(0.5, "the rate is multiplied by this on a plateau", least=0.01, most=1)
    plateau_patience: int = option(
        2, "epochs without a better validation loss that are no plateau yet", least=0, most=1000
    )
    stop_patience: int = option(
        6, "epochs without a better validation loss after which the run ends", least=1, most=1000
    )
    checkpoint_steps: int = option(
        0, "a checkpoint every so many steps, beside every epoch's; 0 = none", least=0, most=10**9
    )
    threads: int = option(
        0, "processor cores to use; 0 = half of the machine's, the rest serve people", least=0, most=1024
    )
    accumulate: int = option(
        1,
        "a batch is computed in so many parts, one after the other, for large networks and little memory",
        least=1,
        most=4096,
    )
    precision: str = option(
        "auto",
        "auto (bfloat16 on a GPU, float32 else), float32 or bfloat16",
        among=("auto", "float32", "bfloat16"),
    )
    compile: bool = option(False, "torch.compile first: minutes at the start, faster steps on a GPU; needs a compiler")
    device: str = option("auto", "auto (a GPU where there is one), cpu or cuda")
    seed: int = option(2021, "of weights, order and dropout", least=0, most=2**31 - 1)
