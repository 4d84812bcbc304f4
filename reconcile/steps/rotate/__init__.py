"""Rotation: how a secret moves from one value to the next. Pure but for its ports."""
