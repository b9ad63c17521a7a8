"""Recordings that lie elsewhere: in object storage (`s3://`, `gs://`), or single files over `http(s)://`."""
