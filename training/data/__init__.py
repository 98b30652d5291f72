"""Frames of the game: how they are played, kept, reported and set aside for evaluation."""
