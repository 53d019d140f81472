"""The networks of `zoo.py` that are modules of PyTorch: a name for each, and what makes module, the same for the reference, and samples."""

import importlib
import inspect

import torch
from torch import nn

import zoo_own

BATCH = 2


class Called(nn.Module):
    """A module whose call is not one tensor in, one tensor out."""

    def __init__(self, inner, call):
        super().__init__()
        self.inner = inner
        self.call = call

    def forward(self, x):
        return self.call(self.inner, x)


def made(make, shape, call=None):
    """What `zoo.py` asks for: the module twice, as exported and as reference, and samples."""

    def build():
        network = make()
        network = (Called(network, call) if call else network).eval()
        if sum(p.numel() for p in network.parameters()) > 12_000_000:
            raise ValueError("more than 12 million parameters")
        generator = torch.Generator().manual_seed(1)
        return network, network, torch.randn(BATCH, *shape, generator=generator)

    return build


def taken(function, given):
    """Those arguments that a function has."""
    names = inspect.signature(function).parameters
    return {k: v for k, v in given.items() if k in names}


def tsai(name, module, **more):
    def make():
        kind = getattr(importlib.import_module(f"tsai.models.{module}"), name)
        given = {"c_in": 3, "c_out": 2, "seq_len": 64} | more
        return kind(**(given if "kwargs" in inspect.signature(kind).parameters else taken(kind, given)))

    return made(make, (3, 64))


TSAI = {
    "FCN": "FCN", "FCNPlus": "FCNPlus", "InceptionTime": "InceptionTime", "InceptionTimePlus": "InceptionTimePlus", "MLP": "MLP",
    "OmniScaleCNN": "OmniScaleCNN", "RNN": "RNN", "LSTM": "RNN", "GRU": "RNN", "RNNPlus": "RNNPlus", "LSTMPlus": "RNNPlus", "GRUPlus": "RNNPlus",
    "LSTMAttention": "RNNAttention", "GRUAttention": "RNNAttention", "RNN_FCN": "RNN_FCN", "LSTM_FCN": "RNN_FCN", "GRU_FCN": "RNN_FCN",
    "MLSTM_FCN": "RNN_FCN", "LSTM_FCNPlus": "RNN_FCNPlus", "ResCNN": "ResCNN", "ResNet": "ResNet", "ResNetPlus": "ResNetPlus", "TCN": "TCN",
    "TST": "TST", "TSTPlus": "TSTPlus", "TSiTPlus": "TSiTPlus", "TSSequencerPlus": "TSSequencerPlus", "TSPerceiver": "TSPerceiver",
    "TransformerModel": "TransformerModel", "TransformerLSTMPlus": "TransformerRNNPlus", "TransformerGRUPlus": "TransformerRNNPlus", "XCM": "XCM",
    "XCMPlus": "XCMPlus", "xresnet1d18": "XResNet1d", "xresnet1d18plus": "XResNet1dPlus", "XceptionTime": "XceptionTime",
    "XceptionTimePlus": "XceptionTimePlus", "gMLP": "gMLP", "mWDN": "mWDN", "ConvTranPlus": "ConvTranPlus", "HydraPlus": "HydraPlus",
    "MultiRocketPlus": "MultiRocketPlus", "HydraMultiRocketPlus": "HydraMultiRocketPlus", "PatchTST": "PatchTST",
}  # fmt: skip
MORE = {"PatchTST": {"pred_dim": 8, "c_out": None}, "gMLP": {"patch_size": 8, "d_model": 32, "d_ffn": 64}, "TransformerModel": {"d_model": 16, "n_head": 2}}


def braindecode_networks():
    from braindecode.models import util

    models = importlib.import_module("braindecode.models")
    # of much more than 12 million parameters, or with signals of many thousand samples
    left_out = "BENDR REVE ZUNA DANCE STEEGFormer EEGPT CodeBrain DeepSleepNet MetaNeuromotorHand EMG2QwertyNet VEMG2Pose NeuroPose".split()
    shorter = {"MVPFormer": {}, "AttnSleep": {}, "SensingDynamics": {}}
    found = {}
    for name, required, special in util.models_mandatory_parameters:
        if any(part in name for part in left_out):
            continue
        given = util._get_signal_params(special, required)
        every = util._get_signal_params(special)
        if special is None and name not in shorter and name not in ("SignalJEPA", "CBraMod"):
            every["n_times"] = 500
            given |= {"n_times": 500} if "n_times" in given else {}
            given |= {"input_window_seconds": 2.0} if "input_window_seconds" in given else {}

        def make(name=name, given=given):
            return getattr(models, name)(**given)

        found[f"braindecode/{name}"] = made(make, (every["n_chans"], every["n_times"]))
    return found


