"""Makes what the server is shipped with: the occlusion network and the penalty of poor photos.

The server imports nothing from here.
"""
