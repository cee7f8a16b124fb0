import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEagerEngine } from '../engine/eager.ts';
import {
  CONTRACT_VERSION,
  type ContractVersion,
  type Definition,
  type Extension,
  type ExtensionKind,
  isMaker,
  type Maker,
} from '../ground/extension.ts';
import { adapt } from '../model/adapt.ts';
import { type Adapter, defineAdapter } from '../model/adapter.ts';
import { checkExtension } from '../model/check-extension.ts';
import { Model } from '../model/model.ts';
import { defineTokenSelector } from '../tokens/define-token-selector.ts';
import { type Analysis, defineAnalysis } from '../train/analysis.ts';
import { classification } from '../train/classification.ts';
import { fit } from '../train/fit.ts';
import { defineOptimizer, type Optimizer } from '../train/optimizer.ts';
import { definePlugin, type Plugin } from '../train/plugin.ts';
import { regression, tinyImages, tinyModel } from '../train/testing.ts';
import { type Allocator, defineAllocator } from './allocator.ts';
import { type Criterion, defineCriterion } from './criterion.ts';
import { uniform } from './keep-ratio.ts';
import { pruneTrained } from './prune-trained.ts';
import { defineSchedule, type PruningSchedule } from './pruning-schedule.ts';
import { perceptron } from './testing.ts';

// One table of all kinds: how each is defined, and where it is attached.

type Options = { size?: number };
type Head = Definition<Options> & { module: string };
const schema = z.object({ size: z.number().optional() });

const define: Readonly<Record<string, (head: Head) => Maker<Options, Extension>>> = {
  plugin: (head) => definePlugin({ ...head, attach: () => () => ({}) }),
  adapter: (head) => defineAdapter({ ...head, attach: () => () => (_m, value) => value }),
  'token selector': (head) =>
    defineTokenSelector({
      ...head,
      select: () => ({ keep: (_, n) => n, scores: ({ tokens }) => tokens, inPlace: true }),
    }),
  criterion: (head) => defineCriterion({ ...head, score: () => () => new Map() }),
  allocator: (head) => defineAllocator({ ...head, allocate: () => () => ({}) }),
  schedule: (head) => defineSchedule({ ...head, steps: () => () => [] }),
  analysis: (head) =>
    defineAnalysis({ ...head, columns: [], measure: () => async () => ({ numbers: {} }) }),
  optimizer: (head) =>
    defineOptimizer({
      ...head,
      make: () => ({ slots: [], numbers: () => ({}), update: (all) => all }),
    }),
};

