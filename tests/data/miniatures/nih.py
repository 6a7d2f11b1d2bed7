"""NIH ChestX-ray14 with five images: its file names, its headers, its commas at the ends of lines."""

from __future__ import annotations

from pathlib import Path

from miniatures.small_files import write_picture

ENTRIES = """Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,\
OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],
00000001_000.png,Cardiomegaly,0,1,58,M,PA,2682,2749,0.143,0.143,
00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,PA,2894,2729,0.143,0.143,
00000002_000.png,No Finding,0,2,81,M,AP,2500,2048,0.171,0.171,
00000003_000.png,Effusion|Infiltration|Pleural_Thickening,0,3,81,F,PA,2582,2991,0.143,0.143,
00000003_001.png,Hernia,1,3,74,F,PA,2500,2048,0.168,0.168,
"""
BOXES = """Image Index,Finding Label,Bbox [x,y,w,h],,,
00000003_000.png,Infiltrate,225.084745762712,547.019216763771,86.7796610169491,79.1864406779661,,,
00000003_000.png,Effusion,686.101694915254,131.543498411017,185.491525423729,313.492063492063,,,
00000003_000.png,Infiltrate,600,500,50,40,,,
"""


def build(root: Path, version: str = "Data_Entry_2017_v2020.csv", parts: bool = True) -> Path:
    """Write the dataset into a folder; ``parts`` puts the images into images_001 and images_002."""
    root.mkdir(parents=True, exist_ok=True)
    (root / version).write_text(ENTRIES)
    (root / "BBox_List_2017.csv").write_text(BOXES)
    names = [line.split(",")[0] for line in ENTRIES.splitlines()[1:]]
    (root / "train_val_list.txt").write_text("".join(f"{name}\n" for name in names[:3]))
    (root / "test_list.txt").write_text("".join(f"{name}\n" for name in names[3:]))
    for number, name in enumerate(names):
        folder = f"images_{1 + number // 3:03d}/images" if parts else "images"
        write_picture(root / folder / name, (1024, 1024), number)
    return root
