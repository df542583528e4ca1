"""Transcribe: from speech segments to turns with words, by Vosk, offline."""
