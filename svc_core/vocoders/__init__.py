"""Mel -> sound, several ways, behind one interface: vocoder.Vocoder. choice.open_vocoder opens one by name."""
