"""What travels between the stages and to downstream teams: events and the taxonomy. Imports nothing of ours."""

from schemas.audio_ready import AudioReady
from schemas.call_classified import CallClassified, Decision, Evidence, Insights, Sentiment, Usage, Versions
from schemas.call_ended import CallEnded, Channels, FilePerSpeaker, OneFile, Recording, SpeakerFile
from schemas.call_outcome import CallOutcome, Failure
from schemas.call_transcribed import CallTranscribed, Turn, Word
from schemas.dead_letter import DeadLetter
from schemas.event import CallEvent, CallFacts, Event, Hop
from schemas.recording import ChannelFacts, ChannelLayout, RecordingFacts
from schemas.speech import SIDES, ClaimCheck, Speaker, SpeakerFigures, SpeechFigures, SpeechSegment
from schemas.taxonomy import Category, Leaf, Taxonomy

__all__ = [
    "SIDES",
    "AudioReady",
    "CallClassified",
    "CallEnded",
    "CallEvent",
    "CallFacts",
    "CallOutcome",
    "CallTranscribed",
    "Category",
    "ChannelFacts",
    "ChannelLayout",
    "Channels",
    "ClaimCheck",
    "DeadLetter",
    "Decision",
    "Event",
    "Evidence",
    "Failure",
    "FilePerSpeaker",
    "Hop",
    "Insights",
    "Leaf",
    "OneFile",
    "Recording",
    "RecordingFacts",
    "Sentiment",
    "Speaker",
    "SpeakerFigures",
    "SpeakerFile",
    "SpeechFigures",
    "SpeechSegment",
    "Taxonomy",
    "Turn",
    "Usage",
    "Versions",
    "Word",
]
