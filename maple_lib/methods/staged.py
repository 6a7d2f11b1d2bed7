"""The stages a method is trained in: two warm starts and alignment, unless it names its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from maple_lib.data.batch import Batch
    from maple_lib.data.record import Record


class Staged:
    """What the training loop asks of a method, stage by stage.

    Attributes:
        stage_names: of the text stage, the image stage, and one or more that share the steps of the
            alignment. Names of warm starts mean those of ``training``; any other is the method's own, see
            ``stage_losses``.
        encodes_itself: True when the losses encode what they need. The loop then does not encode the batch
            for them, neither in shares nor in pieces.
        option_class: dataclass of the method's own settings, read from ``MethodConfig.options``.
    """

    stage_names: ClassVar[tuple[str, ...]] = ("warm_text", "warm_image", "align")
    encodes_itself: ClassVar[bool] = False
    option_class: ClassVar[type | None] = None

    def begin_stage(self, stage: str, records: Sequence[Record]) -> None:
        """Look at the corpus before a stage begins or goes on; changes no random state."""

    def reads_texts(self, stage: str) -> bool:
        """Whether the losses of a stage ask the text encoder; not where a frozen one answers from memory."""
        return not self.encodes_itself

    def stage_losses(self, stage: str, batch: Batch) -> dict[str, Tensor]:
        """The named terms of a stage of the method's own."""
        terms: dict[str, Tensor] = self.losses(batch)  # type: ignore[attr-defined]
        return terms

    def stage_parameters(self, stage: str) -> list[nn.Parameter]:
        """The parameters that a stage of the method's own changes; the others stay as they are."""
        return list(self.parameters())  # type: ignore[attr-defined]

    @classmethod
    def read_options(cls, values: dict[str, Any] | None) -> Any:
        """The method's own settings with these values in place of their defaults; None where it has none.

        Raises:
            MapleError: if the method has no such setting.
        """
        known = [f.name for f in fields(cls.option_class)] if cls.option_class else []
        unknown = [name for name in values or {} if name not in known]
        if unknown:
            raise MapleError(
                f"option {unknown[0]!r}",
                f"{cls.__name__} has none",
                f"it has: {', '.join(known) or 'no options'}",
            )
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in (values or {}).items()}
        return cls.option_class(**given) if cls.option_class else None
