"""Peaks for a waveform, as others read them: audiowaveform's format, version 2, from binary to JSON. Pure."""

import json
import struct
from array import array

_HEADER = struct.Struct("<iIiiIi")
_EIGHT_BITS = 1


def as_json(dat: bytes) -> bytes:
    """Return what the binary form says, in the JSON form of the same specification."""
    version, flags, sample_rate_hz, samples_per_pixel, length, channels = _HEADER.unpack_from(dat)
    said = {
        "version": version,
        "channels": channels,
        "sample_rate": sample_rate_hz,
        "samples_per_pixel": samples_per_pixel,
        "bits": 8 if flags & _EIGHT_BITS else 16,
        "length": length,
        "data": array("b", dat[_HEADER.size :]).tolist(),
    }
    return json.dumps(said, separators=(",", ":")).encode()
