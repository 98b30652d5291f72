"""The training pipeline of Worldtape's worlds: from game frames to a float world file."""
