"""Where each thing lies in a samples folder."""

from __future__ import annotations

DICOM = "dicom"
REPORTS = "reports"
SCENE_GRAPHS = "scene_graphs"
PHRASES = "phrases_ms_cxr.csv"
TRUTH = "truth.json"
CARD = "DATA_CARD.md"
CHECKSUMS = "SHA256SUMS"
