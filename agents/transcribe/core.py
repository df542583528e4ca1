"""What the transcribe stage computes apart from recognition: what to decode, and the transcript from words."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from statistics import fmean

from agents.transcribe.corrections import Corrections
from agents.transcribe.languages import language_of
from agents.transcribe.span import AudioSpan
from schemas import AudioReady, CallTranscribed, Speaker, SpeakerFigures, SpeechFigures, SpeechSegment, Turn, Word

PAUSE_WITHIN_TURN_S = 3.0
"""A speaker who goes on after a longer pause begins a new turn, even if nobody spoke in between."""
PAUSE_WITHIN_UNDIVIDED_TURN_S = 0.5
"""Where speakers are not kept apart, a pause as long as an answer takes to come begins a new turn."""

CONTEXT_S = 0.2
"""Seconds of audio given to the recogniser before and after each stretch of speech."""
JOB_S = 20.0
"""Seconds of speech in one job: long against what a job costs besides, short enough to wait for."""
JOBS_PER_PROCESS = 4
"""A short call is shared out in so many jobs for each child process, so that all of them end at about the same time."""


def spans_to_decode(call: AudioReady, context_s: float = CONTEXT_S) -> list[AudioSpan]:
    """Return what is to be decoded of a call: every speaker's segments, with their context, in order of time."""
    duration_s = call.recording_facts.duration_s
    spans = [
        AudioSpan(channel, start_s, end_s)
        for channel, speaker in enumerate(call.audio_channels)
        for start_s, end_s in widened(call.speech.get(speaker, ()), context_s, duration_s)
    ]
    return sorted(spans, key=lambda span: span.start_s)


def widened(segments: Sequence[SpeechSegment], context_s: float, duration_s: float) -> list[tuple[float, float]]:
    """Widen each segment by ``context_s`` on both sides and merge what then overlaps.

    The results are sorted, disjoint and inside the recording, so that nothing is decoded twice.
    """
    found: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        start, end = max(0.0, segment.start_s - context_s), min(duration_s, segment.end_s + context_s)
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def shared_out(spans: Sequence[AudioSpan], processes: int) -> list[list[AudioSpan]]:
    """Share spans out in jobs of about the same length, the longest job first.

    Spans are not split, and those of one job follow each other in time, so that they are read together.

    Args:
        spans: What to decode, in order of time.
        processes: How many jobs can run at once.
    """
    total_s = sum(span.seconds for span in spans)
    share_s = total_s / max(ceil(total_s / JOB_S), JOBS_PER_PROCESS * processes if processes > 1 else 1)
    jobs: dict[int, list[AudioSpan]] = {}
    before_s = 0.0
    for span in spans:
        jobs.setdefault(int((before_s + span.seconds / 2) / share_s), []).append(span)
        before_s += span.seconds
    return sorted(jobs.values(), key=lambda job: -sum(span.seconds for span in job))


def transcribed(
    call: AudioReady,
    decoded: Iterable[tuple[AudioSpan, Sequence[Word]]],
    *,
    language: str,
    speech_model: str,
    corrections: Corrections,
) -> CallTranscribed:
    """Make the transcript of a call, without personal data.

    Args:
        call: The call.
        decoded: The words in each of its spans.
        language: Language of the speech model, as a BCP 47 tag.
        speech_model: Name and fingerprint of the speech model.
        corrections: What to replace in what was heard.
    """
    heard: dict[Speaker, list[Word]] = {speaker: [] for speaker in call.audio_channels}
    for span, found in decoded:
        heard[call.audio_channels[span.channel]] += found
    turns = merge_turns({speaker: corrections.applied(own) for speaker, own in heard.items()})
    confidences = [word.confidence for turn in turns for word in turn.words]
    figures = completed(call.figures, turns)
    cleared = language_of(language).transcript(turns)
    return CallTranscribed.following(
        call,
        turns=cleared.turns,
        turns_withheld=cleared.withheld,
        transcript_confidence=round(fmean(confidences), 4) if confidences else None,
        language=language,
        speech_model=speech_model,
        figures=figures,
    )


def merge_turns(words: Mapping[Speaker, Iterable[Word]]) -> tuple[Turn, ...]:
    """Merge all speakers' words into turns by time.

    A turn ends when another speaker's next word begins before the speaker's own next one, or at a long pause. Where
    both speak at once the turns overlap in time, and no word is lost.
    """
    timeline = sorted(
        ((word, speaker) for speaker, own in words.items() for word in own), key=lambda item: item[0].start_s
    )
    turns: list[tuple[Speaker, list[Word]]] = []
    for word, speaker in timeline:
        pause_s = PAUSE_WITHIN_UNDIVIDED_TURN_S if speaker == Speaker.UNDIVIDED else PAUSE_WITHIN_TURN_S
        if turns and turns[-1][0] == speaker and word.start_s - turns[-1][1][-1].end_s <= pause_s:
            turns[-1][1].append(word)
        else:
            turns.append((speaker, [word]))
    return tuple(_turn(speaker, own) for speaker, own in turns)


def completed(figures: SpeechFigures, turns: Sequence[Turn]) -> SpeechFigures:
    """Add to each speaker's figures what only the transcript tells."""
    speakers = {}
    for speaker, own in figures.speakers.items():
        spoken = [turn for turn in turns if turn.speaker == speaker]
        words = sum(len(turn.words) for turn in spoken)
        tells = {"turns": len(spoken), "words": words, "words_per_minute": _per_minute(words, own)}
        speakers[speaker] = own.model_copy(update=tells)
    return figures.model_copy(update={"speakers": speakers})


def _per_minute(words: int, own: SpeakerFigures) -> float | None:
    return round(words * 60 / own.talk_s, 1) if own.talk_s else None


def _turn(speaker: Speaker, words: Sequence[Word]) -> Turn:
    return Turn(
        speaker=speaker,
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        text=" ".join(word.text for word in words),
        confidence=round(fmean(word.confidence for word in words), 4),
        words=tuple(words),
    )
