"""What a robustness number depends on."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import GroundingProtocol, Protocol
from maple_lib.evaluation.protocols import protocol as named_protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessProtocol(Protocol):
    """What is changed, and how the maps are made before and after.

    Attributes:
        grounding: the grounding protocol by which maps are made and scored.
        conditions: what is changed; a number after the underscore says how much (``"gamma_0.6"``).
        bootstrap: number of resamples of the 95 % intervals.
    """

    grounding: str
    conditions: tuple[str, ...]
    bootstrap: int

    @property
    def maps(self) -> GroundingProtocol:
        """The grounding protocol itself.

        Raises:
            MapleError: if ``grounding`` names a protocol of another task.
        """
        found = named_protocol(self.grounding)
        if not isinstance(found, GroundingProtocol):
            raise MapleError(
                f"protocol {self.name!r}",
                f"grounding: {self.grounding} is of {found.task}",
                "name a grounding one",
            )
        return found
