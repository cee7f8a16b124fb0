import { compileInference, type Engine, type Model, type NdArray } from '@kcr/core';
import { expect } from 'vitest';
import { channelsFirst } from './channels-first.ts';
import { noise } from './helpers.ts';

/** Images and what a model gives for them, in the layouts of an exported file. */
export interface ExportReference {
  readonly pixels: NdArray;
  /** Outputs by name; a file need not have all of them. */
  readonly outputs: Readonly<Record<string, NdArray>>;
}

/** @param engine whose state has the model's weights */
export async function exportReference(
  engine: Engine,
  model: Model,
  batch: number,
): Promise<ExportReference> {
  const image = noise([batch, ...model.inputShape], batch);
  await using inference = compileInference(engine, model);
  const found = await inference({ image });
  const outputs = Object.entries(found).map(([name, value]) => [
    name,
    name === 'logits' && value.shape.length > 2 ? channelsFirst(value) : value,
  ]);
  return { pixels: channelsFirst(image), outputs: Object.fromEntries(outputs) };
}

/** An output as runtimes give it. */
export interface Output {
  readonly dims: readonly number[];
  readonly data: ArrayLike<unknown>;
}

/** Compares all that a file gives, to a share of each output's largest value, or of 1. */
export function expectOutputs(
  found: Readonly<Record<string, Output>>,
  outputs: ExportReference['outputs'],
  tolerance: number,
): void {
  expect(Object.keys(found).length).toBeGreaterThan(0);
  for (const [name, value] of Object.entries(found)) {
    const wanted = outputs[name]!;
    expect(value.dims, name).toEqual(wanted.shape);
    const most = Array.from(wanted.data).reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    wanted.data.forEach((x, i) => {
      const difference = Math.abs(x - Number(value.data[i]));
      if (!(difference <= tolerance * most)) expect(value.data[i], `${name}[${i}]`).toBe(x);
    });
  }
}
