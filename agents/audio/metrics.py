"""Metrics of the audio stage."""

from typing import get_args

from prometheus_client import Counter

from schemas import DISPOSITIONS, ChannelLayout, Speaker

AUDIO_SECONDS = Counter(
    "callsift_audio_decoded_seconds_total",
    "Seconds of recordings decoded. Its rate over the number of workers is the stage's throughput in real time.",
)
SPEECH_SECONDS = Counter(
    "callsift_audio_speech_seconds_total",
    "Seconds of speech found, by speaker. customer falling towards 0 while calls go on: a dead microphone or channel.",
    ["speaker"],
)
DAMAGED = Counter(
    "callsift_audio_damaged_recordings_total",
    "Recordings of which a part could not be decoded or the end is missing. Rising: the PBX hangs up on its own files, "
    "or a disk or a transfer spoils them.",
)
RECORDINGS = Counter(
    "callsift_audio_recordings_total",
    "Recordings prepared, by channel layout. mono or duplicated_mono appearing: the PBX mixes the speakers.",
    ["layout"],
)
UNRECORDED = Counter(
    "callsift_audio_unrecorded_calls_total",
    "Calls without a recording, by how they went. missed or abandoned rising: callers reach nobody. answered "
    "appearing: the PBX has ceased to record, or its recordings come another way.",
    ["disposition"],
)
for _disposition in DISPOSITIONS:
    UNRECORDED.labels(_disposition)
for _speaker in Speaker:
    SPEECH_SECONDS.labels(_speaker.value)
for _layout in get_args(ChannelLayout):
    RECORDINGS.labels(_layout)
