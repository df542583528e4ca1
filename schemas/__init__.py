"""What travels between the stages and to downstream teams: events, notices, the taxonomy. Imports nothing of ours."""

from schemas.audio_ready import AudioReady
from schemas.call_annotated import LARGEST_FACT, CallAnnotated, Drawn, Label, LeafName
from schemas.call_classified import (
    AnsweredQuestion,
    CallClassified,
    Decision,
    Evidence,
    Insights,
    Sentiment,
    Usage,
    Versions,
)
from schemas.call_ended import (
    LONGEST_CALL_S,
    CallEnded,
    Channels,
    FilePerSpeaker,
    OneFile,
    Recording,
    SoundFormat,
    SpeakerFile,
    sent_path,
)
from schemas.call_outcome import CallOutcome, DecidingLabel, Failure, MachineAnswer
from schemas.call_transcribed import CallTranscribed, Spoken, Turn, Word
from schemas.call_unrecorded import CallUnrecorded
from schemas.dead_letter import DeadLetter
from schemas.event import DISPOSITIONS, CallEvent, CallFacts, Disposition, Event, Hop, Lane
from schemas.from_outside import Moment
from schemas.notices import AuditEntry, BrakeNotice, Forgotten, Replay, RetentionNotice, SourceFigures, SourceNotice
from schemas.question import Option, Question
from schemas.recording import ChannelFacts, ChannelLayout, RecordingFacts
from schemas.speech import SIDES, ClaimCheck, Speaker, SpeakerFigures, SpeechFigures, SpeechSegment
from schemas.taxonomies import Taxonomies
from schemas.taxonomy import Category, Leaf, Taxonomy

__all__ = [
    "DISPOSITIONS",
    "LARGEST_FACT",
    "LONGEST_CALL_S",
    "SIDES",
    "AnsweredQuestion",
    "AudioReady",
    "AuditEntry",
    "BrakeNotice",
    "CallAnnotated",
    "CallClassified",
    "CallEnded",
    "CallEvent",
    "CallFacts",
    "CallOutcome",
    "CallTranscribed",
    "CallUnrecorded",
    "Category",
    "ChannelFacts",
    "ChannelLayout",
    "Channels",
    "ClaimCheck",
    "DeadLetter",
    "DecidingLabel",
    "Decision",
    "Disposition",
    "Drawn",
    "Event",
    "Evidence",
    "Failure",
    "FilePerSpeaker",
    "Forgotten",
    "Hop",
    "Insights",
    "Label",
    "Lane",
    "Leaf",
    "LeafName",
    "MachineAnswer",
    "Moment",
    "OneFile",
    "Option",
    "Question",
    "Recording",
    "RecordingFacts",
    "Replay",
    "RetentionNotice",
    "Sentiment",
    "SoundFormat",
    "SourceFigures",
    "SourceNotice",
    "Speaker",
    "SpeakerFigures",
    "SpeakerFile",
    "SpeechFigures",
    "SpeechSegment",
    "Spoken",
    "Taxonomies",
    "Taxonomy",
    "Turn",
    "Usage",
    "Versions",
    "Word",
    "sent_path",
]
