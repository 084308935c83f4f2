"""Dense networks as other tools write them to ONNX: PyTorch, Stable-Baselines3 and scikit-learn.

The files in ``tests/export/onnx_files`` come from here:

    make interop
    python scripts/foreign_networks.py tests/export/onnx_files

Weights are random or little trained: what is looked at is how each tool spells a network.

References:
    Stable-Baselines3, Exporting models, https://stable-baselines3.readthedocs.io/en/master/guide/export.html.
    PyTorch, torch.onnx, https://docs.pytorch.org/docs/stable/onnx.html.
    skl2onnx, https://onnx.ai/sklearn-onnx/.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


class Everyday(nn.Module):
    """What people write: a normalised input, layers in a list, functions of ``torch``, a scaled output."""

    def __init__(self, bend: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.bend = bend
        self.register_buffer("mean", torch.tensor([0.5, -1.0, 2.0, 0.0]))
        self.register_buffer("std", torch.tensor([1.0, 2.0, 0.5, 4.0]))
        self.hidden = nn.ModuleList([nn.Linear(4, 24), nn.Linear(24, 12)])
        self.norm = nn.BatchNorm1d(12)
        self.out = nn.Linear(12, 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Decide."""
        x = (x - self.mean) / self.std
        x = self.bend(self.hidden[0](x))
        x = torch.relu(self.norm(self.hidden[1](x)))
        return 2.0 * torch.tanh(self.out(x))


def activations() -> nn.Module:
    """Every kind of activation, in turn."""
    kinds = (
        *(nn.ReLU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.SiLU(), nn.ELU(0.7), nn.LeakyReLU(0.2)),
        *(nn.SELU(), nn.Mish(), nn.Hardswish(), nn.Softplus(), nn.Sigmoid(), nn.ReLU6(), nn.Hardtanh()),
    )
    layers: list[nn.Module] = [nn.Linear(5, 8)]
    for kind in kinds:
        layers += [kind, nn.Linear(8, 8)]
    return nn.Sequential(*layers, nn.Softmax(dim=-1))


class OnnxablePPO(nn.Module):
    """As Stable-Baselines3's documentation has it."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, observation: torch.Tensor) -> Any:
        """Actions, values and log probabilities."""
        return self.policy(observation, deterministic=True)


class OnnxableSAC(nn.Module):
    """Likewise, of an actor."""

    def __init__(self, actor: Any) -> None:
        super().__init__()
        self.actor = actor

    def forward(self, observation: torch.Tensor) -> Any:
        """Actions."""
        return self.actor(observation, deterministic=True)


def of_torch(folder: Path) -> None:
    """By both of PyTorch's exporters; the newer one puts the weights beside the file."""
    torch.manual_seed(0)
    everyday, kinds = Everyday(nn.functional.gelu).eval(), activations().eval()
    rows = torch.export.Dim("rows")
    torch.onnx.export(
        everyday, (torch.zeros(2, 4),), folder / "torch_dynamo.onnx", dynamo=True, dynamic_shapes=({0: rows},)
    )
    _without_paths(folder / "torch_dynamo.onnx")
    torch.onnx.export(
        Everyday(torch.sigmoid).eval().double(),
        (torch.zeros(3, 4).double(),),
        folder / "torch_script_double.onnx",
        dynamo=False,
        opset_version=12,
    )
    torch.onnx.export(
        kinds,
        (torch.zeros(1, 5),),
        folder / "torch_script_activations.onnx",
        dynamo=False,
        opset_version=17,
        input_names=["x"],
        output_names=["y"],
        dynamic_axes={"x": {0: "rows"}},
    )


def _without_paths(path: Path) -> None:
    """Take out where the exporting program lay, which the newer exporter notes at every node."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def of_stable_baselines3(folder: Path) -> None:
    """PPO with its value net, of continuous and of discrete actions, and SAC."""
    from stable_baselines3 import PPO, SAC

    for name, module, observations in (
        ("sb3_ppo", OnnxablePPO(PPO("MlpPolicy", "Pendulum-v1", seed=0, device="cpu").policy), 3),
        ("sb3_ppo_discrete", OnnxablePPO(PPO("MlpPolicy", "CartPole-v1", seed=0, device="cpu").policy), 4),
        ("sb3_sac", OnnxableSAC(_small_sac(SAC).policy.actor), 3),
    ):
        torch.onnx.export(
            module,
            (torch.randn(1, observations),),
            folder / f"{name}.onnx",
            opset_version=17,
            input_names=["input"],
            dynamo=False,
        )


def _small_sac(sac: Any) -> Any:
    return sac("MlpPolicy", "Pendulum-v1", seed=0, device="cpu", policy_kwargs={"net_arch": [32, 32]})


def of_scikit_learn(folder: Path) -> None:
    """A regressor behind a scaler, one of two outputs in float64, classifiers of two and of three classes."""
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, (200, 4)).astype(np.float32)
    y = x @ np.array([1.0, -2.0, 3.0, 0.5], dtype=np.float32)
    settings = {"tol": 1.0, "n_iter_no_change": 1, "random_state": 0}
    scaled = make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(16, 8), activation="logistic", **settings)
    )
    several = MLPRegressor(hidden_layer_sizes=(10,), activation="tanh", **settings)
    binary, three = (MLPClassifier(hidden_layer_sizes=(12, 6), **settings) for _ in range(2))
    for name, model, inputs, targets in (
        ("sklearn_regressor", scaled, x, y),
        ("sklearn_regressor_double", several, x.astype(np.float64), np.stack([y, -y], axis=1)),
        ("sklearn_classifier_2", binary, x, (y > y.mean()).astype(int)),
        ("sklearn_classifier_3", three, x, np.digitize(y, np.quantile(y, [0.3, 0.6]))),
    ):
        model.fit(inputs, targets)
        (folder / f"{name}.onnx").write_bytes(to_onnx(model, inputs[:1]).SerializeToString())


def main() -> None:
    """Write all files into a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    of_torch(folder)
    of_stable_baselines3(folder)
    of_scikit_learn(folder)


if __name__ == "__main__":
    main()
