"""`study`: how a clone's score depends on demonstrations, observation, kick units, corrections and epochs."""

from soccer_lib.workshop.studies.config import StudyConfig
from soccer_lib.workshop.studies.kinds import STUDIES, run_studies

__all__ = ["STUDIES", "StudyConfig", "run_studies"]
