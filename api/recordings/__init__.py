"""The sound of a call: its recording in ranges, as browsers play it, and its waveform."""
