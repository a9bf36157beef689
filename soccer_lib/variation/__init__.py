"""What differs between episodes beyond the stock draws: levels of a curriculum, and randomised factors."""

from soccer_lib.variation.curriculum import Curriculum, read_curriculum, read_variation
from soccer_lib.variation.factors import FACTORS, read_ranges
from soccer_lib.variation.layer import Variation
from soccer_lib.variation.plant import Plant, push_trunk
from soccer_lib.variation.senses import sensed_mask

__all__ = [
    "FACTORS",
    "Curriculum",
    "Plant",
    "Variation",
    "push_trunk",
    "read_curriculum",
    "read_ranges",
    "read_variation",
    "sensed_mask",
]
