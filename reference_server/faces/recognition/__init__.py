"""Converts aligned faces into templates; the only user of DeepFace."""
