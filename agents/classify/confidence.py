"""How far a hosted model's own number is believed."""

_AT_WORST = 0.5
"""What a witness that says nothing good leaves of the model's own number."""


def combined(stated: float, transcript: float | None, agreement: float | None) -> float:
    """Combine a model's own confidence with two witnesses; every number is 0 to 1, and so is the result.

    ``stated · (½ + ½ · transcript) · (½ + ½ · agreement)``: each witness can at worst halve what the model says and
    never raises it, so that what was heard badly, or what others see otherwise, needs a model that is surer. A witness
    that is absent (None) changes nothing.

    Args:
        stated: What the model says.
        transcript: The recogniser's mean confidence in the words.
        agreement: Share of further opinions that name the same leaf.
    """
    witnesses = (witness for witness in (transcript, agreement) if witness is not None)
    confidence = stated
    for witness in witnesses:
        confidence *= _AT_WORST + (1 - _AT_WORST) * witness
    return confidence
