"""The RSNA challenge with four labelled images and one of the test set."""

from __future__ import annotations

from pathlib import Path

from miniatures.small_files import write_radiograph

NORMAL = "0004cfab-14fd-4e49-80ba-000000000001"
OTHER = "0004cfab-14fd-4e49-80ba-000000000002"
ONE = "0004cfab-14fd-4e49-80ba-000000000003"
TWO = "0004cfab-14fd-4e49-80ba-000000000004"
TEST = "0004cfab-14fd-4e49-80ba-000000000005"
LABELS = f"""patientId,x,y,width,height,Target
{OTHER},,,,,0
{NORMAL},,,,,0
{ONE},264.0,152.0,213.0,379.0,1
{TWO},323.0,577.0,160.0,104.0,1
{TWO},695.0,575.0,162.0,137.0,1
"""
CLASSES = f"""patientId,class
{OTHER},No Lung Opacity / Not Normal
{NORMAL},Normal
{ONE},Lung Opacity
{TWO},Lung Opacity
{TWO},Lung Opacity
"""


def build(root: Path) -> Path:
    """Write the dataset into a folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "stage_2_train_labels.csv").write_text(LABELS)
    (root / "stage_2_detailed_class_info.csv").write_text(CLASSES)
    for name in (OTHER, NORMAL, ONE, TWO):
        write_radiograph(root / "stage_2_train_images" / f"{name}.dcm", (1024, 1024))
    write_radiograph(root / "stage_2_test_images" / f"{TEST}.dcm", (1024, 1024))
    return root
