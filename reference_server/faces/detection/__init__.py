"""Face detection: HOG first, then MTCNN, then MTCNN with low thresholds."""
