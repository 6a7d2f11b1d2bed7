"""Open-i with four reports, one of them without images, as XML with PNGs and as the pair of tables."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from miniatures.small_files import write_csv, write_picture

REPORT_COLUMNS = ("uid", "MeSH", "Problems", "image", "indication", "comparison", "findings", "impression")
# uid -> codes, sections, images (name, projection)
REPORTS = {
    "1": (["normal"], {"indication": "Positive TB test", "comparison": "None.",
                       "findings": "The lungs are clear. There are no XXXX of a pleural effusion.",
                       "impression": "Normal chest x-XXXX."},
          [("1_IM-0001-3001", "Lateral"), ("1_IM-0001-4001", "Frontal")]),
    "2": (["Opacity/lung/upper lobe/right/streaky", "Costophrenic Angle/left/blunted/mild", "Mastectomy"],
          {"findings": "Streaky right upper lobe opacity.", "impression": "Scar & opacity < 2 cm."},
          [("2_IM-0652-1001", "Frontal")]),
    "3": (["No Indexing"], {"impression": "Stable."}, []),
    "10": (["Subcutaneous  Emphysema/left"], {"findings": "Subcutaneous emphysema on the left."},
           [("10_IM-0002-1001", "Frontal"), ("10_IM-0002-2001", "Lateral")]),
}  # fmt: skip
SECTIONS = ("comparison", "indication", "findings", "impression")


def build_xml(root: Path) -> Path:
    """Write ``ecgen-radiology`` and ``NLMCXR_png``."""
    folder = root / "ecgen-radiology"
    folder.mkdir(parents=True, exist_ok=True)
    for uid, (codes, sections, images) in REPORTS.items():
        (folder / f"{uid}.xml").write_text(_xml(uid, codes, sections, images), "utf-8")
        for number, (name, _) in enumerate(images):
            write_picture(root / "NLMCXR_png" / f"CXR{name}.png", (32, 32), number)
    return root


def _xml(uid: str, codes: list, sections: dict, images: list) -> str:
    texts = "".join(
        f'<AbstractText Label="{name.upper()}">{escape(sections.get(name, ""))}</AbstractText>'
        for name in SECTIONS
    )
    caption = "PA and Lateral" if len(images) > 1 else "CHEST AP PORTABLE"
    shown = "".join(
        f'<parentImage id="CXR{name}"><figureId>F{n}</figureId><caption>{caption}</caption>'
        f"<panel><url>/hadoop/storage/radiology/extract/CXR{name}.jpg</url></panel></parentImage>"
        for n, (name, _) in enumerate(images, start=1)
    )
    major = "".join(f"<major>{escape(code)}</major>" for code in codes)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><eCitation><meta type="rr"/><uId id="CXR{uid}"/>'
        f"<MedlineCitation><Article><Abstract>{texts}</Abstract></Article></MedlineCitation>"
        f"<MeSH>{major}<automatic>granuloma</automatic></MeSH>{shown}</eCitation>"
    )


def build_tables(root: Path) -> Path:
    """Write the pair of tables and ``images/images_normalized``."""
    lines, projections = [], []
    for uid, (codes, sections, images) in REPORTS.items():
        problems = ";".join(code.split("/")[0] for code in codes)
        texts = [sections.get(name, "") for name in ("indication", "comparison", "findings", "impression")]
        lines.append((uid, ";".join(codes), problems, "Xray Chest", *texts))
        for number, (name, side) in enumerate(images):
            projections.append((uid, f"{name}.dcm.png", side))
            write_picture(root / "images" / "images_normalized" / f"{name}.dcm.png", (32, 32), number)
    write_csv(root / "indiana_reports.csv", REPORT_COLUMNS, lines)
    write_csv(root / "indiana_projections.csv", ("uid", "filename", "projection"), projections)
    return root