def forecast(name, **more):
    def make():
        models = importlib.import_module("neuralforecast.models")
        kind = getattr(models, name)
        given = {"h": 8, "input_size": 32, "max_steps": 1, "accelerator": "cpu", "n_series": 2, "hidden_size": 16, "encoder_hidden_size": 16,
                 "decoder_hidden_size": 16, "conv_hidden_size": 16, "n_head": 2, "d_model": 16, "d_ff": 16} | more  # fmt: skip
        return kind(**taken(kind.__init__, given))

    def call(network, x):
        return network({"insample_y": x, "insample_mask": torch.ones_like(x), "futr_exog": None, "hist_exog": None, "stat_exog": None})

    return made(make, (32, 2 if name in MULTIVARIATE else 1), call)


MULTIVARIATE = "MLPMultivariate RMoK SOFTS SOFTSSharp StemGNN TSMixer TSMixerx TimeMixer TimeXer iTransformer XLinear".split()
FORECAST = "Autoformer BiTCN DeepAR DeepNPTS DilatedRNN DLinear FEDformer GRU Informer KAN LSTM MLP NBEATS NBEATSx NHITS NLinear PatchTST RNN TCN TFT TiDE TimesNet VanillaTransformer xLSTM".split()


def hugging(name, config, shape, call, **settings):
    def make():
        import transformers

        made_config = getattr(transformers, config)(**settings)
        made_config._attn_implementation = "eager"
        return getattr(transformers, name)(made_config)

    return made(make, shape, call)


SPEECH = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48, "conv_dim": (16, 16, 16), "conv_stride": (5, 2, 2),
          "conv_kernel": (10, 3, 3), "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "num_feat_extract_layers": 3}  # fmt: skip
