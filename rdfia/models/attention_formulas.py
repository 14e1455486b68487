r"""The vision transformer, one equation a function (Vaswani et al. 2017, Dosovitskiy et al. 2021).

Rows are tokens: z and x are (N, n, E) with n tokens of width E, the class token among them; T counts the patches alone,
h the heads, d = E / h the width of a head, r the ratio of the MLP. Q, K, V are (N, h, n, d). The networks call
these functions, except for what PyTorch does in one step (layer norm, GELU, dense layers): those are written out for
the reader and tested equal to PyTorch.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from rdfia.models.equation import equation

Layer = Callable[[Tensor], Tensor]


@equation(r"x_t = \mathrm{vec}(\mathrm{patch}\; t),\quad t = 1, \dots, T = HW / P^2")
def patches(images: Tensor, P: int) -> Tensor:
    return images.unfold(2, P, P).unfold(3, P, P).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)  # (N, T, C·P²)


@equation(r"z_t = x_t\,W_e^\top + b_e")
def patch_embedding(images: Tensor, We: Tensor, be: Tensor, P: int) -> Tensor:
    return patches(images, P) @ We.mT + be


@equation(r"z = [c;\; z_1;\; \dots;\; z_T]")
def with_class_token(z: Tensor, c: Tensor) -> Tensor:
    return torch.cat([c.expand(z.shape[0], -1, -1), z], 1)


@equation(r"z^0_t = z_t + p_t")
def with_positions(z: Tensor, p: Tensor) -> Tensor:
    return z + p


@equation(r"p_{t,2i} = \sin(t / 10000^{2i/E}),\quad p_{t,2i+1} = \cos(t / 10000^{2i/E})")
def sinusoids(n: int, E: int) -> Tensor:
    angles = torch.arange(n)[:, None] / 10_000 ** (torch.arange(0, E, 2) / E)  # (n, E / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


@equation(r"[Q_1, \dots, Q_h,\; K_1, \dots, K_h,\; V_1, \dots, V_h] = x\,W^\top + b")
def split_heads(qkv: Tensor, h: int) -> Tensor:
    return qkv.view(*qkv.shape[:2], 3, h, -1).permute(2, 0, 3, 1, 4)  # (3, N, h, n, d)


@equation(r"A = \mathrm{softmax}(Q\,K^\top / \sqrt{d})")
def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)  # (N, h, n, n)


@equation(r"\mathrm{Attention}(Q, K, V) = A\,V")
def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return attention_weights(q, k) @ v


@equation(r"[Y_1,\; \dots,\; Y_h],\quad Y_i = \mathrm{Attention}(Q_i, K_i, V_i)")
def joined_heads(y: Tensor) -> Tensor:
    return y.transpose(1, 2).flatten(2)  # (N, n, E)


@equation(r"\mathrm{MSA}(x) = [Y_1,\; \dots,\; Y_h]\,W_o^\top + b_o")
def multi_head(x: Tensor, W: Tensor, b: Tensor, Wo: Tensor, bo: Tensor, h: int) -> Tensor:
    return joined_heads(attention(*split_heads(x @ W.mT + b, h))) @ Wo.mT + bo


@equation(r"\varphi(x) = \mathrm{elu}(x) + 1")
def positive(x: Tensor) -> Tensor:
    return F.elu(x) + 1


@equation(
    r"\mathrm{Attention}(Q, K, V) = \dfrac{\varphi(Q)\,(\varphi(K)^\top V)}{\varphi(Q)\,(\varphi(K)^\top \mathbf{1})}"
)
def linear_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k = positive(q), positive(k)
    return q @ (k.mT @ v) / (q @ k.sum(-2, keepdim=True).mT)


@equation(r"A = \dfrac{\varphi(Q)\,\varphi(K)^\top}{\varphi(Q)\,(\varphi(K)^\top \mathbf{1})}")
def linear_attention_weights(q: Tensor, k: Tensor) -> Tensor:
    products = positive(q) @ positive(k).mT  # (N, h, n, n): what linear attention never writes down
    return products / products.sum(-1, keepdim=True)


@equation(r"\mathrm{LN}(x) = \gamma \odot (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta")
def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float = 1e-5) -> Tensor:
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)  # over the E numbers of one token
    return gamma * (x - mean) / (variance + epsilon).sqrt() + beta


@equation(r"\mathrm{GELU}(x) = x\,\Phi(x) = \dfrac{x}{2}\,(1 + \mathrm{erf}(x / \sqrt{2}))")
def gelu(x: Tensor) -> Tensor:
    return x / 2 * (1 + torch.erf(x / math.sqrt(2)))


@equation(r"\mathrm{MLP}(x) = \mathrm{GELU}(x\,W_1^\top + b_1)\,W_2^\top + b_2")
def mlp(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return gelu(x @ W1.mT + b1) @ W2.mT + b2


@equation(r"x' = x + \mathrm{MSA}(\mathrm{LN}(x)),\quad x'' = x' + \mathrm{MLP}(\mathrm{LN}(x'))")
def pre_norm(x: Tensor, norm: Layer, layer: Layer) -> Tensor:
    return x + layer(norm(x))


@equation(r"x' = \mathrm{LN}(x + \mathrm{MSA}(x)),\quad x'' = \mathrm{LN}(x' + \mathrm{MLP}(x'))")
def post_norm(x: Tensor, norm: Layer, layer: Layer) -> Tensor:
    return norm(x + layer(x))


@equation(r"x' = \mathrm{MSA}(\mathrm{LN}(x)),\quad x'' = \mathrm{MLP}(\mathrm{LN}(x'))")
def pre_norm_alone(x: Tensor, norm: Layer, layer: Layer) -> Tensor:
    return layer(norm(x))


@equation(r"x' = \mathrm{LN}(\mathrm{MSA}(x)),\quad x'' = \mathrm{LN}(\mathrm{MLP}(x'))")
def post_norm_alone(x: Tensor, norm: Layer, layer: Layer) -> Tensor:
    return norm(layer(x))


@equation(r"x' = \mathrm{MSA}(\mathrm{LN}(x) + x),\quad x'' = \mathrm{MLP}(\mathrm{LN}(x') + x')")
def printed(x: Tensor, norm: Layer, layer: Layer) -> Tensor:
    return layer(norm(x) + x)


@equation(r"\bar{A}_l = \left(\dfrac{1}{h}\,\sum_i\,A_{l,i} + I\right) / 2")
def with_residual(weights: Tensor) -> Tensor:
    return (weights.mean(1) + torch.eye(weights.shape[-1], device=weights.device)) / 2


@equation(r"R_l = \bar{A}_l\,R_{l-1}")
def rolled(rolled_before: Tensor, weights: Tensor) -> Tensor:
    return with_residual(weights) @ rolled_before


@equation(r"\mathrm{weights} = (4 + 2r)\,E^2 + (9 + r)\,E")
def block_weights(E: int, r: int) -> int:
    return (4 + 2 * r) * E**2 + (9 + r) * E


@equation(r"F_A = 4\,n^2\,E")
def attention_flops(n: int, E: int) -> int:
    return 4 * n**2 * E


@equation(r"F_A = 4\,n\,E\,d + 2\,n\,E")
def linear_attention_flops(n: int, E: int, d: int) -> int:
    return 4 * n * E * d + 2 * n * E


@equation(r"F_A = 4\,T\,(s^2 + l)\,E + 4\,l\,n\,E,\quad l = n - T")
def windowed_attention_flops(n: int, T: int, E: int, s: int) -> int:
    return 4 * T * (s**2 + n - T) * E + 4 * (n - T) * n * E


@equation(r"F = 2\,(4 + 2r)\,n\,E^2 + F_A")
def block_flops(n: int, E: int, r: int, FA: int) -> int:
    return 2 * (4 + 2 * r) * n * E**2 + FA
