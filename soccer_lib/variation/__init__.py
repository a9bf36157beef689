"""What differs between episodes beyond the stock draws: levels of a curriculum, and randomised factors."""

from soccer_lib.variation.curriculum import Curriculum, read_curriculum
from soccer_lib.variation.factors import FACTORS, check_factors_of, read_ranges
from soccer_lib.variation.layer import Variation
from soccer_lib.variation.plant import Plant, push_trunk
from soccer_lib.variation.senses import sensed_mask

__all__ = [
    "FACTORS",
    "Curriculum",
    "Plant",
    "Variation",
    "check_factors_of",
    "push_trunk",
    "read_curriculum",
    "read_ranges",
    "sensed_mask",
]
