"""Names of encoders that options take."""

SMALL_CONV = "small_conv"
SMALL_VIT = "small_vit"
FROM_SCRATCH = (SMALL_CONV, SMALL_VIT)
LSTM, TRANSFORMER = "lstm", "transformer"
TEXT_FROM_SCRATCH = (LSTM, TRANSFORMER)
MOST_HEADS = 50
TRANSFORMERS_PREFIX = "transformers:"
NETWORK_PREFIX = "network:"
