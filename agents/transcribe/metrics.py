"""Metrics of the transcribe stage."""

from prometheus_client import Counter

DECODED_SECONDS = Counter(
    "callsift_transcribe_decoded_seconds_total",
    "Seconds of speech given to the recogniser. The stage's busy time over its rate is the real-time factor.",
)
WORDS = Counter(
    "callsift_transcribe_words_total",
    "Words recognised. Falling against the seconds decoded: the audio or the model is wrong.",
)
