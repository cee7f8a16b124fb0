import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adamw,
  affine,
  crossEntropy,
  type Engine,
  float32,
  item,
  learningRate,
  oneHot,
  readSafetensors,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { relativeError } from './cases.ts';

/** The constants of an optimiser case, from its JSON file. */
interface AdamWCase {
  peak_lr: number;
  floor_lr: number;
  warmup_steps: number;
  total_steps: number;
  weight_decay: number;
  betas: [number, number];
  eps: number;
  label_smoothing: number;
  ema_decay: number;
}

/** Largest relative errors of the optimiser, schedule and moving average over a run of PyTorch's. */
export async function runAdamWCase(directory: string, name: string, engine: Engine) {
  const facts: AdamWCase = JSON.parse(await readFile(join(directory, `${name}.json`), 'utf8'));
  const { tensors } = await readSafetensors(join(directory, `${name}.safetensors`));
  const { x, labels, lrs, losses } = tensors;
  const shapes = { weight: tensors.weight!.shape, bias: tensors.bias!.shape };
  const names = ['weight', 'bias'] as const;
  for (const key of names)
    for (const prefix of ['', 'ema_', 'm_', 'v_'])
      engine.set({ [prefix + key]: float32(shapes[key]) });
  const { betas, eps, weight_decay: weightDecay } = facts;
  const optimizer = adamw({ betas, eps, weightDecay });
  const step = engine.compile('adamw', ({ inputs, state }) => {
    const { loss, gradients } = valueAndGradients(() => {
      const logits = affine(inputs.x!, tf.transpose(state('weight')), state('bias'));
      return {
        loss: crossEntropy(logits, oneHot(inputs.labels!, shapes.bias[0]!), facts.label_smoothing),
        aux: {},
      };
    }, names.map(state));
    const updates: Record<string, ReturnType<typeof state>> = {};
    const parameters = names.map((key, i) => ({
      value: state(key),
      gradient: gradients[i]!,
      state: { m: state(`m_${key}`), v: state(`v_${key}`) },
      decay: key === 'weight',
      rate: 1,
    }));
    const given = { size: inputs.size!, eps: inputs.eps!, keep: inputs.keep! };
    optimizer.update(parameters, given).forEach(({ value, state: { m, v } }, i) => {
      const key = names[i]!;
      const average = tf.mul(state(`ema_${key}`), facts.ema_decay);
      updates[key] = value;
      updates[`m_${key}`] = m;
      updates[`v_${key}`] = v;
      updates[`ema_${key}`] = tf.add(average, tf.mul(value, 1 - facts.ema_decay));
    });
    return { outputs: { loss }, updates };
  });
  const ours = { lrs: [] as number[], losses: [] as number[] };
  for (let s = 0; s < facts.total_steps; s++) {
    const lr = learningRate(s, {
      lr: facts.peak_lr,
      minLr: facts.floor_lr,
      warmupSteps: facts.warmup_steps,
      totalSteps: facts.total_steps,
    });
    const numbers = Object.entries(optimizer.numbers(s + 1, lr));
    const scalars = Object.fromEntries(numbers.map(([key, value]) => [key, float32([], [value])]));
    ours.lrs.push(lr);
    ours.losses.push(item((await step({ x: x!, labels: labels!, ...scalars })).loss!));
  }
  await step.dispose();
  const final = await engine.get(names.flatMap((key) => [key, `ema_${key}`]));
  const errors = {
    lrs: float32(lrs!.shape, ours.lrs),
    losses: float32(losses!.shape, ours.losses),
    ...final,
  };
  return Object.fromEntries(
    Object.entries(errors).map(([key, value]) => [
      key,
      relativeError(value, tensors[key]!, `${name}: ${key}`),
    ]),
  );
}
