"""Networks that learn from snapshots, the record of every version, and the predictor that answers with them."""
