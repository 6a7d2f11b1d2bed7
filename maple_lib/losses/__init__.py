"""The losses of vision-language pre-training, as pure functions of tensors.

Every loss takes batched tensors and returns one scalar in nats. Nothing here knows a model, a dataset or a
process group: negatives gathered from other processes come in as the ``*_all`` arguments, with ``offset``
saying where this process's studies begin among them. Letters in the shapes: B batch, K candidates (the
gathered batch), N patches, R regions, S sentences, L words, F findings, D embedding.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.losses.agreement import balanced_agreement
    from maple_lib.losses.infonce import global_contrastive, matching_contrastive
    from maple_lib.losses.location import finding_overlap_targets, location_conditioned_contrastive
    from maple_lib.losses.multi_instance import lse_nl_contrastive, lse_nl_similarity
    from maple_lib.losses.phrase_place import phrase_place_contrastive, phrase_place_of_cosines
    from maple_lib.losses.region_finding import (
        region_case_contrastive,
        region_finding_contrastive,
        region_finding_log_odds,
    )
    from maple_lib.losses.region_instance import region_instance_contrastive, region_instance_of_cosines
    from maple_lib.losses.region_sentence import region_sentence_contrastive
    from maple_lib.losses.sigmoid import sigmoid_contrastive
    from maple_lib.losses.soft_label import (
        label_similarity_targets,
        soft_label_contrastive,
        soft_label_cross_entropy,
    )
    from maple_lib.losses.tags import tag_bce
    from maple_lib.losses.triplet import hard_triplet
    from maple_lib.losses.word_patch import (
        word_patch_attention,
        word_patch_contrastive,
        word_patch_similarity,
    )

_HOMES = {
    "balanced_agreement": "agreement",
    "region_case_contrastive": "region_finding",
    "region_finding_contrastive": "region_finding",
    "region_finding_log_odds": "region_finding",
    "finding_overlap_targets": "location",
    "global_contrastive": "infonce",
    "matching_contrastive": "infonce",
    "hard_triplet": "triplet",
    "label_similarity_targets": "soft_label",
    "location_conditioned_contrastive": "location",
    "phrase_place_contrastive": "phrase_place",
    "phrase_place_of_cosines": "phrase_place",
    "region_instance_contrastive": "region_instance",
    "region_instance_of_cosines": "region_instance",
    "lse_nl_contrastive": "multi_instance",
    "lse_nl_similarity": "multi_instance",
    "region_sentence_contrastive": "region_sentence",
    "sigmoid_contrastive": "sigmoid",
    "soft_label_contrastive": "soft_label",
    "soft_label_cross_entropy": "soft_label",
    "tag_bce": "tags",
    "word_patch_attention": "word_patch",
    "word_patch_contrastive": "word_patch",
    "word_patch_similarity": "word_patch",
}

__all__ = [
    "balanced_agreement",
    "finding_overlap_targets",
    "global_contrastive",
    "hard_triplet",
    "label_similarity_targets",
    "location_conditioned_contrastive",
    "lse_nl_contrastive",
    "lse_nl_similarity",
    "matching_contrastive",
    "phrase_place_contrastive",
    "phrase_place_of_cosines",
    "region_case_contrastive",
    "region_finding_contrastive",
    "region_finding_log_odds",
    "region_instance_contrastive",
    "region_instance_of_cosines",
    "region_sentence_contrastive",
    "sigmoid_contrastive",
    "soft_label_contrastive",
    "soft_label_cross_entropy",
    "tag_bce",
    "word_patch_attention",
    "word_patch_contrastive",
    "word_patch_similarity",
]


def __getattr__(name: str) -> Any:
    """Import a loss when it is first asked for, so that listing the package does not import torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
