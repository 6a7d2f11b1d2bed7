"""What training costs beyond its encoders: steps, waiting for data, memory of a large corpus.

Run: python tests/benchmarks/bench_training.py [--preset laptop] [--methods a,b] [--steps 8] [--memory]

Steps of the bare encoders and of every method are taken in turn, in one process, on one batch that is
ready; what is compared is the median. A term's share is measured with that term alone. A method that trains
its networks one after another (MApLe) has no encoders beside its losses: its stages are measured instead.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from maple_lib.data.batch import Batch
from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.data.record import REGION_INDEX
from maple_lib.data.record_store import CARD, VERSION, RecordStore
from maple_lib.methods import list_methods, method_class
from maple_lib.methods.base import Method
from maple_lib.training import read_log, train, train_config
from maple_lib.training.config import TrainConfig
from maple_lib.training.corpus import Corpus, Recipe, build_corpus
from maple_lib.training.objective import make_objective
from maple_lib.training.stages import stages
from maple_lib.training.step import Step

Run = Callable[[], float]


def encoders_alone(method: Method, batch: Batch) -> Run:
    """Forward, backward and update of both encoders; the 'loss' is the mean of their features."""
    encoders = torch.nn.ModuleList([method.image_encoder, method.text_encoder])
    optimiser = torch.optim.AdamW(encoders.parameters(), lr=1e-5)
    tokens = method.text_encoder.tokenize(list(method.texts(batch)))

    def step() -> float:
        clock = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        encoded = method.text_encoder(tokens)
        (method.image_encoder(batch.images).mean() + encoded.pooled.mean() + encoded.words.mean()).backward()
        torch.nn.utils.clip_grad_norm_(encoders.parameters(), 1.0)
        optimiser.step()
        return time.perf_counter() - clock

    return step


def whole_step(config: TrainConfig, batch: Batch) -> Run:
    """A step as the loop takes it."""
    return stage_step(method_class(config.model.method)(config.model), "align", batch)


def stage_step(method: Method, stage: str, batch: Batch) -> Run:
    """A step of a stage as the loop takes it, of one batch again and again."""
    step = any_step(method, stage)
    return lambda: step(batch)


def any_step(method: Method, stage: str) -> Callable[[Batch], float]:
    """A step of a stage as the loop takes it."""
    objective = make_objective(method, stage).train()
    parameters = objective.trained()
    optimiser = torch.optim.AdamW(parameters, lr=1e-5)
    stepping = Step(objective, Accelerator(cpu=True), parameters)

    def step(batch: Batch) -> float:
        clock = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        stepping.gradients(batch)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        return time.perf_counter() - clock

    return step


def in_turn(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one that does not count."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(run())
    return {name: statistics.median(values) for name, values in times.items()}


def bench_method(name: str, preset: str, corpus: Corpus, rounds: int) -> None:
    config = train_config(name, preset)
    batch = corpus.batch(0, config.batch_size, 0)
    if method_class(name).encodes_itself:
        bench_stages(config, corpus, batch, rounds)
        return
    method = method_class(name)(config.model).train()
    terms = list(method.losses(batch))
    runs = {"encoders": encoders_alone(method, batch), "whole": whole_step(config, batch)}
    for term in terms if len(terms) > 1 else ():
        alone = {other: 0.0 for other in terms if other != term}
        runs[term] = whole_step(train_config(name, preset, weights=alone), batch)
    seconds = in_turn(runs, rounds)
    base, whole = seconds.pop("encoders"), seconds.pop("whole")
    shares = ", ".join(f"{t} {max(0, s - base) / whole:.0%}" for t, s in seconds.items())
    print(
        f"{name:12s} {config.batch_size / whole:6.1f} images/s, "
        f"encoders alone {config.batch_size / base:6.1f}; "
        f"ratio {base / whole:.2f}; with one term alone beyond the encoders: {shares or 'one term'}",
        flush=True,
    )


def bench_stages(config: TrainConfig, corpus: Corpus, batch: Batch, rounds: int) -> None:
    """A method that trains its networks one after another: what share of the whole run each stage takes."""
    seconds = {}
    for stage in stages(config):
        method = method_class(config.model.method)(config.model)
        method.begin_stage(stage.name, corpus.records)
        each = in_turn({stage.name: stage_step(method, stage.name, batch)}, rounds)[stage.name]
        seconds[stage.name] = (each, each * stage.steps)
    whole = sum(total for _, total in seconds.values())
    shares = ", ".join(
        f"{name} {config.batch_size / each:.1f} images/s, {total / whole:.0%} of the run"
        for name, (each, total) in seconds.items()
    )
    print(f"{config.model.method:12s} by stage: {shares}", flush=True)


def bench_waiting(preset: str, cache: Path, steps: int) -> None:
    out = cache / "run"
    config = train_config(
        "convirt", preset, steps=steps, text_warm_steps=0, image_warm_steps=0,
        studies=400, cache=str(cache), out=str(out), save_every=10_000,
    )  # fmt: skip
    train(config, progress=False)
    rows = read_log(out)[1:]
    share = sum(r["wait"] for r in rows) / sum(r["seconds"] for r in rows)
    print(f"waiting for data: {share:.2%} of step time, {preset}, records mapped from disk", flush=True)


def bench_company(preset: str, corpus: Corpus, steps: int) -> None:
    """What steps lose by the thread that prepares batches beside them: it costs more than waiting shows."""
    config = train_config("maple_joint", preset)
    method = method_class("maple_joint")(config.model)
    method.begin_stage("align", corpus.records)
    step, drawn = any_step(method, "align"), range(steps)
    ready = [corpus.batch(i, config.batch_size, 0) for i in drawn]
    alone, beside = [], []
    for counted in (False, True, True):
        of_ready = [step(batch) for batch in ready]
        of_drawn = [step(batch) for batch in corpus.batches(drawn, config.batch_size, 0)]
        if counted:
            alone, beside = alone + of_ready, beside + of_drawn
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"maple_joint: a step beside the thread that prepares takes {ratio:.2f} of one alone", flush=True)


def empty_store(folder: Path, n: int, size: int, grid: int) -> RecordStore:
    """A store of ``n`` records whose files are holes: it takes no disk, but every page can be read."""
    folder.mkdir()
    regions, statements = len(REGION_INDEX), 8
    shapes = {
        "pixels": size * size,
        "regions": regions * grid * grid,
        "statements": statements * 8,
        "used": 16,
    }
    for name, width in {**shapes, "ids": 8}.items():
        with (folder / f"{name}.bin").open("wb") as file:
            file.truncate(n * width)
    (folder / "sentences.bin").write_bytes(b"No pneumothorax.")
    steps = {"statements": statements, "used": 4, "ids": 8}
    for name, step in steps.items():
        np.save(folder / f"{name}_starts.npy", np.arange(n + 1, dtype=np.int64) * step)
    np.save(folder / "sentences_starts.npy", np.array([0, 16]))
    card = {
        "version": VERSION,
        "records": n,
        "pixels": [size, size],
        "regions": [regions, grid, grid],
        "failures": [],
    }
    (folder / CARD).write_text(json.dumps(card))
    return RecordStore(folder)


def own_memory() -> float:
    """Megabytes of this process that are not pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def bench_memory(root: Path) -> None:
    before = {}
    for n in (1_000, 100_000, 200_000):
        corpus = Corpus(empty_store(root / str(n), n, 128, 16))
        start = own_memory()
        for _ in corpus.batches(range(60), 48, 0):
            pass
        before[n] = own_memory()
        print(
            f"{n:7d} studies: {before[n]:7.1f} MB after 60 batches, {before[n] - start:+.1f} MB", flush=True
        )
        del corpus
    print(f"per 100,000 studies: {(before[200_000] - before[100_000]):.2f} MB")


def prepared(config: TrainConfig, cache: Path) -> Corpus:
    """Phantoms as the method wants them: methods differ in the size of images and of the grid."""
    model = config.model
    side = -(-model.image_size // min(model.image_strides))
    studies = PhantomSequence(96, 0, model.image_size, config.difficulty)
    return build_corpus(studies, Recipe(model.image_size, (side, side)), cache, 2, progress=False)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--preset", default="laptop")
    parser.add_argument("--methods", default=",".join(list_methods()))
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.memory:
            bench_memory(Path(folder))
            return
        for name in given.methods.split(","):
            corpus = prepared(train_config(name, given.preset), Path(folder))
            bench_method(name, given.preset, corpus, given.steps)
        bench_waiting(given.preset, Path(folder), 4 * given.steps)
        corpus = prepared(train_config("maple_joint", given.preset), Path(folder))
        bench_company(given.preset, corpus, given.steps)


if __name__ == "__main__":
    main()
