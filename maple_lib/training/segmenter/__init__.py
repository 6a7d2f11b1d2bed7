"""Training of the anatomy segmenter on phantoms: ``python -m maple_lib.training.segmenter --help``."""
