"""Faces: finding, aligning, recognising and scoring them; the only part that knows DeepFace."""
