import { KcrError } from '../ground/error.ts';
import { tf } from '../tensor/tf.ts';
import { defineOptimizer } from './optimizer.ts';

/** The constants of SGD, under PyTorch's names. */
export interface SgdOptions {
  /** Share of the last step's direction that goes into the next. Default 0.9. */
  momentum: number;
  /** Whether the gradient is taken ahead (Nesterov 1983). Needs momentum. Default false. */
  nesterov: boolean;
  /** Coupled: a part of the gradient, before momentum. Default 0. */
  weightDecay: number;
}

/**
 * Stochastic gradient descent with momentum, as `torch.optim.SGD` without dampening: v = momentum v + g, and a step of
 * lr v, or with `nesterov` of lr (g + momentum v). Sutskever et al. 2013 multiply v by the learning rate before it is summed;
 * that differs where the rate changes.
 *
 * @throws KcrError `OPTION` for `nesterov` without momentum
 */
export const sgd = defineOptimizer<Partial<SgdOptions>, 'momentum', 'lr'>({
  name: 'sgd',
  about: 'gradient descent with momentum',
  contract: 1,
  make({ momentum = 0.9, nesterov = false, weightDecay = 0 }) {
    if (nesterov && momentum === 0)
      throw new KcrError('OPTION', {
        where: 'optimizer.nesterov',
        found: 'no momentum to look ahead with',
        fix: 'Give a `momentum` above 0, or leave `nesterov` out',
      });
    return {
      options: { momentum, nesterov, weightDecay },
      slots: momentum === 0 ? [] : ['momentum'],
      numbers: (_, lr) => ({ lr }),
      update: (parameters, { lr }) =>
        parameters.map(({ value, gradient, state, decay, rate }) => {
          const slope =
            decay && weightDecay > 0 ? tf.add(gradient, tf.mul(value, weightDecay)) : gradient;
          const size = rate === 1 ? lr : tf.mul(lr, rate);
          if (momentum === 0) return { value: tf.sub(value, tf.mul(slope, size)), state };
          const velocity = tf.add(tf.mul(state.momentum, momentum), slope);
          const direction = nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity;
          const next = tf.sub(value, tf.mul(direction, size));
          return { value: next, state: { momentum: velocity } };
        }),
    };
  },
});
