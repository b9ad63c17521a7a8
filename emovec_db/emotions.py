"""The nine labels of Emotion2Vec+, their names in English and Chinese, their colours, and FunASR's tokens for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Emotion:
    """One of the nine labels and how people write it."""

    label: str
    en: str
    zh: str
    emoji: str
    #: the line of FunASR's tokens.txt that stands for this label
    funasr_token: str
    #: of pages, plots and documents; with the others told apart by people who confuse colours too, never the only sign
    colour: str


#: In the order of Emotion2Vec+'s tokens.txt, which is also the order of every score vector.
EMOTIONS: tuple[Emotion, ...] = (
    Emotion("angry", "Angry", "生气", "😠", "生气/angry", "#f54614"),
    Emotion("disgusted", "Disgusted", "厌恶", "🤢", "厌恶/disgusted", "#88be83"),
    Emotion("fearful", "Fearful", "恐惧", "😨", "恐惧/fearful", "#6945ab"),
    Emotion("happy", "Happy", "开心", "😊", "开心/happy", "#eccf2f"),
    Emotion("neutral", "Neutral", "中立", "😐", "中立/neutral", "#8c7c7b"),
    Emotion("other", "Other", "其他", "💬", "其他/other", "#854525"),
    Emotion("sad", "Sad", "难过", "😢", "难过/sad", "#4178f6"),
    Emotion("surprised", "Surprised", "吃惊", "😲", "吃惊/surprised", "#53e1e6"),
    Emotion("unknown", "Unknown", "未知", "❓", "<unk>", "#cf83c8"),
)

#: a confidence above the first is sure, from the second on likely, else uncertain, as in the known demonstrations
SURE_ABOVE, LIKELY_FROM = 0.8, 0.6

LABELS: tuple[str, ...] = tuple(emotion.label for emotion in EMOTIONS)
EMOTION_BY_LABEL: dict[str, Emotion] = {emotion.label: emotion for emotion in EMOTIONS}
LABEL_BY_TOKEN: dict[str, str] = {emotion.funasr_token: emotion.label for emotion in EMOTIONS}
#: whose scores together are the negative share
NEGATIVE: tuple[str, ...] = ("angry", "disgusted", "fearful", "sad")
