"""Turns aligned faces into templates; the only part that knows DeepFace."""
