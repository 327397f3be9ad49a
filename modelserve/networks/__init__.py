"""Networks, one per file, read from top to bottom. Torch only; no Django."""
