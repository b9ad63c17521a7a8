"""Decoding in processes of its own, which a damaged or malicious file may crash without harm.

`DecoderPool` is what services hold; ``python -m emovec_db.audio.decoders`` is the process. They speak over a socket:
JSON and raw samples, never pickles, since a process that was taken over must not reach further.
"""
