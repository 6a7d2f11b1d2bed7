"""The training loop: warm starts, then alignment; logged, saved, and resumed to the same losses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tqdm.auto import tqdm

from maple_lib.data.batch import Batch
from maple_lib.errors import MapleError
from maple_lib.methods import method_class
from maple_lib.methods.base import Method
from maple_lib.methods.saving import save_method
from maple_lib.training.average import MovingAverage
from maple_lib.training.checkpoint import (
    Position,
    Training,
    checkpoint_folder,
    drop_leftovers,
    load_checkpoint,
    read_position,
    save_checkpoint,
)
from maple_lib.training.config import TrainConfig
from maple_lib.training.corpus import Corpus
from maple_lib.training.disk import writing
from maple_lib.training.gather import share_weights, world
from maple_lib.training.log import RunLog
from maple_lib.training.lora import add_adapters, without_adapters
from maple_lib.training.objective import make_objective
from maple_lib.training.optimiser import freeze, make_optimiser, schedule, set_rate
from maple_lib.training.speed import make_fast
from maple_lib.training.stages import Stage, stages
from maple_lib.training.step import Step
from maple_lib.training.sync_norm import synchronise
from maple_lib.training.validation import validation_loss
from maple_lib.training.watch import ChanceWatch

BEST = "best"


@dataclass(frozen=True, slots=True)
class Run:
    """What all stages of a run share.

    Attributes:
        config: of the run.
        folder: where it is kept.
        accelerator: device, precision, processes, trackers.
        corpus: studies that are trained on.
        held_out: studies that are only watched, or None.
        progress: show bars.
        watch: called with every row of the log.
    """

    config: TrainConfig
    folder: Path
    accelerator: Accelerator
    corpus: Corpus
    held_out: Corpus | None = None
    progress: bool = True
    watch: Callable[[dict[str, Any]], None] | None = None


def run_stages(run: Run) -> Method:
    """Train a method from its configuration, going on where an earlier run of it stopped.

    Raises:
        MapleError: if a loss is not finite; the message names the step's studies, and the last
            checkpoint stays as it was.
    """
    config = run.config
    set_seed(config.seed)
    method = method_class(config.model.method)(config.model).to(run.accelerator.device)
    if world()[1] > 1:
        synchronise(method)
    if config.lora:
        add_adapters(method, config.lora)
    freeze(method, config.freeze)
    make_fast(method, config)
    with run.accelerator.main_process_first():
        drop_leftovers(run.folder)
    start = read_position(run.folder)
    plan = stages(config)
    first = [s.name for s in plan].index(start.stage) if start else 0
    for stage in plan[first:]:
        begin = start.step if start and start.stage == stage.name else 0
        _Runner(run, method, stage).go(begin)
    return without_adapters(method).eval()


class _Runner:
    """One stage in progress."""

    def __init__(self, run: Run, method: Method, stage: Stage) -> None:
        self.run, self.stage, self.config = run, stage, run.config
        objective = make_objective(method, stage.name).to(run.accelerator.device)
        objective.zero_grad(set_to_none=True)
        share_weights(objective.task)
        self.objective, self.parameters = objective, objective.trained()
        plain = make_optimiser(method, self.parameters, stage.lr, self.config)
        self.optimiser = run.accelerator.prepare(plain)
        average = MovingAverage(method, self.config.ema) if self.config.ema and stage.is_last else None
        self.training = Training(method, objective.task, plain, run.accelerator.scaler, average)
        self.watch = ChanceWatch(method, self.config.batch_size, stage.steps) if stage.is_last else None
        self.stepping = Step(objective, run.accelerator, self.parameters, self.config.accumulate)

    def go(self, begin: int) -> None:
        """The stage's steps from ``begin``, then the averaged or best weights."""
        if begin:
            load_checkpoint(self.run.folder, self.training)
        self.training.method.begin_stage(self.stage.name, self.run.corpus.records)
        self.objective.train()
        steps = range(begin, self.stage.steps)
        others = not self.run.accelerator.is_main_process
        bar = tqdm(
            total=self.stage.steps,
            initial=begin,
            desc=self.stage.name,
            disable=others or not self.run.progress,
        )
        batches = self.run.corpus.batches(steps, self.config.batch_size, self.config.seed)
        with bar, RunLog(self.run.folder, self.stage.name, begin, silent=others) as log:
            clock = time.perf_counter()
            for step, batch in zip(steps, batches, strict=True):
                waited = time.perf_counter() - clock
                terms = self._step(step, batch.to(self.run.accelerator.device))
                seconds = time.perf_counter() - clock
                row: dict[str, Any] = {"stage": self.stage.name, "step": step, "loss": terms, "wait": waited}
                row |= {"seconds": seconds} | self._validated(step + 1)
                log.write(row)
                if self.run.watch:
                    self.run.watch(row)
                self._show(bar, step, terms)
                if self.watch:
                    self.watch.see(step, terms)
                if self._saved(step + 1, log):
                    break
                clock = time.perf_counter()
        if self.training.average:
            self.training.average.finish()

    def _step(self, step: int, batch: Batch) -> dict[str, float]:
        set_rate(self.optimiser, self.stage.lr * schedule(step, self.stage.steps, self.config.warmup))
        self.optimiser.zero_grad(set_to_none=True)
        total, terms = self.stepping.gradients(batch)
        values = torch.stack([total, *terms.values()]).tolist()
        if not all(map(math.isfinite, values)):
            raise MapleError(
                f"loss at step {step} of {self.stage.name}",
                f"is not finite; studies: {', '.join(batch.study_ids)}",
                "look at these studies, or lower lr; the last checkpoint is kept",
            )
        self.run.accelerator.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        if self.training.average:
            self.training.average.update()
        return dict(zip(["total", *terms], values, strict=True))

    def _show(self, bar: tqdm, step: int, terms: dict[str, float]) -> None:
        bar.set_postfix({k: f"{v:.2f}" for k, v in terms.items()}, refresh=False)
        bar.update()
        if self.config.trackers:
            self.run.accelerator.log({f"{self.stage.name}/{k}": v for k, v in terms.items()}, step=step)

    def _validated(self, done: int) -> dict[str, float]:
        """The loss on the held-out studies when it is time; the best weights so far are kept."""
        every, held_out = self.config.validate_every, self.run.held_out
        if not every or held_out is None or not self.stage.is_last or done % every:
            return {}
        method, average = self.training.method, self.training.average
        with average.swapped() if average else nullcontext():
            score = validation_loss(method, held_out, self.config.batch_size, self.config.seed)
            if self.training.best.see(score, done) and self.run.accelerator.is_main_process:
                with writing(self.run.folder / BEST, self._kept()):
                    save_method(without_adapters(method), self.run.folder / BEST)
        return {"validation": score}

    def _saved(self, done: int, log: RunLog) -> bool:
        """Save when it is time; True when training should stop."""
        stop = bool(self.config.patience) and self.training.best.since >= self.config.patience
        if stop or done % self.config.save_every == 0 or done == self.stage.steps:
            log.flush()
            if self.run.accelerator.is_main_process:
                at = Position(self.stage.name, done)
                with writing(checkpoint_folder(self.run.folder), self._kept()):
                    save_checkpoint(self.run.folder, self.training, at, self.config.keep)
        return stop

    def _kept(self) -> str:
        """What a failure leaves, in words."""
        at = read_position(self.run.folder)
        return (
            f"the checkpoint of {at.stage}, step {at.step}, is kept" if at else "there is no checkpoint yet"
        )
