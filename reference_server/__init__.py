"""The reference server: keeps the contract of openapi.yaml, with DeepFace recognising faces."""
