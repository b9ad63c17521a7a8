"""Nearest neighbours and K-Means over unit vectors. The only package that knows FAISS."""
