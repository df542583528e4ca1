"""Metrics of the transcribe stage."""

from prometheus_client import Counter

DECODED_SECONDS = Counter(
    "callsift_transcribe_decoded_seconds_total",
    "Seconds of speech that were decoded. The stage's busy time over its rate is the real-time factor.",
)
RESUMED_SECONDS = Counter(
    "callsift_transcribe_resumed_seconds_total",
    "Seconds of speech that were not decoded again, because a checkpoint of an earlier try had them. "
    "Rising: long calls come again; look for what ends the workers.",
)
WORDS = Counter(
    "callsift_transcribe_words_total",
    "Words recognised. Falling against the seconds decoded: the audio or the model is wrong.",
)
