"""Waveform to embedding and nine scores: compact, Emotion2Vec+ and a fake for tests."""
