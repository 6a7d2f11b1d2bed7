"""PadChest's labels in this project's words: those of PadChest-GR that the vocabulary knows.

The names are from public lists of PadChest's labels. A label that is not here keeps its own name.
"""

from __future__ import annotations

# Finding -> labels, small letters.
_MEANT = {
    "pleural effusion": ("pleural effusion", "loculated pleural effusion", "loculated fissural effusion"),
    "opacity": ("alveolar pattern", "increased density", "interstitial pattern", "ground glass pattern",
                "reticular interstitial pattern", "reticulonodular interstitial pattern"),
    "pneumothorax": ("pneumothorax",),
    "edema": ("pulmonary edema", "kerley lines"),
    "atelectasis": ("atelectasis", "laminar atelectasis", "lobar atelectasis", "segmental atelectasis",
                    "round atelectasis", "atelectasis basal"),
    "collapse": ("total atelectasis",),
    "tube": ("endotracheal tube", "tracheostomy tube", "nsg tube", "chest drain tube"),
    "consolidation": ("consolidation",),
    "enlarged cardiomediastinum": ("mediastinal enlargement", "superior mediastinal enlargement"),
    "pneumonia": ("pneumonia", "atypical pneumonia"),
    "line": ("central venous catheter", "central venous catheter via jugular vein", "catheter",
             "central venous catheter via subclavian vein", "reservoir central venous catheter",
             "central venous catheter via umbilical vein"),
    "cardiomegaly": ("cardiomegaly",),
    "fracture": ("rib fracture", "callus rib fracture", "clavicle fracture", "vertebral fracture",
                 "humeral fracture", "fracture", "vertebral compression", "vertebral anterior compression"),
    "calcification": ("calcified densities", "calcified adenopathy", "heart valve calcified"),
    "device": ("electrical device", "artificial heart valve", "artificial aortic heart valve",
               "artificial mitral heart valve"),
    "engorgement": ("hilar congestion", "vascular redistribution", "central vascular redistribution"),
    "nodule": ("nodule", "multiple nodules"),
    "wire": ("sternotomy",),
    "pacemaker": ("pacemaker", "dual chamber device", "single chamber device", "dai"),
    "pleural thickening": ("pleural thickening", "apical pleural thickening", "calcified pleural thickening",
                           "pleural plaques", "minor fissure thickening", "major fissure thickening",
                           "fissure thickening"),
    "marking": ("bronchovascular markings",),
    "scar": ("fibrotic band",),
    "hyperinflation": ("hyperinflated lung", "air trapping"),
    "blunting": ("costophrenic angle blunting",),
    "emphysema": ("emphysema", "bullas"),
    "aeration": ("hypoexpansion", "hypoexpansion basal"),
    "mass": ("mass", "pulmonary mass", "lung metastasis"),
    "infiltration": ("infiltrates",),
    "hernia": ("hiatal hernia",),
    "shift": ("tracheal shift", "mediastinal shift"),
    "stent": ("endoprosthesis", "aortic endoprosthesis"),
    "hardware": ("osteosynthesis material", "prosthesis", "humeral prosthesis"),
    "dilation": ("aortic aneurysm", "aortic button enlargement", "ascendent aortic dilation"),
    "elevated hemidiaphragm": ("hemidiaphragm elevation", "diaphragmatic eventration"),
    "granuloma": ("granuloma", "calcified granuloma"),
    "bronchiectasis": ("bronchiectasis",),
    "fibrosis": ("pulmonary fibrosis",),
    "degenerative change": ("vertebral degenerative changes", "degenerative changes"),
    "scoliosis": ("scoliosis",),
    "kyphosis": ("kyphosis",),
    "osteophyte": ("axial hyperostosis",),
    "surgical clip": ("suture material", "surgery clips"),
    "tortuosity": ("aortic elongation", "descendent aortic elongation", "ascendent aortic elongation",
                   "supra aortic elongation"),
    "lymphadenopathy": ("adenopathy",),
    "pneumomediastinum": ("pneumomediastinum",),
    "pneumoperitoneum": ("pneumoperitoneo",),
    "subcutaneous emphysema": ("subcutaneous emphysema",),
    "cavity": ("cavitation",),
    "cyst": ("cyst",),
    "air bronchogram": ("air bronchogram",),
    "osteopenia": ("osteopenia", "osteoporosis"),
    "foreign body": ("abnormal foreign body", "metal"),
    "atherosclerosis": ("aortic atheromatosis", "atheromatosis"),
    "volume loss": ("volume loss",),
    "copd": ("copd signs",),
    "heart failure": ("heart insufficiency",),
    "pericardial effusion": ("pericardial effusion",),
}  # fmt: skip
# They say nothing of what is seen, or that nothing is.
_SILENT = frozenset({"normal", "exclude", "unchanged", "suboptimal study", ""})
_FINDINGS = {label: name for name, labels in _MEANT.items() for label in labels}


def finding_of(label: str) -> str | None:
    """The finding that a label means, its own name where there is none, None where it says nothing.

    Example:
        >>> finding_of("laminar atelectasis"), finding_of("azygos lobe"), finding_of("normal")
        ('atelectasis', 'azygos lobe', None)
    """
    name = label.strip().lower()
    return None if name in _SILENT else _FINDINGS.get(name, name)
