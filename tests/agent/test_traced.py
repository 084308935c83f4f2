"""PyTorch modules as dense graphs: what a module decides is what its graph decides."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from neuro_aolo.agent.traced import read_module
from neuro_aolo_export.errors import ExportError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import norse.torch as norse

X = np.random.default_rng(0).normal(size=(40, 5))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Own(nn.Module):
    """A forward of one's own, with parameters of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.linspace(-1.0, 1.0, 5))
        self.net = nn.Sequential(nn.Linear(5, 9), nn.Sequential(nn.SiLU(), nn.Linear(9, 7)))
        self.norm = nn.BatchNorm1d(7)
        self.head = nn.Parameter(torch.randn(7, 3))
        self.shift = nn.Parameter(torch.randn(3))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x.view(x.size(0), -1)
        x = functional.leaky_relu(self.norm(self.net((x - self.mean) / 2)), 0.2)
        x = functional.dropout(x, 0.5, training=self.training)
        x = torch.matmul(x, self.head) + self.shift
        return 3.0 * x.tanh() + 1.0


def test_a_forward_of_ones_own_is_traced() -> None:
    module = Own()
    module(torch.randn(64, 5))  # The norm has met something.
    module.train()
    layers, difference = read_module(module, X)
    assert module.training
    assert layers.sizes == (5, 9, 7, 3)
    assert [layer.activation for layer in layers.layers] == ["silu", "leaky_relu", "tanh"]
    assert [layer.weight.size for layer in layers.layers] == [45, 63, 21]
    assert len(layers.rescaling) == 1
    assert difference < 1e-6


def test_every_activation_of_a_module_or_a_function() -> None:
    modules = [
        *(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.3), nn.ELU(0.6), nn.SELU(), nn.GELU()),
        *(nn.GELU(approximate="tanh"), nn.SiLU(), nn.Hardswish(), nn.Mish(), nn.Softplus(), nn.Sigmoid()),
        *(nn.Hardsigmoid(), nn.Hardtanh(), nn.Tanh(), nn.PReLU()),
    ]
    functions: list[Callable[[Tensor], Tensor]] = [
        *(functional.relu, functional.relu6, lambda x: functional.leaky_relu(x, 0.3)),
        *(lambda x: functional.elu(x, alpha=0.6), functional.selu, functional.gelu),
        *(lambda x: functional.gelu(x, approximate="tanh"), functional.silu, functional.hardswish),
        *(functional.mish, functional.softplus, torch.sigmoid, functional.hardsigmoid, functional.hardtanh),
        *(torch.tanh, lambda x: functional.leaky_relu(x, negative_slope=0.25)),
    ]

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(5, 5) for _ in functions)

        def forward(self, x: Tensor) -> Tensor:
            for layer, function in zip(self.layers, functions, strict=True):
                x = function(layer(x))
            return functional.softmax(functional.linear(x, self.layers[0].weight), dim=-1)

    stacked = nn.Sequential(*(part for kind in modules for part in (nn.Linear(5, 5), kind)))
    stacked.append(nn.Sequential(nn.Linear(5, 5, bias=False), nn.Softmax(dim=1)))
    kinds = []
    for module in (stacked, Functional()):
        layers, difference = read_module(module, X)
        kinds.append([layer.activation for layer in layers.layers])
        assert difference < 1e-6
    assert kinds[0] == kinds[1]
    assert kinds[0] == [
        *("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "hard_swish", "mish"),
        *("softplus", "sigmoid", "hard_sigmoid", "hard_tanh", "tanh", "leaky_relu", "softmax"),
    ]


def test_double_precision() -> None:
    layers, difference = read_module(nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 1)).double(), X)
    assert (layers.sizes, difference < 1e-5) == ((5, 6, 1), True)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(5, 5), nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.a(x))
        return h + self.b(h)


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.a(x), x


@pytest.mark.parametrize(
    ("module", "about"),
    [
        (nn.Sequential(nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 2, 3)), r"Unflatten \(0\) is not priced"),
        (nn.Sequential(nn.Conv1d(5, 2, 1)), r"Sequential: Conv1d \(0\) is not priced: only linear layers"),
        (nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4)), r"LayerNorm \(1\) is not priced"),
        (nn.Sequential(nn.LSTM(5, 4)), r"LSTM \(0\) is not priced"),
        (nn.Sequential(nn.Linear(5, 4), nn.Softmax(dim=0)), r"Softmax \(1\) is over dimension 0"),
        (nn.Sequential(nn.Linear(5, 4), nn.Softshrink()), r"Softshrink \(1\) is not priced"),
        (nn.Sequential(nn.Linear(5, 4), nn.PReLU(4)), r"PReLU \(1\) is not priced"),
        (nn.Sequential(nn.ReLU(), nn.Linear(5, 4)), "without a layer"),
        (nn.Sequential(nn.Linear(4, 4)), r"\(4, 4\) do not take 5 numbers"),
        (nn.Identity(), "no layer"),
        (Residual(), "it joins two paths of the network"),
        (Branching(), r"cannot be traced \(.*\): export it to ONNX"),
        (Pair(), "it gives a tuple, not one tensor"),
        (
            norse.SequentialState(nn.Linear(5, 4), norse.LIFCell()),
            "LIFCell of norse, a spiking layer",
        ),
    ],
)
def test_what_has_no_price_is_refused_by_name(module: nn.Module, about: str) -> None:
    with pytest.raises(ExportError, match=about) as raised:
        read_module(module, X)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(type(module).__name__)
