"""Where the faces in a picture are: HOG first, then MTCNN, then MTCNN with low thresholds."""
