import {
  geluGradientOp,
  geluOp,
  hardSwishGradientOp,
  hardSwishOp,
  siluGradientOp,
  siluOp,
} from '@kcr/core/internal';
import { MICROSOFT } from './domains.ts';
import { elementwise } from './elementwise.ts';
import { lower } from './lowering.ts';

/* Activations and their gradients, each in the fewest passes that ONNX Runtime's kernels allow. */

lower(geluOp, (b, inputs, _, { y }) => elementwise(b, inputs, y, ({ x }) => b.node('Gelu', [x])));

/*
 * dy * gelu'(x) = dy * (Phi(x) + x phi(x)): with u = x / sqrt 2, Phi = HardSigmoid of erf(u), which is
 * 0.5 erf(u) + 0.5 there, and x phi(x) = u exp(log(1 / sqrt pi) - u^2).
 */
lower(geluGradientOp, (b, inputs, _, out) =>
  elementwise(b, inputs, out.y, ({ x, dy }) => {
    const u = b.node('Mul', [x, b.scalar(Math.SQRT1_2)]);
    const halves = { alpha: { float: 0.5 }, beta: { float: 0.5 } };
    const cdf = b.node('HardSigmoid', [b.node('Erf', [u])], halves);
    const exponent = b.node('Sub', [b.scalar(-0.5 * Math.log(Math.PI)), b.node('Mul', [u, u])]);
    const slope = b.node('Add', [cdf, b.node('Mul', [u, b.node('Exp', [exponent])])]);
    return b.node('Mul', [dy, slope]);
  }),
);

lower(siluOp, (b, inputs, _, out) =>
  elementwise(b, inputs, out.y, ({ x }) =>
    b.target === 'cpu'
      ? b.node('QuickGelu', [x], { alpha: { float: 1 } }, MICROSOFT)
      : b.node('Mul', [x, b.node('Sigmoid', [x])]),
  ),
);

/* dy * (s + y (1 - s)) with s = sigmoid(x). */
lower(siluGradientOp, (b, inputs, _, out) =>
  elementwise(b, inputs, out.y, ({ x, y, dy }) => {
    const gate = b.node('Sigmoid', [x]);
    const rest = b.node('Mul', [y, b.node('Sub', [b.scalar(1), gate])]);
    return b.node('Mul', [dy, b.node('Add', [gate, rest])]);
  }),
);

lower(hardSwishOp, (b, inputs, _, { y }) =>
  elementwise(b, inputs, y, ({ x }) => b.node('HardSwish', [x])),
);

/*
 * dy * (s + x / 6 where 0 < s < 1) with the hard sigmoid s = clip(x / 6 + 1/2): between its ends s - s^2 is
 * positive, and a steep hard sigmoid of that a mask. Where and Sign cost eight times as much as a product.
 */
lower(hardSwishGradientOp, (b, inputs, _, out) =>
  elementwise(b, inputs, out.y, ({ x, dy }) => {
    const sixth = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } };
    const gate = b.node('HardSigmoid', [x], sixth);
    const between = b.node('Sub', [gate, b.node('Mul', [gate, gate])]);
    const steep = { alpha: { float: 1e30 }, beta: { float: 0 } };
    const inside = b.node('HardSigmoid', [between], steep);
    const along = b.node('Mul', [b.node('Mul', [x, b.scalar(1 / 6)]), inside]);
    return b.node('Mul', [dy, b.node('Add', [gate, along])]);
  }),
);
