"""The gates of a world, measured in PyTorch by the definitions of `worldtape world evaluate`."""
