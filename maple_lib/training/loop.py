"""The training loop: warm starts, then alignment; logged, saved, and resumed to the same losses."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn
from tqdm.auto import tqdm

from maple_lib.data.batch import Batch
from maple_lib.errors import MapleError
from maple_lib.methods import method_class
from maple_lib.methods.base import Method
from maple_lib.training.checkpoint import (
    Position,
    drop_leftovers,
    load_checkpoint,
    read_position,
    save_checkpoint,
)
from maple_lib.training.config import TrainConfig
from maple_lib.training.corpus import Corpus
from maple_lib.training.log import RunLog
from maple_lib.training.objective import make_objective
from maple_lib.training.step import Step


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of training: its name, its number of steps, its learning rate."""

    name: str
    steps: int
    lr: float


def stages(config: TrainConfig) -> list[Stage]:
    """The stages of a run in their order; those of no steps are left out."""
    plan = [
        Stage("warm_text", config.text_warm_steps, config.warm_lr),
        Stage("warm_image", config.image_warm_steps, config.warm_lr),
        Stage("align", config.steps, config.lr),
    ]
    return [s for s in plan if s.steps]


def schedule(step: int, steps: int, warmup: float) -> float:
    """Factor on the learning rate: a linear rise over the share ``warmup``, then a cosine to zero."""
    rise = max(1, round(steps * warmup))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def run_stages(config: TrainConfig, corpus: Corpus, run: Path, progress: bool = True) -> Method:
    """Train a method from its configuration, going on where an earlier run of it stopped.

    Raises:
        MapleError: if a loss is not finite; the message names the step's studies, and the last
            checkpoint stays as it was.
    """
    set_seed(config.seed)
    method = method_class(config.model.method)(config.model)
    drop_leftovers(run)
    start = read_position(run)
    plan = stages(config)
    first = [s.name for s in plan].index(start.stage) if start else 0
    for stage in plan[first:]:
        begin = start.step if start and start.stage == stage.name else 0
        _Runner(config, corpus, run, method, stage).go(begin, progress)
    return method.eval()


class _Runner:
    """One stage in progress."""

    def __init__(self, config: TrainConfig, corpus: Corpus, run: Path, method: Method, stage: Stage) -> None:
        self.config, self.corpus, self.run, self.stage, self.method = config, corpus, run, stage, method
        self.accelerator = Accelerator(mixed_precision=config.precision)
        self.objective = make_objective(method, stage.name).to(self.accelerator.device)
        self.objective.zero_grad(set_to_none=True)
        self.trained = self.objective.trained()
        optimiser = torch.optim.AdamW(self.trained, lr=stage.lr, weight_decay=config.weight_decay)
        self.optimiser = self.accelerator.prepare(optimiser)
        self.stepping = Step(self.objective, self.accelerator, self.trained, config.accumulate)

    def go(self, begin: int, progress: bool) -> None:
        stage, config = self.stage, self.config
        if begin:
            load_checkpoint(self.run, self.method, self._task(), self._plain_optimiser())
        self.objective.train()
        bar = tqdm(total=stage.steps, initial=begin, desc=stage.name, disable=not progress)
        with bar, RunLog(self.run, stage.name, begin) as log:
            clock = time.perf_counter()
            steps = range(begin, stage.steps)
            batches = self.corpus.batches(steps, config.batch_size, config.seed)
            for step, batch in zip(steps, batches, strict=True):
                waited = time.perf_counter() - clock
                terms = self._step(step, batch.to(self.accelerator.device))
                row = self._row(step, terms, waited, time.perf_counter() - clock)
                clock = time.perf_counter()
                log.write(row)
                bar.set_postfix({k: f"{v:.2f}" for k, v in row["loss"].items()}, refresh=False)
                bar.update()
                done = step + 1
                if done % config.save_every == 0 or done == stage.steps:
                    log.flush()
                    at = Position(stage.name, done)
                    save_checkpoint(self.run, self.method, self._task(), self._plain_optimiser(), at)

    def _row(self, step: int, terms: dict[str, float], waited: float, seconds: float) -> dict[str, Any]:
        return {"stage": self.stage.name, "step": step, "loss": terms, "wait": waited, "seconds": seconds}

    def _step(self, step: int, batch: Batch) -> dict[str, float]:
        rate = self.stage.lr * schedule(step, self.stage.steps, self.config.warmup)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        total, terms = self.stepping.gradients(batch)
        values = torch.stack([total, *terms.values()]).tolist()
        if not all(map(math.isfinite, values)):
            raise MapleError(
                f"loss at step {step} of {self.stage.name}",
                f"is not finite; studies: {', '.join(batch.study_ids)}",
                "look at these studies, or lower lr; the last checkpoint is kept",
            )
        self.accelerator.clip_grad_norm_(self.trained, 1.0)
        self.optimiser.step()
        return dict(zip(["total", *terms], values, strict=True))

    def _task(self) -> nn.Module:
        return self.objective.task

    def _plain_optimiser(self) -> torch.optim.Optimizer:
        plain: torch.optim.Optimizer = self.optimiser.optimizer
        return plain
