"""What becomes of every DICOM file in a folder, by transfer syntax, as a Markdown table.

Run: python tests/benchmarks/table_dicom.py FOLDER [--files]
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

from maple_lib.data.dicom.header import quiet
from maple_lib.data.dicom.syntax import named, transfer_syntax
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError


def outcome(path: Path) -> str:
    """``"read"``, or the reason without the file's name and numbers."""
    try:
        read_image(path)
    except MapleError as error:
        reason = error.problem.split(";")[0]
        reason = re.sub(r"^\d+ frames.*", "several frames", reason)
        return re.sub(r"photometric interpretation ([\w ]+), \d+ samples a pixel", r"\1", reason)
    return "read"


def syntax_of(path: Path) -> str:
    """Name and UID, or a dash for what is no DICOM file."""
    import pydicom

    with quiet():
        try:
            return named(transfer_syntax(pydicom.dcmread(path, force=True, stop_before_pixels=True)))
        except Exception:
            return "—"


def main() -> None:
    """Print one line a transfer syntax: files, read, refused and why; with --files one line a file too."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", action="store_true")
    options = parser.parse_args()
    outcomes: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(p for p in options.folder.iterdir() if p.is_file()):
        outcomes[syntax_of(path)][path.name] = outcome(path)
    print("| transfer syntax | files | read | refused, and why |\n|---|---|---|---|")
    for syntax, files in sorted(outcomes.items()):
        counts = Counter(files.values())
        why = "; ".join(f"{n} {reason}" for reason, n in counts.most_common() if reason != "read")
        print(f"| {syntax} | {len(files)} | {counts['read']} | {why or '—'} |")
    if options.files:
        print("\n".join(f"{name}: {says}" for files in outcomes.values() for name, says in files.items()))


if __name__ == "__main__":
    main()
