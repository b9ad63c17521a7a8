"""Emotion2Vec+ by FunASR's own network: embeddings and scores equal `AutoModel.generate` within 1e-5.

`directory` reads what lies beside the weights, `funasr_class` imports FunASR without its side effects, `loading`
joins network and weights in little memory, `network` computes, `encoder` is what others use. Only the last three
need torch, as `lanes` does, and they are imported when an encoder is made.
"""

from emovec_db.encoder.emotion2vec.encoder import Emotion2vecEncoder

__all__ = ["Emotion2vecEncoder"]
