"""Gradients of one batch, by one process or as one of several: ``python gradients.py METHOD OUT``."""

import os
import sys
from dataclasses import fields, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from toys import toy_record

from maple_lib.data.batch import collate
from maple_lib.methods import create_method
from maple_lib.training.gather import world
from maple_lib.training.objective import make_objective
from maple_lib.training.step import Step
from maple_lib.training.sync_norm import synchronise

SMALL = {
    "image_size": 64, "image_width": 32, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 32,
}  # fmt: skip


def double(batch):
    """In float64 rounding does not hide a wrong gradient."""
    floats = {f.name: getattr(batch, f.name) for f in fields(batch)}
    return replace(
        batch, **{k: v.double() for k, v in floats.items() if torch.is_tensor(v) and v.is_floating_point()}
    )


def gradients(name, stage="align", pieces=1, records=11, backbone="regnetx_002"):
    """(terms, gradients by parameter) of a batch of an odd number of toy records."""
    torch.manual_seed(0)
    method = create_method(name, "tiny", **SMALL, image_encoder=backbone).train()
    for module in method.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(getattr(module, "dropout_prob", None), float):
            module.dropout_prob = 0.0
    objective = make_objective(method, stage).double()
    if world()[1] > 1:
        synchronise(objective)
    trained = objective.trained()
    step = Step(objective, Accelerator(cpu=True), trained, pieces)
    batch = collate([toy_record(i) for i in range(records)])
    total, terms = step.gradients(double(batch))
    named = {n: p.grad for n, p in objective.named_parameters() if p.grad is not None}
    return {"total": total, **terms}, named


if __name__ == "__main__":
    torch.set_num_threads(1)
    Accelerator(cpu=True)
    for job in sys.argv[2:]:
        name, stage = job.split(":")
        terms, grads = gradients(name, stage)
        if os.environ["RANK"] == "0":
            out = {f"loss.{k}": v.reshape(1) for k, v in terms.items()} | grads
            save_file(
                {k: v.contiguous() for k, v in out.items()}, Path(sys.argv[1]) / f"{name}-{stage}.safetensors"
            )
