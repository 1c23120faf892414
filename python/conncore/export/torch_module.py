"""A network as a PyTorch module: the same outputs as the kernels, with gradients for training.

This module imports torch; `conncore.export` imports this module only when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from conncore.errors import UsageError
from conncore.network.network import Network
from conncore.network.weights import LOG_WEIGHT_RANGE
from conncore.neurons.models import NEURONS

State = dict[str, Tensor]
Constants = Mapping[str, Tensor]

FORMAT = 1
#: Steepness of the surrogate gradient, per threshold.
SLOPE = 10.0


class SuperSpike(torch.autograd.Function):
    """A spike where x >= 0, with the gradient 1 / (1 + 10 abs(x) / width)^2.

    The surrogate of Zenke & Ganguli 2018 (Neural Computation 30:1514), for `x` the distance of
    the membrane from its threshold and `width` the threshold.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, width: Tensor) -> Tensor:
        ctx.save_for_backward(x, width)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        x, width = ctx.saved_tensors
        return gradient / (1.0 + SLOPE * x.abs() / width).square(), None


class TorchOperations:
    """What equations of neurons use; see `conncore.neurons.types.Operations`.

    Parameters
    ----------
    like : Tensor
        New tensors have its dtype and its device.
    """

    def __init__(self, like: Tensor) -> None:
        self.like = like

    def full(self, shape: tuple[int, int], value: Tensor | float) -> Tensor:
        return self.like.new_zeros(shape) + value

    def clip(self, x: Tensor, low: float, high: Tensor | float) -> Tensor:
        return torch.minimum(torch.clamp(x, min=low), self._tensor(high))

    def tanh(self, x: Tensor) -> Tensor:
        return torch.tanh(x)

    def where(self, condition: Tensor, x: Tensor | float, y: Tensor | float) -> Tensor:
        return torch.where(condition, x, y)

    def spike(
        self, x: Tensor, threshold: Tensor | float, width: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        z: Tensor = SuperSpike.apply(x - threshold, self._tensor(width))
        return z > 0, z

    def _tensor(self, value: Tensor | float) -> Tensor:
        return value if isinstance(value, Tensor) else self.like.new_tensor(value)


class NetworkModule(torch.nn.Module):
    """One network as a recurrent cell, with the equations of `conncore.neurons`.

    Its parameters are the slices of the genome (`GenomeLayout.slices`), in float64, some of them
    empty: log weights stay log weights, so training keeps the sign of every synapse, and
    parameters that are shared stay shared. Weights are rounded to float32, as in the kernels.
    Spikes have the gradient of `SuperSpike`.

    Parameters
    ----------
    config : mapping
        Plain values: neuron, constants, tune, free, trace, steps_per_action, n_neurons,
        n_obs, n_actions, and slices (the names of the genome's slices).
    arrays : mapping of str to Tensor
        The slices of the genome, and the indices of the maps.
    """

    def __init__(self, config: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.config = dict(config)
        for name, array in arrays.items():
            if name in config["slices"]:
                self.register_parameter(name, torch.nn.Parameter(array.clone()))
            else:
                self.register_buffer(name, array.clone())

    def forward(self, observations: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """One control step.

        Parameters
        ----------
        observations : (n_obs,) or (batch, n_obs)
        state : dict of str to (batch, n) Tensor, optional
            The state that the last step returned. None starts from rest.

        Returns
        -------
        actions : (n_actions,) or (batch, n_actions)
            Within [-1, 1].
        state : dict of str to Tensor
            "z" is the activity or spikes of the neurons, (batch, n_neurons). "y" is the low-pass
            filtered activity of the output neurons. The others are the state of the neuron model.
        """
        single = observations.ndim == 1
        batch = observations[None] if single else observations
        actions, _, state = self._steps(batch[None], state)
        return actions[0, 0] if single else actions[0], state

    def run(self, observations: Tensor, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        """Many control steps.

        Parameters
        ----------
        observations : (n_steps, n_obs) or (n_steps, batch, n_obs)
        state : as for `forward`

        Returns
        -------
        actions : (n_steps, n_actions) or (n_steps, batch, n_actions)
        activity : (n_steps * steps_per_action, n_neurons), or with the batch in the middle
            Activity or spikes of every neuron, as from `Network.simulate`.
        state : dict of str to Tensor
        """
        single = observations.ndim == 2
        rows = observations[:, None] if single else observations
        actions, activity, state = self._steps(rows, state)
        return (actions[:, 0], activity[:, 0], state) if single else (actions, activity, state)

    def genome(self) -> NDArray[np.float64]:
        """The parameters as a genome of the network, (n_parameters,) float64."""
        slices: list[Tensor] = [self.get_parameter(name) for name in self.config["slices"]]
        values: NDArray[np.float64] = torch.cat(slices).detach().cpu().numpy().astype(np.float64)
        return values

    def _steps(self, rows: Tensor, state: State | None) -> tuple[Tensor, Tensor, State]:
        config = self.config
        if rows.ndim != 3 or rows.shape[2] != config["n_obs"]:
            raise UsageError(
                f"observations have shape {tuple(rows.shape)} as (n_steps, batch, n_obs), "
                f"n_obs must be {config['n_obs']}"
            )
        neuron, ops = NEURONS[config["neuron"]], TorchOperations(self.get_parameter("encoder"))
        constants = self._constants()
        weights = self._weights()
        encoder, decoder = self._gather("encoder"), self._gather("decoder")
        encoder_bias = self._bias("encoder_bias", self.get_buffer("inputs").numel())
        decoder_bias = self._bias("decoder_bias", config["n_actions"])
        n_batch, trace = rows.shape[1], config["trace"]
        state = self._rest(n_batch, constants) if state is None else dict(state)
        actions, activity = [], []
        for row in rows.to(weights.dtype):
            drive = _propagate(self._map("encoder"), encoder, row, encoder_bias)
            current = drive.new_zeros(n_batch, config["n_neurons"])
            current = current.index_copy(1, self.get_buffer("inputs"), torch.tanh(drive))
            for _ in range(config["steps_per_action"]):
                received = _propagate(self._map("synapses"), weights, state["z"], current)
                state["z"] = neuron.step(state, received, constants, ops)
                outputs = state["z"][:, self.get_buffer("outputs")]
                state["y"] = trace * state["y"] + (1.0 - trace) * outputs
                activity.append(state["z"])
            sums = _propagate(self._map("decoder"), decoder, state["y"], decoder_bias)
            linear = config.get("decoder") == "linear"  # early files have no decoder
            actions.append(torch.clamp(sums, -1.0, 1.0) if linear else torch.tanh(sums))
        return torch.stack(actions), torch.stack(activity), state

    def _rest(self, n_batch: int, constants: Constants) -> State:
        shape = n_batch, self.config["n_neurons"]
        ops = TorchOperations(self.get_parameter("encoder"))
        state = NEURONS[self.config["neuron"]].reset(shape, constants, ops)
        outputs = ops.full((n_batch, self.get_buffer("outputs").numel()), 0.0)
        return {"z": ops.full(shape, 0.0), **state, "y": outputs}

    def _constants(self) -> State:
        tuned = self.get_parameter("constants")
        fixed = {name: tuned.new_tensor(value) for name, value in self.config["constants"].items()}
        return fixed | dict(zip(self.config["tune"], tuned, strict=True))

    def _gather(self, name: str) -> Tensor:
        index, scale = self.get_buffer(f"{name}_index"), self.get_buffer(f"{name}_scale")
        return _round(self.get_parameter(name)[index] * scale)

    def _bias(self, name: str, n_rows: int) -> Tensor:
        """The biases of a map; zeros if the genome has none."""
        parameters = self.get_parameter(name)
        if not parameters.numel():
            return parameters.new_zeros(n_rows)
        return parameters[self.get_buffer(f"{name}_index")] * self.get_buffer(f"{name}_scale")

    def _weights(self) -> Tensor:
        """Synapse weights, (n_synapses,), in the order of `Network.topology`."""
        index, sign = self.get_buffer("weights_index"), self.get_buffer("sign")
        if self.config["free"]:
            return _round(self.get_parameter("free_weights")[index])
        log_weights = self.get_parameter("log_weights")[index] + self.get_buffer("weights_offset")
        return _round(torch.exp(torch.clamp(log_weights, *LOG_WEIGHT_RANGE)) * sign)

    def _map(self, name: str) -> tuple[Tensor, Tensor]:
        return self.get_buffer(f"{name}_rows"), self.get_buffer(f"{name}_sources")


def build(network: Network, genome: NDArray[np.float64]) -> NetworkModule:
    """The module of a network and a genome, (n_parameters,) float64."""
    if network.delay > 1:
        raise UsageError("PyTorch modules have no synaptic delay: export a network with delay=1")
    layout, topology, wiring = network.layout, network.topology, network.wiring
    arrays: dict[str, NDArray[Any]] = {name: genome[part] for name, part in layout.slices.items()}
    for name, sparse_map in (
        ("encoder", topology.encoder),
        ("synapses", topology.synapses),
        ("decoder", topology.decoder),
    ):
        arrays[f"{name}_rows"] = sparse_map.rows
        arrays[f"{name}_sources"] = sparse_map.indices
    for name, gather in wiring.gathers.items():
        arrays[f"{name}_index"] = gather.index
        arrays[f"{name}_scale"] = gather.scale
    order, synapses = network.synapse_order, network.synapses
    arrays |= {
        "inputs": topology.inputs,
        "outputs": topology.outputs,
        "weights_index": synapses.index[order],
        "weights_offset": synapses.offset[order],
        "sign": synapses.sign[order].astype(np.float64),
    }
    config = {
        "neuron": network.neuron,
        "constants": dict(network.constants),
        "tune": list(network.tune),
        "free": network.weights == "free",
        "trace": network.trace,
        "steps_per_action": network.steps_per_action,
        "n_neurons": topology.n_neurons,
        "n_obs": topology.n_obs,
        "n_actions": topology.n_actions,
        "slices": list(layout.slices),
        "decoder": network.decoder,
    }
    return NetworkModule(config, {name: _tensor(array) for name, array in arrays.items()})


def pack(module: NetworkModule) -> dict[str, Any]:
    """The module as tensors and plain values, for `unpack`."""
    return {"format": FORMAT, "config": module.config, "state": dict(module.state_dict())}


def unpack(packed: Mapping[str, Any]) -> NetworkModule:
    """The module from the result of `pack`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If `packed` is not a result of `pack`.
    """
    if packed["format"] != FORMAT:
        raise ValueError(f"format {packed['format']}, this conncore reads {FORMAT}")
    return NetworkModule(packed["config"], packed["state"])


def _tensor(array: NDArray[Any]) -> Tensor:
    dtype = np.float64 if array.dtype.kind == "f" else np.int64
    return torch.from_numpy(np.array(array, dtype=dtype))


def _round(values: Tensor) -> Tensor:
    return values.to(torch.float32).to(values.dtype)


def _propagate(
    rows_and_sources: tuple[Tensor, Tensor], values: Tensor, source: Tensor, start: Tensor
) -> Tensor:
    """start + the map applied to `source`, summed in the order of the values, (batch, n_rows)."""
    rows, sources = rows_and_sources
    terms = values * source[:, sources]
    start = start.expand(len(source), start.shape[-1])
    return start.scatter_add(1, rows.expand_as(terms), terms)
