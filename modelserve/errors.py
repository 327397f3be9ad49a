"""What can go wrong while networks learn and answer; every error carries the sentence that a person reads."""


class ModelServeError(Exception):
    """Base of all errors of this app; str(error) is ready to be shown."""


class BadTrainingOption(ModelServeError):
    """An option of a training run is unknown, of the wrong type or out of range."""


class NothingToLearn(ModelServeError):
    """The snapshot holds too little for a network: no responses, no images, no texts, one emotion only."""


class EncoderUnreachable(ModelServeError):
    """A named pretrained encoder could be found neither on this machine nor on the hub."""


class TrainingDiverged(ModelServeError):
    """The loss is no longer a number."""


class NetworkFilesUnreadable(ModelServeError):
    """Saved weights or their description are missing, torn or of another format."""


class SnapshotUnavailable(ModelServeError):
    """The snapshot's folder is not in storage, or does not hold the snapshot that was asked for."""


class NoNetworkServed(ModelServeError):
    """The study has no promoted network for this task."""


class NetworkNotFound(ModelServeError):
    """No network of this study has this number."""


class NothingToCompare(ModelServeError):
    """Too few versions to compare, too many, or versions that have no metric in common."""


class BudgetSpent(ModelServeError):
    """The study's device-minutes of this day are used up."""


class NetworkInUse(ModelServeError):
    """A version that is served is not deleted."""


class NothingToRollBack(ModelServeError):
    """There is no earlier promotion to return to."""


class PredictorBusy(ModelServeError):
    """No prediction arrived within the time the caller would wait."""


class PredictionImpossible(ModelServeError):
    """An item cannot be predicted: a missing or broken image, an empty text, too many at once."""
