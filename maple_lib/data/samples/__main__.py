"""Make the samples: ``python -m maple_lib.data.samples --out data_samples/chest``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from maple_lib.data.samples.making import changed_files, make_samples


def main() -> int:
    """Write the samples, or with ``--check`` compare a folder with its checksums; 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m maple_lib.data.samples", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data_samples/chest"), help="the samples folder")
    parser.add_argument("--check", action="store_true", help="write nothing; list the files that changed")
    options = parser.parse_args()
    if options.check:
        changed = changed_files(options.out)
        print("\n".join(changed) or "all files are as they were made")
        return 1 if changed else 0
    make_samples(options.out)
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
