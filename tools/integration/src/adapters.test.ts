import {
  adapt,
  defineAdapter,
  fit,
  Generator,
  type Model,
  type StateDict,
  sizeOf,
  type Tensor,
  tf,
} from '@kcr/core';
import { qkMask } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { engines, noise, shortRun, smallModels } from './helpers.ts';

const image = (model: Model) => noise([2, ...model.inputShape], 2);

/** First weights, with masks that are open for about half of the channels. */
const halfOpen = (model: Model): StateDict =>
  Object.fromEntries(
    Object.entries(model.initialize(new Generator(3))).map(([name, array]) => [
      name,
      name.endsWith('mask.weight')
        ? noise(array.shape, name.charCodeAt(name.indexOf('_mask') - 1))
        : array,
    ]),
  );

/** The values of the taps `roles` in an evaluation, by tap name. */
async function tapped(model: Model, weights: StateDict, roles: readonly string[]) {
  const engine = await engines.onnx!();
  engine.set(weights);
  const step = engine.compile('taps', ({ inputs, state }) => {
    const outputs: Record<string, Tensor> = {};
    model.apply(inputs.image!, {
      state,
      tap: (value, { name, role }) => {
        if (roles.includes(role)) outputs[name] = value;
        return value;
      },
    });
    return { outputs };
  });
  const result = await step({ image: image(model) });
  await engine.dispose();
  return result;
}

test('a schedule in an adapter follows the epochs, on both engines', async () => {
  // Features that vanish from the second epoch on leave logits of 0.
  const fading = defineAdapter({
    name: 'fading',
    module: 'here',
    contract: 1,
    attach:
      () =>
      () =>
      (m, value, { role }) => {
        if (role !== 'features' || !m.training) return value;
        return tf.mul(
          value,
          m.schedule('scale', ({ epoch }) => (epoch === 0 ? 1 : 0)),
        );
      },
  });
  for (const makeEngine of Object.values(engines)) {
    const model = adapt(smallModels.vit!(), [fading({})]);
    const options = { ...shortRun(model), engine: await makeEngine(), optimizer: { lr: 1e-9 } };
    const { history } = await fit(options);
    expect(Math.abs(history[0]!.crossEntropy! - Math.log(4))).toBeGreaterThan(1e-5);
    expect(history[1]!.crossEntropy).toBeCloseTo(Math.log(4), 6);
  }
});

describe.each(Object.entries(smallModels))('q/k masks on %s', (_, makeModel) => {
  test('one mask for q and k, 1 where theta is above 0; or one for each', async () => {
    for (const separate of [false, true]) {
      const model = adapt(makeModel(), [qkMask({ initial: 0, separate })]);
      const values = await tapped(model, halfOpen(model), ['q', 'k', 'theta']);
      const attentions = Object.keys(values).filter((name) => name.endsWith('.q'));
      expect(attentions.length).toBeGreaterThan(0);
      for (const name of attentions) {
        const path = name.slice(0, -2);
        const theta = (side: string) =>
          values[`${path}.${separate ? `${side}_mask` : 'qk_mask'}.theta`]!.data;
        const open = (side: string) => Array.from(theta(side), (x) => x > 0);
        for (const side of ['q', 'k']) {
          const left = Array.from(values[`${path}.${side}`]!.data, (x) => x !== 0);
          expect(left).toEqual(open(side));
        }
        expect(open('q').filter(Boolean).length).toBeGreaterThan(0);
        expect(open('q').filter(Boolean).length).toBeLessThan(theta('q').length);
        expect(open('q').join() === open('k').join()).toBe(!separate);
      }
    }
  });

  test('their parameters and MACs are counted', () => {
    const [plain, model] = [makeModel(), adapt(makeModel(), [qkMask({})])];
    const added = model.params.filter((p) => /\.qk_mask\./.test(p.name));
    const weights = added.filter((p) => p.shape.length === 2);
    expect(weights.length).toBeGreaterThan(0);
    expect(model.parameterCount - plain.parameterCount).toBe(
      added.reduce((sum, p) => sum + sizeOf(p.shape), 0),
    );
    const thetas = model.costs.filter((entry) => entry.name.endsWith('qk_mask'));
    expect(thetas).toHaveLength(weights.length);
    const extra = thetas.reduce((sum, { positions }, i) => {
      const [out, input] = weights[i]!.shape as [number, number];
      return sum + positions * out * input;
    }, 0);
    expect(model.macs.total - plain.macs.total).toBe(extra);
    expect(model.macs.attention).toBe(plain.macs.attention);
  });
});