const model = perceptron();
const weights = Object.fromEntries(
  model.params.map(({ name, shape }) => [
    name,
    { dtype: 'float32' as const, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
  ]),
);
const [height, width, channels] = model.inputShape;
const images = tinyImages([Array(height * width * channels).fill(0)], [0], model.classes);

async function pruneWith(parts: {
  criterion?: Criterion;
  allocator?: Allocator;
  schedule?: PruningSchedule;
}): Promise<void> {
  const {
    criterion = defineCriterion({ name: 'none', contract: 1, score: () => () => new Map() })({}),
  } = parts;
  await pruneTrained({
    model,
    weights,
    criterion,
    allocator: parts.allocator ?? uniform({ keepRatio: 0.5 }),
    schedule: parts.schedule,
    engine: await createEagerEngine({ backend: 'cpu' }),
    data: { ...images, shape: model.inputShape },
    batchSize: 1,
    seed: 0,
  });
}

async function trainWith(plugins: Plugin[], optimizer?: Optimizer): Promise<void> {
  await fit({
    model: tinyModel(regression),
    engine: await createEagerEngine({ backend: 'cpu' }),
    train: tinyImages([[0, 1]], [0]),
    epochs: 1,
    batchSize: 1,
    seed: 1,
    optimizer: optimizer ? { name: optimizer, lr: 0.1 } : { lr: 0.1 },
    plugins,
  });
}

/** The kinds that are attached to a training: of another model than the rest. */
const ofTraining = ['plugin', 'optimizer'];

const attach: Readonly<Record<string, (extension: Extension) => unknown>> = {
  plugin: (plugin) => trainWith([plugin as Plugin]),
  optimizer: (optimizer) => trainWith([], optimizer as Optimizer),
  adapter: (adapter) => adapt(model, [adapter as Adapter]),
  'token selector': (adapter) => adapt(model, [adapter as Adapter]),
  criterion: (criterion) => pruneWith({ criterion: criterion as Criterion }),
  allocator: (allocator) => pruneWith({ allocator: allocator as Allocator }),
  schedule: (schedule) => pruneWith({ schedule: schedule as PruningSchedule }),
  analysis: (analysis) => checkExtension('analysis', analysis as Analysis, model),
};

const head: Head = { name: 'own', module: 'their-package', contract: 1 };
const failure = async (kind: string, extension: Extension) => {
  try {
    await attach[kind]!(extension);
  } catch (error) {
    return error;
  }
  return undefined;
};
const kinds = Object.keys(define);
/** What an adapter is called where it is attached. */
const attachedAs = (kind: string) => (kind === 'token selector' ? 'adapter' : kind);

test('the contract of this core', () => {
  const version: ContractVersion = 1;
  expect(CONTRACT_VERSION).toBe(version);
});

test.each(kinds)('%s: what makes it says its kind, name and contract', (kind) => {
  const make = define[kind]!(head);
  expect([make.kind, make.name, make.contract]).toEqual([kind as ExtensionKind, 'own', 1]);
  expect(isMaker(make)).toBe(true);
  expect(make.about).toBeUndefined();
  expect(define[kind]!({ ...head, about: 'does nothing' }).about).toBe('does nothing');
  expect(make({ size: 1 })).toMatchObject({ name: 'own', contract: 1, options: { size: 1 } });
});

test.each<[string, (name: never) => unknown]>([
  ['plugin', definePlugin],
  ['adapter', defineAdapter],
  ['token selector', defineTokenSelector],
  ['criterion', defineCriterion],
  ['allocator', defineAllocator],
  ['schedule', defineSchedule],
  ['analysis', defineAnalysis],
  ['optimizer', defineOptimizer],
])('%s: parameters one by one, as before there were contracts', (kind, make) => {
  expect(() => make('own' as never)).toThrow(
    expect.objectContaining({
      code: 'EXTENSION_CONTRACT',
      where: `${kind} "own"`,
      fix: expect.stringMatching(/^Give define.* one object/),
    }),
  );
});

test('other exports are no makers', () => {
  for (const other of [undefined, {}, () => 1, Object.assign(() => 1, { kind: 'plugin' })])
    expect(isMaker(other)).toBe(false);
});

test.each(kinds)('%s: of another contract, or of none', async (kind) => {
  const made = define[kind]!(head)({});
  const where = `${attachedAs(kind)} "own"`;
  for (const [contract, found, fix] of [
    [0, 'built against contract 0; this @kcr/core speaks contract 1', /^Update t.* contract 1$/],
    [2, 'built against contract 2; this @kcr/core speaks contract 1', /^Update @kcr\/core/],
    ['1', 'built against contract 1; this @kcr/core speaks contract 1', /^Update t/],
    [
      undefined,
      'it says no contract; this @kcr/core speaks contract 1',
      /^Write `contract: 1` where it is made by define/,
    ],
  ] as const)
    expect(await failure(kind, { ...made, contract: contract as 1 })).toMatchObject({
      code: 'EXTENSION_CONTRACT',
      where,
      found,
      fix: expect.stringMatching(fix),
    });
});

test.each(kinds)('%s: what it needs is not there', async (kind) => {
  for (const [needs, found] of [
    [{ tasks: ['depth', 'flow'] }, /model trained for depth or flow; .* for classification$/],
    [
      { roles: ['hiden'] },
      ofTraining.includes(kind) ? /"hiden"; tiny has features/ : /"hiden"; .* has hidden/,
    ],
    [{ plugins: ['owns'] }, kind === 'plugin' ? /"owns"; attached are own$/ : /"owns"; .* none$/],
  ] as const)
    expect(await failure(kind, define[kind]!({ ...head, needs })({}))).toMatchObject({
      code: 'EXTENSION_NEEDS',
      where: `${attachedAs(kind)} "own"`,
      found: expect.stringMatching(found),
      fix: expect.stringContaining(`leave the ${attachedAs(kind)} out`),
    });
});

test.each(kinds)('%s: what it needs is there', async (kind) => {
  const roles = [ofTraining.includes(kind) ? 'features' : 'hidden'];
  const needs = { tasks: ['depth', 'classification'], roles };
  const error = await failure(kind, define[kind]!({ ...head, needs })({}));
  expect(error).not.toMatchObject({ code: 'EXTENSION_NEEDS' });
});

test.each(kinds)('%s: its schema refuses', (kind) => {
  const make = define[kind]!({ ...head, options: schema });
  expect(make({ size: 2 })).toMatchObject({ options: { size: 2 } });
  for (const [options, where] of [
    [{ size: 'large' }, `${kind} "own"`],
    [{ sice: 1 }, `${kind} "own", sice`],
  ])
    expect(() => make(options as Options)).toThrow(
      expect.objectContaining({ code: 'OPTION', where }),
    );
});

test('the extension gets what its schema makes of the options, and says those that were given', () => {
  const seen: unknown[] = [];
  const make = definePlugin({
    name: 'own',
    contract: 1,
    options: z.object({ eta: z.number().default(3) }),
    attach({ eta }) {
      seen.push(eta);
      return () => ({});
    },
  });
  expect(make({}).options).toEqual({});
  expect(seen).toEqual([3]);
});

test('architectures, tasks and what a head stands on are checked when a model is built', () => {
  const { architecture } = model;
  const build = (change: object) => () => new Model({ ...architecture, ...change }, model.config);
  const backbone = { ...architecture, name: 'below', contract: 2 };
  const task = { ...classification, contract: undefined };
  for (const [change, where] of [
    [{ contract: 2 }, `architecture "${architecture.name}"`],
    [{ backbone: architecture, contract: 2 }, `head "${architecture.name}"`],
    [{ backbone }, 'architecture "below"'],
    [{ task }, 'task "classification"'],
  ] as const)
    expect(build(change)).toThrow(expect.objectContaining({ code: 'EXTENSION_CONTRACT', where }));
  expect(build({ needs: { roles: ['none'] } })).toThrow(
    expect.objectContaining({ code: 'EXTENSION_NEEDS' }),
  );
});
