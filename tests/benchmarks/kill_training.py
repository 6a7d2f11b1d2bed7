"""Kill a training ten times at random moments, take it up each time, and compare it with one left alone.

Run: python tests/benchmarks/kill_training.py [kills]
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from maple_lib.training import read_log

SETTINGS = [
    "image_size=64", "image_width=16", "text_width=32", "text_layers=1", "dim=16", "head_hidden=16",
    "studies=48", "batch_size=8", "text_warm_steps=60", "image_warm_steps=60", "steps=1200", "save_every=20",
    "ema=0.9", "validate_every=100", "workers=1",
]  # fmt: skip


def start(out: Path, cache: Path) -> subprocess.Popen[bytes]:
    options = [part for setting in SETTINGS for part in ("--set", setting)]
    command = [sys.executable, "-m", "maple_lib", "train", "--quiet", "--out", str(out), *options]
    return subprocess.Popen([*command, "--set", f"cache={cache}"], stdout=subprocess.DEVNULL)


def rows(run: Path) -> list[tuple[object, ...]]:
    return [(r["stage"], r["step"], r["loss"], r.get("validation")) for r in read_log(run)]


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        alone, cut = root / "alone", root / "cut"
        assert start(alone, root / "cache").wait() == 0
        done = 0
        while done < kills:
            process = start(cut, root / "cache")
            before = len(read_log(cut))
            while process.poll() is None and len(read_log(cut)) <= before + 20:
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 1.0))
            if process.poll() is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            print(f"killed {done} times, {len(read_log(cut))} rows in the log", flush=True)
        assert start(cut, root / "cache").wait() == 0
        same = rows(alone) == rows(cut)
        weights = "model/model.safetensors"
        equal = (alone / weights).read_bytes() == (cut / weights).read_bytes()
        left = [p.name for p in cut.iterdir() if p.name.startswith(".")]
        print(
            f"{done} kills: the same losses: {same}; the same weights: {equal}; leftovers: {left or 'none'}"
        )


if __name__ == "__main__":
    main()
