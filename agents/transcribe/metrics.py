"""Metrics of the transcribe stage."""

from prometheus_client import Counter

DECODED_SECONDS = Counter(
    "callsift_transcribe_decoded_seconds_total",
    "Seconds of speech that were decoded. Falling while calls wait: the workers' CPUs are taken by others.",
)
BUSY_SECONDS = Counter(
    "callsift_transcribe_busy_seconds_total",
    "Seconds that child processes were busy decoding. Its rate over that of the seconds decoded is the real-time "
    "factor. Rising: slower CPUs, or a larger model.",
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
WITHHELD_TURNS = Counter(
    "callsift_transcribe_withheld_turns_total",
    "Turns that were replaced whole because the redaction failed on them. Not zero: a rule has a fault; the log of the "
    "worker has the stack.",
)
REQUESTS = Counter(
    "callsift_transcribe_requests_total",
    "Requests to hosted recognisers, by engine and what became of them (ok, busy, away, garbled, refused). All but ok "
    "rising: look at the service and its quota.",
    ["engine", "result"],
)
SENT_SECONDS = Counter(
    "callsift_transcribe_sent_seconds_total",
    "Seconds of speech that hosted recognisers answered about. It is what they charge for.",
    ["engine"],
)
COST = Counter(
    "callsift_transcribe_cost_total",
    "What hosted recognisers charged, by the price in the file of engines. Rising more than the seconds sent: look at "
    "the prices.",
    ["engine"],
)
DROPPED_WORDS = Counter(
    "callsift_transcribe_dropped_words_total",
    "Words of hosted recognisers that were left out because nobody said them, by rule (no_speech, repetition, "
    "outside_speech). Rising against the words: the sound or the model is wrong.",
    ["engine", "rule"],
)
