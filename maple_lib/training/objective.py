"""What a stage minimises: a warm-start task, or the method's own losses."""

from __future__ import annotations

from torch import Tensor, nn

from maple_lib.data.batch import Batch
from maple_lib.methods.base import Method
from maple_lib.training.warm import TASKS, parameters


class Objective(nn.Module):
    """A method with the task of a stage: batch in, named loss terms out."""

    def __init__(self, method: Method, task: nn.Module, stage: str) -> None:
        super().__init__()
        self.method, self.task, self.stage = method, task, stage

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The named terms of this stage's loss."""
        if self.stage in TASKS:
            return {self.stage: self.task(self.method, batch)}
        return self.method.stage_losses(self.stage, batch)

    @property
    def sees_images(self) -> bool:
        """False for a stage that never asks the image encoder."""
        return self.stage != "warm_text" and not self.method.encodes_itself

    @property
    def reads_texts(self) -> bool:
        """False for a stage that never asks the text encoder."""
        return self.stage != "warm_image" and self.method.reads_texts(self.stage)

    def texts(self, batch: Batch) -> tuple[str, ...]:
        """What this stage gives to the text encoder, in its order."""
        return batch.sentences if self.stage in TASKS else self.method.texts(batch)

    def trained(self) -> list[nn.Parameter]:
        """The parameters this stage changes."""
        if self.stage in TASKS:
            return parameters(self.method, self.task, self.stage)
        return self.method.stage_parameters(self.stage)


def make_objective(method: Method, stage: str) -> Objective:
    """The objective of a stage: a warm start by its name, or a stage of the method's own."""
    task = TASKS[stage](method) if stage in TASKS else nn.Identity()
    return Objective(method, task, stage)