TEXT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48, "vocab_size": 20}
TIMES = {"prediction_length": 8, "context_length": 24, "lags_sequence": [1, 2], "num_time_features": 1, "d_model": 16, "encoder_layers": 1,
         "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}  # fmt: skip
PATCHES = {"num_input_channels": 3, "context_length": 64, "patch_length": 8, "patch_stride": 8, "d_model": 16, "num_hidden_layers": 2,
           "num_attention_heads": 2, "ffn_dim": 32, "prediction_length": 8, "num_targets": 2}  # fmt: skip
MIXED = {"num_input_channels": 3, "context_length": 64, "patch_length": 8, "patch_stride": 8, "d_model": 16, "num_layers": 2, "prediction_length": 8,
         "num_targets": 2}  # fmt: skip


def by_values(network, x):
    return network(x)[0]


def embedded(network, x):
    return network(inputs_embeds=x)[0]


def with_decoder(network, x):
    return network(inputs_embeds=x, decoder_input_ids=torch.zeros(x.shape[0], 4, dtype=torch.long))[0]


def forecasting(network, x):
    """The future is given as zeros; the output is what the decoder says."""
    time = torch.arange(34, dtype=x.dtype).reshape(1, 34, 1).expand(x.shape[0], 34, 1) / 34
    return network(past_values=x, past_time_features=time[:, :26], past_observed_mask=torch.ones_like(x), future_values=torch.zeros_like(x[:, :8]),
                   future_time_features=time[:, 26:])[0]  # fmt: skip


def transformers_networks():
    found = {}
    for name in ("PatchTSTForPrediction", "PatchTSTForClassification", "PatchTSTForRegression", "PatchTSTModel"):
        found[name] = hugging(name, "PatchTSTConfig", (64, 3), by_values, **PATCHES)
    for name in ("PatchTSMixerForPrediction", "PatchTSMixerForTimeSeriesClassification", "PatchTSMixerForRegression", "PatchTSMixerModel"):
        found[name] = hugging(name, "PatchTSMixerConfig", (64, 3), by_values, **MIXED)
    for name in ("Informer", "Autoformer", "TimeSeriesTransformer"):
        found[f"{name}Model"] = hugging(f"{name}Model", f"{name}Config", (26,), forecasting, **TIMES)
    found["TimesFmModelForPrediction"] = hugging(
        "TimesFmModelForPrediction", "TimesFmConfig", (64,), lambda m, x: m(past_values=list(x), freq=torch.zeros(x.shape[0], dtype=torch.long)).mean_predictions,
        patch_length=8, context_length=64, horizon_length=8, hidden_size=32, intermediate_size=32, head_dim=16, num_hidden_layers=2, num_attention_heads=2)  # fmt: skip
    for name in ("Wav2Vec2", "Hubert", "WavLM", "SEW", "UniSpeech", "UniSpeechSat", "Data2VecAudio", "Wav2Vec2Conformer", "SEWD"):
        more = {"position_embeddings_type": "relative"} if name == "Wav2Vec2Conformer" else {}
        found[f"{name}Model"] = hugging(f"{name}Model", f"{name}Config", (600,), by_values, **SPEECH, **more)
    found["Wav2Vec2 layer"] = hugging("Wav2Vec2Model", "Wav2Vec2Config", (600,), by_values, **SPEECH, feat_extract_norm="layer", do_stable_layer_norm=True)
    found["Wav2Vec2ForSequenceClassification"] = hugging("Wav2Vec2ForSequenceClassification", "Wav2Vec2Config", (600,), by_values, **SPEECH)
    found["Wav2Vec2ConformerRotary"] = hugging("Wav2Vec2ConformerModel", "Wav2Vec2ConformerConfig", (600,), by_values, **SPEECH, position_embeddings_type="rotary")
    found["Wav2Vec2BertModel"] = hugging("Wav2Vec2BertModel", "Wav2Vec2BertConfig", (40, 16), by_values, feature_projection_input_dim=16, **TEXT)
    found["ASTModel"] = hugging("ASTModel", "ASTConfig", (64, 32), by_values, num_mel_bins=32, max_length=64, **TEXT)
    found["WhisperEncoder"] = hugging("WhisperModel", "WhisperConfig", (16, 60), lambda m, x: m.encoder(x)[0], num_mel_bins=16, d_model=32, encoder_layers=2,
                                      decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
                                      max_source_positions=30, vocab_size=20, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)  # fmt: skip
    found["EncodecModel encoder"] = hugging("EncodecModel", "EncodecConfig", (1, 640), lambda m, x: m.encoder(x), num_filters=4, hidden_size=16,
                                            codebook_size=16, upsampling_ratios=[4, 2], num_lstm_layers=1)  # fmt: skip
    found["MoonshineEncoder"] = hugging("MoonshineModel", "MoonshineConfig", (1200,), lambda m, x: m.encoder(x)[0], hidden_size=32, intermediate_size=32,
                                        encoder_num_hidden_layers=1, decoder_num_hidden_layers=1, encoder_num_attention_heads=2, decoder_num_attention_heads=2)  # fmt: skip
    found["DacModel encoder"] = hugging("DacModel", "DacConfig", (1, 640), lambda m, x: m.encoder(x), encoder_hidden_size=8, decoder_hidden_size=32,
                                        downsampling_ratios=[2, 4], hidden_size=32, n_codebooks=2, codebook_size=16)  # fmt: skip
    t5 = {"d_model": 32, "d_kv": 16, "d_ff": 48, "num_layers": 2, "num_heads": 2, "vocab_size": 20}
    found["T5EncoderModel (Chronos)"] = hugging("T5EncoderModel", "T5Config", (24, 32), embedded, **t5)
    found["T5Model (Chronos)"] = hugging("T5Model", "T5Config", (24, 32), with_decoder, **t5)
    found["T5 gated (Moment)"] = hugging("T5EncoderModel", "T5Config", (24, 32), embedded, feed_forward_proj="gated-gelu", **t5)
    for name in ("Bert", "Roberta", "Electra", "RoFormer", "Nystromformer", "Llama", "Mistral", "Qwen2", "GPTNeoX", "Gemma"):
        config = "RoFormerConfig" if name == "RoFormer" else f"{name}Config"
        more = {"num_key_value_heads": 2, "head_dim": 16} if name in ("Llama", "Mistral", "Qwen2", "Gemma") else {}
        more |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
        found[f"{name}Model"] = hugging(f"{name}Model", config, (16, 32), embedded, **TEXT, **more)
    found["GPT2Model"] = hugging("GPT2Model", "GPT2Config", (16, 32), embedded, n_embd=32, n_layer=2, n_head=2, vocab_size=20)
    for name in ("Mamba", "Mamba2", "FalconMamba", "Rwkv", "xLSTM"):
        more = {"num_heads": 4, "head_dim": 16, "n_groups": 1, "chunk_size": 8} if name == "Mamba2" else {"num_heads": 2, "chunk_size": 8} if name == "xLSTM" else {}
        settings = {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 20, "state_size": 4, "attention_hidden_size": 32} | more
        if name == "xLSTM":
            settings.pop("state_size"), settings.pop("attention_hidden_size")
        found[f"{name}Model"] = hugging(f"{name}Model", f"{name}Config", (16, 32), embedded, **settings)
    return {f"transformers/{name}": build for name, build in found.items()}


def torchaudio_networks():
    import torchaudio
    from torchaudio import models

    def lengths(x):
        return torch.full((x.shape[0],), x.shape[1], dtype=torch.long)

    found = {
        "Conformer": made(lambda: models.Conformer(16, 2, 32, 2, 7), (30, 16), lambda m, x: m(x, lengths(x))[0]),
        "Emformer": made(lambda: models.Emformer(16, 2, 32, 2, 4, right_context_length=1), (17, 16), lambda m, x: m(x, lengths(x) - 1)[0]),
        "DeepSpeech": made(lambda: models.DeepSpeech(8, 16, 4), (1, 20, 8)),
        "ConvTasNet": made(lambda: models.ConvTasNet(2, 16, 16, 3, 8, 16, 3, 1), (1, 320)),
        "Wav2Letter": made(lambda: models.Wav2Letter(4, "mfcc", 8), (8, 60)),
        "HDemucs": made(lambda: models.HDemucs(["a", "b"], audio_channels=1, channels=8, nfft=256, depth=3), (1, 2048)),
        "WaveRNN": made(lambda: models.WaveRNN([2, 2], 8, 4, 1, 16, 16, 4, 4, 8, 8, 8), (1, 20), lambda m, x: m(x, torch.ones_like(x[:, :, :9, None].transpose(2, 3)).expand(-1, -1, 4, -1))),
        "Wav2Vec2": made(lambda: models.wav2vec2_model("group_norm", [(16, 10, 5), (16, 3, 2)], False, 32, 0.0, 8, 2, 2, 2, 0.0, 0.0, 48, 0.0, 0.0, False, 0.0, 4), (400,), lambda m, x: m(x)[0]),
        "SquimObjective": made(lambda: models.squim_objective_model(16, 8, 16, 8, 1, 20, 10, 8, 8, 2), (800,), lambda m, x: m(x)[0]),
        "MelSpectrogram": made(lambda: nn.Sequential(torchaudio.transforms.MelSpectrogram(1000, n_fft=64, n_mels=8), nn.Flatten(), nn.Linear(8 * 13, 3)), (400,)),
        "MFCC": made(lambda: nn.Sequential(torchaudio.transforms.MFCC(1000, 6, melkwargs={"n_fft": 64, "n_mels": 8}), nn.Flatten(), nn.Linear(6 * 13, 3)), (400,)),
    }  # fmt: skip
    return {f"torchaudio/{name}": build for name, build in found.items()}


NETWORKS = {f"own/{name}": made(make, shape) for name, (make, shape) in zoo_own.NETWORKS.items()}
NETWORKS |= {f"tsai/{name}": tsai(name, module, **MORE.get(name, {})) for name, module in TSAI.items()}
NETWORKS |= braindecode_networks()
NETWORKS |= {f"neuralforecast/{name}": forecast(name) for name in FORECAST + MULTIVARIATE}
NETWORKS |= transformers_networks()
NETWORKS |= torchaudio_networks()
