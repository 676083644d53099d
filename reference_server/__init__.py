"""The reference server: keeps the contract of openapi.yaml, with the face models of DeepFace."""
