"""The models in PyTorch: the program latent-transformer-1 of formats/world.md, and its encoder."""
