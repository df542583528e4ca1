"""MFCC features: one set of numbers for training and for the ``mfcc.conf`` that Vosk reads."""

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16000
COEFFICIENTS = 32
LOW_HZ = 80
HIGH_HZ = 3800
"""Below the telephone's 4 kHz, so that 8 kHz and wide-band audio give the same features."""
FRAME_SHIFT_S = 0.01
FRAME_CENTRE_S = 0.0125
"""The middle of the first 25 ms window."""

# allow-upsample: without it Vosk refuses 8 kHz audio. dither 0: the same words on every run.
MFCC_CONF = f"""\
--use-energy=false
--sample-frequency={SAMPLE_RATE_HZ}
--num-mel-bins={COEFFICIENTS}
--num-ceps={COEFFICIENTS}
--low-freq={LOW_HZ}
--high-freq={HIGH_HZ}
--dither=0.0
--allow-upsample=true
"""


def mfcc(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """The features of 16 kHz audio, shape (frames, COEFFICIENTS), as Kaldi computes them."""
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.samp_freq = SAMPLE_RATE_HZ
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = COEFFICIENTS
    options.mel_opts.low_freq = LOW_HZ
    options.mel_opts.high_freq = HIGH_HZ
    options.num_ceps = COEFFICIENTS
    options.use_energy = False
    computer = kaldi_native_fbank.OnlineMfcc(options)
    computer.accept_waveform(SAMPLE_RATE_HZ, samples.astype(np.float32).tolist())
    computer.input_finished()
    frames = [computer.get_frame(index) for index in range(computer.num_frames_ready)]
    return np.stack(frames).astype(np.float32)
