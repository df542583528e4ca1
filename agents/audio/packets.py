"""From packets to frames, past whatever is damaged: what cannot be decoded is passed over and counted."""

from collections.abc import Iterator

import av

_ERRORS_IN_A_ROW = 1000
"""So many refused reads without a packet between them, and the rest of the file is taken for unreadable."""

_TAGS = (b"ID3", b"TAG", b"APETAGEX")
"""Where MP3 files were joined, the tags of the second one lie between the packets. They are no sound."""

_COUNTED = {"flac"}
"""Formats (FFmpeg's names) whose time stamps count samples. FFmpeg drops a part with a wrong checksum without a word:
where the time jumps, sound is missing. Ogg is looked at elsewhere: FFmpeg guesses the length of Vorbis packets."""

_BETWEEN_PACKETS = 128
"""Bytes of a WebM between two packets, at most. Where the time jumps and more are between them, FFmpeg dropped a
part that it could not read; where it jumps alone, the recorder wrote no silence."""

_ROUNDED_S = 0.002
"""WebM counts the time in milliseconds."""


class Frames:
    """The frames of an audio stream, as FFmpeg's command line would decode them. May be iterated once."""

    skipped_s = 0.0
    """Seconds that were passed over so far."""
    decoded_s = 0.0
    """Seconds that were decoded so far."""
    damaged = False
    """Whether anything was passed over so far."""
    first_byte: int | None = None
    """Where in the file the sound begins, once it has begun; None where the format does not tell."""

    def __init__(self, container: "av.container.InputContainer", stream: "av.AudioStream") -> None:
        """Read from a container that is open, from its beginning."""
        self._container = container
        self._stream = stream
        self._tick_s = float(stream.time_base or 0)
        self._gaps_are_damage = container.format.name in _COUNTED
        self._gaps_may_be_damage = "webm" in container.format.name and len(container.streams) == 1
        self._next_pts: int | None = None
        self._next_byte = 0
        self._decoded_packets, self._decoded_bytes = 0, 0

    def __iter__(self) -> Iterator["av.AudioFrame"]:
        """Decode packet by packet."""
        for packet in self._packets():
            self._see_gap(packet)
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if not bytes(packet).startswith(_TAGS):
                    self.skip((packet.duration or 0) * self._tick_s * self._share(packet))
                continue
            self._decoded_packets += 1
            self._decoded_bytes += packet.size
            for frame in frames:
                self.decoded_s += frame.samples / max(1, frame.sample_rate)
                yield frame

    def skip(self, seconds: float) -> None:
        """Count what was passed over."""
        self.damaged = True
        self.skipped_s += seconds

    def _share(self, packet: "av.Packet[av.AudioStream]") -> float:
        """Return how much of a packet a refused one is: damaged AMR falls apart into many of a byte each."""
        return min(1.0, packet.size * self._decoded_packets / self._decoded_bytes) if self._decoded_bytes else 1.0

    def _packets(self) -> Iterator["av.Packet[av.AudioStream]"]:
        errors = 0
        while errors < _ERRORS_IN_A_ROW:
            try:
                for packet in self._container.demux(self._stream):
                    errors = 0
                    yield packet
                return
            except av.FFmpegError:
                errors += 1
                self.damaged = True

    def _see_gap(self, packet: "av.Packet[av.AudioStream]") -> None:
        if self.first_byte is None:
            self.first_byte = packet.pos
        if packet.pts is None:
            return
        if self._next_pts is not None and (gap_s := (packet.pts - self._next_pts) * self._tick_s) > _ROUNDED_S:
            passed = (packet.pos or 0) - self._next_byte
            if self._gaps_are_damage or (self._gaps_may_be_damage and passed > _BETWEEN_PACKETS):
                self.skip(gap_s)
        self._next_pts = packet.pts + (packet.duration or 0)
        self._next_byte = (packet.pos or 0) + packet.size
