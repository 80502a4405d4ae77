"""From a caller's own words to a category, a kind and an urgency: guessed, explained, never law."""

from intake.suggest.guess import Guess, guess
from intake.suggest.model import BadModel, Model, opened

__all__ = ["BadModel", "Guess", "Model", "guess", "opened"]
