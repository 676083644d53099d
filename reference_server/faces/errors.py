"""What can be wrong with a model when it is loaded.

ModelError
    UnknownModelError
    WeightsError
    NoScoreMapError
"""


class ModelError(Exception):
    """A model cannot be used; the message is one sentence that says what to do."""


class UnknownModelError(ModelError):
    """DeepFace has no model of that name."""


class WeightsError(ModelError):
    """The weights are missing, cannot be fetched, or are not the ones expected."""


class NoScoreMapError(ModelError):
    """Nothing maps the model's similarity to a score with known error rates."""
