"""What MApLe needs to be told besides sizes: findings, their anatomy, patches, sampling."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.anatomy.cells import Strategy
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX
from maple_lib.errors import MapleError
from maple_lib.vocabulary import finding

# The three anatomies of cardiac CT become five of the chest: each has a network of its own.
ANATOMIES: dict[str, tuple[str, ...]] = {
    "lungs": ("right lung", "left lung"),
    "upper chest": (
        "right apical zone", "left apical zone", "right upper lung zone", "left upper lung zone",
        "right clavicle", "left clavicle",
    ),
    "bases": (
        "right costophrenic angle", "left costophrenic angle", "right hemidiaphragm", "left hemidiaphragm",
    ),
    "heart": ("cardiac silhouette",),
    "mediastinum": (
        "mediastinum", "upper mediastinum", "trachea", "carina", "aortic arch", "svc", "cavoatrial junction",
        "right atrium", "right hilar structures", "left hilar structures",
    ),
}  # fmt: skip
PHANTOM_FINDINGS = (
    "opacity", "consolidation", "nodule", "mass", "pleural effusion", "pneumothorax", "atelectasis", "edema",
    "hyperinflation", "cardiomegaly", "pacemaker", "tube", "line", "calcification", "fracture", "hernia",
    "scar", "elevated hemidiaphragm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapleOptions:
    """MApLe's own settings; ``MethodConfig.options`` overrides them by name.

    Attributes:
        findings: F findings with networks of their own.
        text_per_finding: one text encoder for each finding, as in the paper; else one that all share.
        patch: side of a patch in pixels, centred on a cell of the grid.
        patch_widths, patch_stem: channels of the patch network's layers; by how much it first shrinks.
        strategy, stride: how a region's cells are chosen, see ``sample_cells``.
        bag: cells of a region that are looked at while training, at most.
        reconstructed: patches of each bag that a step of the second stage reconstructs.
        pool_layers, pool_heads, dropout: of the alignment networks.
        margin, sampling_temperature, collapse_weight: α, τ and λ of the triplets.
        candidates: sentences of the corpus that a step draws from, at most.
        codebook: sentences for each finding and state that zero-shot answers are looked up in.
    """

    findings: tuple[str, ...] = PHANTOM_FINDINGS
    text_per_finding: bool = False
    patch: int = 16
    patch_widths: tuple[int, ...] = (8, 16, 16, 32, 64)
    patch_stem: int = 2
    strategy: Strategy = "grid"
    stride: float = 1.0
    bag: int = 32
    reconstructed: int = 8
    pool_layers: int = 2
    pool_heads: int = 4
    dropout: float = 0.1
    margin: float = 1.0
    sampling_temperature: float = 0.1
    collapse_weight: float = 1.0
    candidates: int = 2048
    codebook: int = 40

    def __post_init__(self) -> None:
        unknown = [name for name in self.findings if name not in FINDING_INDEX]
        if unknown or not self.findings:
            raise MapleError(
                f"findings {unknown or list(self.findings)}",
                "are not in the vocabulary",
                "see vocabulary.FINDINGS",
            )


def anatomy_of(name: str) -> int:
    """Number of the anatomy whose patches tell of a finding: the one that holds its usual regions.

    A finding without a usual place (a calcification) is looked for where phantoms have it: between the
    lungs.
    """
    usual = set(finding(name).default_regions)
    shared = [len(usual & set(regions)) for regions in ANATOMIES.values()]
    return shared.index(max(shared)) if max(shared) else list(ANATOMIES).index("mediastinum")


def anatomy_regions() -> list[list[int]]:
    """(A, R') numbers of each anatomy's regions; short rows repeat their first, which changes no maximum."""
    longest = max(map(len, ANATOMIES.values()))
    return [
        [REGION_INDEX[name] for name in (*names, *[names[0]] * (longest - len(names)))]
        for names in ANATOMIES.values()
    ]
