"""The patient: every measure that varies from phantom to phantom, sampled once and then only read.

Lengths are in patient units (about 200 mm), ``y`` grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maple_lib.data.phantoms.geometry import Pose

SPREAD = {"easy": 0.55, "realistic": 1.0, "hard": 1.1}


class Vary:
    """Draws that shrink towards their centre when patients should look alike (``spread`` < 1)."""

    def __init__(self, rng: np.random.Generator, spread: float) -> None:
        self.rng, self.spread = rng, spread

    def around(self, mean: float, deviation: float) -> float:
        """A normal draw, cut at two standard deviations."""
        return mean + deviation * self.spread * min(max(float(self.rng.standard_normal()), -2.0), 2.0)

    def between(self, low: float, high: float) -> float:
        """A uniform draw."""
        middle, half = (low + high) / 2, (high - low) / 2
        return middle + half * self.spread * float(self.rng.uniform(-1, 1))

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return bool(self.rng.random() < probability)


@dataclass(frozen=True, slots=True)
class Side:
    """What differs between the two halves of one chest."""

    dome: float  # y of the diaphragm's top
    flatness: float  # 1 for a normal dome, below 1 for a flattened one
    clavicle_tilt: float
    scapula: float  # x of the scapula's medial border


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One patient in one position; see ``sample_anatomy`` for usual values."""

    view: str  # "PA" or "AP"
    pose: Pose
    turn: float  # rotation about the long axis, as a shift of the mediastinum
    fat: float  # soft tissue beyond an average patient's
    breast: float  # 0 for none, else the thickness of the breast shadow
    muscle: float
    apex: float  # y of the lungs' apices
    lung_width: float  # half width of the thorax inside the ribs
    roundness: float  # exponent of the superellipse of the lateral wall
    air: float  # attenuation that full lungs take away
    right: Side
    left: Side
    heart_size: float
    heart_slant: float  # how far the apex points to the side
    knob: tuple[float, float, float]  # aortic arch: x, y, radius
    unfolding: float  # how far the descending aorta shows to the left
    vessel_strength: float
    bone: float  # attenuation of bone
    spine_curve: float
    rib_drop: float  # how steeply ribs fall from back to front
    gas: float  # gastric bubble, 0 for none
    gas_at: tuple[float, float]  # the bubble's x, and its y below the dome
    bowel: tuple[float, float, float]  # gas in the colon: x, y below the dome, and how much
    neck: float

    def side(self, name: str) -> Side:
        """The half of ``"right"`` or ``"left"``."""
        return self.right if name == "right" else self.left


def sample_anatomy(rng: np.random.Generator, difficulty: str) -> Anatomy:
    """Draw a patient; the number of draws never depends on what is drawn, so streams stay aligned.

    Args:
        rng: the anatomy stream.
        difficulty: ``"easy"`` draws patients that look much alike; ``"hard"`` the whole variety.
    """
    vary = Vary(rng, SPREAD[difficulty])
    portable = vary.chance(0.32)
    breath = vary.around(0.055 if portable else -0.01, 0.034)  # a poor breath raises the diaphragm
    size = vary.around(1.055, 0.035)
    pose = Pose(
        tilt=vary.around(0.0, 0.032 if portable else 0.016),
        scale_x=size * vary.around(1.0, 0.025),
        scale_y=size * vary.around(1.0, 0.022),
        shift_x=vary.around(0.0, 0.030),
        shift_y=vary.around(0.015, 0.028),
    )
    dome = vary.around(0.375, 0.02) - breath
    breast = vary.between(0.10, 0.26) * vary.chance(0.45)
    return Anatomy(
        view="AP" if portable else "PA",
        pose=pose,
        turn=vary.around(0.0, 0.020 if portable else 0.010),
        fat=vary.around(0.02, 0.04),
        breast=breast,
        muscle=vary.between(0.04, 0.14),
        apex=vary.around(-0.70, 0.018) + 0.3 * breath,
        lung_width=vary.around(0.712, 0.024),
        roundness=vary.between(2.1, 2.9),
        air=vary.around(1.02, 0.04),
        right=_sample_side(vary, dome, portable, -1),
        left=_sample_side(vary, dome + vary.around(0.055, 0.012), portable, 1),
        heart_size=vary.around(1.02 if portable else 0.95, 0.035),
        heart_slant=vary.around(1.0, 0.085),
        knob=(vary.around(0.128, 0.009), vary.around(-0.262, 0.016), vary.around(0.078, 0.010)),
        unfolding=vary.between(0.0, 0.05),
        vessel_strength=vary.around(1.0, 0.12),
        bone=vary.around(1.0, 0.14),
        spine_curve=vary.around(0.0, 0.015),
        rib_drop=vary.around(1.0, 0.07) * (0.93 if portable else 1.0),
        gas=vary.between(0.15, 0.55) * vary.chance(0.7),
        gas_at=(vary.around(0.30, 0.04), vary.around(0.085, 0.015)),
        bowel=(vary.around(0.57, 0.04), vary.around(0.24, 0.04), vary.between(0.0, 0.5) * vary.chance(0.5)),
        neck=vary.around(0.20, 0.018),
    )


def _sample_side(vary: Vary, dome: float, portable: bool, sign: int) -> Side:
    lateral = 0.54 if portable else 0.66  # scapulae are turned out of the lungs in the PA position
    return Side(
        dome=vary.around(dome, 0.010),
        flatness=vary.around(1.0, 0.08),
        clavicle_tilt=vary.around(0.35 if portable else 1.0, 0.22) + sign * 0.02,
        scapula=vary.around(lateral, 0.035),
    )
