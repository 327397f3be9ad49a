"""One act per file: train, promote, take back, predict."""

from modelserve.services.ask_predictor import ask_predictor
from modelserve.services.promote import promote
from modelserve.services.roll_back import roll_back
from modelserve.services.start_prediction import start_prediction
from modelserve.services.start_training import start_training

__all__ = ["ask_predictor", "promote", "roll_back", "start_prediction", "start_training"]
