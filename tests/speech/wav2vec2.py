"""A small wav2vec2 of the real architecture, with random weights, saved as the hub would."""

import json
from pathlib import Path

import torch
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz'"


def save_small_wav2vec2(folder: Path, seed: int = 7) -> Path:
    """Write network, vocabulary and feature extractor to a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {label: i for i, label in enumerate(["<pad>", "<s>", "</s>", "<unk>", "|"])}
    vocabulary |= {letter: len(vocabulary) + i for i, letter in enumerate(LETTERS)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    torch.manual_seed(seed)
    network = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(vocabulary),
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            conv_dim=(32,) * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4,
            pad_token_id=vocabulary["<pad>"],
        )
    )
    with torch.no_grad():
        # Untrained logits are almost equal; a real network is sure of most frames.
        network.lm_head.weight.mul_(40)
    network.save_pretrained(folder)
    Wav2Vec2Processor(
        feature_extractor=Wav2Vec2FeatureExtractor(
            feature_size=1, sampling_rate=16_000, padding_value=0.0, do_normalize=True
        ),
        tokenizer=Wav2Vec2CTCTokenizer(str(folder / "vocab.json")),
    ).save_pretrained(folder)
    return folder
