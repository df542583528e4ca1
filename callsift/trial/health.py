"""What is wrong with a recording, as far as the audio stage saw it, and who can mend it. Pure."""

from typing import NamedTuple

from schemas import RecordingFacts, SpeechFigures

QUIET_LUFS = -35.0
"""Below it voices are hard to hear; telephone speech lies around -23 (EBU R 128's target) and is recorded lower."""
CLIPPED = 0.001
"""Share of clipped samples from which on it is heard."""
BLEED_SHARE = 0.05
"""Share of a call in which the other side is heard on a channel, from which on words change sides."""


class Finding(NamedTuple):
    """One thing that is wrong."""

    what: str
    """In a few words."""
    so_what: str
    """What follows, and who can mend it."""


def findings(facts: RecordingFacts, figures: SpeechFigures) -> list[Finding]:
    """Return what is wrong with a recording, the worst first; nothing for a good one."""
    found = []
    if facts.channel_layout == "mono":
        found.append(
            Finding("mono", "Who says what is guessed. Have the PBX record each side on a channel of its own.")
        )
    if facts.channel_layout == "duplicated_mono":
        found.append(
            Finding("the same mix on both channels", "It is as good as mono: the PBX mixes before it records.")
        )
    dead = [who.value for who, channel in facts.channels.items() if channel.dead]
    if dead:
        found.append(Finding(f"nothing on the side of: {', '.join(dead)}", "That side is not recorded, or was muted."))
    if facts.damaged:
        found.append(Finding(f"damaged, {facts.lost_s:.0f} s lost", "The file was cut off, or copied too early."))
    if facts.sample_rate_hz < 8_000:
        found.append(Finding(f"{facts.sample_rate_hz} Hz", "Less than a telephone's 8,000: words are lost."))
    for who, channel in facts.channels.items():
        if channel.bleed_s > BLEED_SHARE * facts.duration_s:
            found.append(Finding(f"the other side is heard on {who.value}", "Echo, or a hands-free telephone."))
        if channel.clipped_ratio > CLIPPED:
            found.append(Finding(f"{who.value} is clipped", "The level is too high: lower the gain at the PBX."))
        if not channel.dead and channel.loudness_lufs is not None and channel.loudness_lufs < QUIET_LUFS:
            found.append(Finding(f"{who.value} is quiet ({channel.loudness_lufs:.0f} LUFS)", "Raise the gain."))
    if not any(own.talk_s for own in figures.speakers.values()):
        found.append(Finding("nobody speaks", "An empty call, or a recording of silence."))
    return found
