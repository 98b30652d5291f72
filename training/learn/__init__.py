"""Training: losses, checkpoints, schedules, and the two stages that learn."""
