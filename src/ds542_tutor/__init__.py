"""ds542_tutor: a course-aware teaching assistant whose sentences can be checked."""

__version__ = "0.1.0"
