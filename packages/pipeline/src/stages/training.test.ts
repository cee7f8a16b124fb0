import { definePlugin, fit, Model, readSafetensors, taskOf } from '@kcr/core';
import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { MODULE } from '../testing/brightness.ts';
import { countedEngines, temporaryFolder, tinyContext, tinyModel } from '../testing/tiny.ts';
import { runTraining } from './training.ts';

const settings = {
  epochs: 2,
  batchSize: 2,
  optimizer: { lr: 1e-3 },
  plugins: [{ use: `${MODULE}#counter`, options: {} }],
};
const warning = definePlugin({
  name: 'warning',
  contract: 1,
  attach: (_: object) => (run) => {
    run.warn('beware');
    return {};
  },
})({});

test('what happens is told with the name of the stage, in its order', async () => {
  await using folder = await temporaryFolder();
  const events: PipelineEvent[] = [];
  const engines = countedEngines();
  const on = (event: PipelineEvent) => events.push(event);
  const context = await tinyContext(folder.root, {}, { on, engine: engines.make });
  const training = { stage: 'own', model: await tinyModel(), settings, plugins: [warning] };
  const { history } = await runTraining(training, context, fit);
  expect(events.map(({ type }) => type)).toEqual([
    'training',
    'warning',
    ...['step', 'step', 'epoch'],
    ...['step', 'step', 'epoch'],
    'trained',
  ]);
  expect(events[0]).toEqual({ type: 'training', stage: 'own', epochs: 2 });
  expect(events[1]).toEqual({ type: 'warning', message: 'warning: beware' });
  expect(events[2]).toMatchObject({ stage: 'own', report: { epoch: 0, step: 1, steps: 2 } });
  expect(events[4]).toMatchObject({
    stage: 'own',
    epochs: 2,
    record: history[0],
    metrics: { top1: expect.any(String) },
  });
  // Of the plugin that the settings name.
  expect(history.map(({ counted }) => counted)).toEqual([1, 2]);
  expect(engines.open).toBe(0);
});

test('what the validation images cannot tell is said once', async () => {
  await using folder = await temporaryFolder();
  const own = await tinyModel();
  const nothing = { ...taskOf(own), evaluate: async () => ({}) };
  const model = new Model({ ...own.architecture, task: nothing }, own.config);
  const events: PipelineEvent[] = [];
  const context = await tinyContext(folder.root, {}, { on: (event) => events.push(event) });
  await runTraining({ stage: 'own', model, settings }, context, fit);
  const message = 'validation: no top-1: there is nothing in the data to find';
  expect(events.filter(({ type }) => type === 'warning')).toEqual([{ type: 'warning', message }]);
});

test('what a sample cannot tell is not said before the end', async () => {
  await using folder = await temporaryFolder();
  const own = await tinyModel();
  const nothing = { ...taskOf(own), evaluate: async () => ({}) };
  const model = new Model({ ...own.architecture, task: nothing }, own.config);
  const events: PipelineEvent[] = [];
  const context = await tinyContext(folder.root, {}, { on: (event) => events.push(event) });
  const few = { ...settings, evaluateImages: 1 };
  await runTraining({ stage: 'own', model, settings: few }, context, fit);
  const told = events
    .map(({ type }) => type)
    .filter((type) => type === 'epoch' || type === 'warning');
  expect(told).toEqual(['epoch', 'epoch', 'warning']);
});

test('is kept in the folder of its stage, and done once', async () => {
  await using folder = await temporaryFolder();
  const training = { stage: 'own', model: await tinyModel(), settings };
  const first = await runTraining(training, await tinyContext(folder.root), fit);
  const { tensors } = await readSafetensors(folder.at('own', 'model.safetensors'));
  expect(tensors['head.weight']!.data).toEqual(first.weights['head.weight']!.data);
  const events: PipelineEvent[] = [];
  const on = (event: PipelineEvent) => events.push(event);
  const again = await runTraining(training, await tinyContext(folder.root, {}, { on }), fit);
  expect(again.weights).toEqual(first.weights);
  expect(events.map(({ type }) => type)).toEqual(['training', 'trained']);
});

test('an optimiser that a recipe names trains the parts that it names', async () => {
  await using folder = await temporaryFolder();
  const optimizer = {
    lr: 0.5,
    minLr: 0.5,
    name: { use: `${MODULE}#signSgd`, options: { factor: 0.5 } },
    lrFactors: { 'head.bias': 2 },
  };
  const chosen = { ...settings, optimizer, trainable: ['head'], accumulate: 2, batchSize: 1 };
  const training = { stage: 'own', model: await tinyModel(), settings: chosen };
  const { weights } = await runTraining(training, await tinyContext(folder.root), fit);
  const { tensors } = await readSafetensors(folder.at('own', 'training.safetensors'));
  const kept = Object.keys(tensors).filter((name) => name.startsWith('optimizer:'));
  expect(kept.sort()).toEqual([
    'optimizer:age:weight:head.bias',
    'optimizer:age:weight:head.weight',
  ]);
  // Two epochs of two updates of two images; the bias starts at 0 and goes in steps of 0.5 * 0.5 * 2.
  expect(tensors['optimizer:age:weight:head.bias']!.data).toEqual(Float32Array.of(4, 4));
  for (const value of weights['head.bias']!.data) expect(value % 0.5).toBeCloseTo(0, 6);

  const other = { ...optimizer, name: { ...optimizer.name, options: { factor: 1 } } };
  const again = { ...training, settings: { ...chosen, optimizer: other } };
  await expect(runTraining(again, await tinyContext(folder.root), fit)).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
    found: expect.stringContaining('options.optimizer.name.options.factor (saved 0.5, now 1)'),
  });
});

test('the end of a training that fails is told too', async () => {
  await using folder = await temporaryFolder();
  const events: PipelineEvent[] = [];
  const context = await tinyContext(folder.root, {}, { on: (event) => events.push(event) });
  const training = { stage: 'own', model: await tinyModel(), settings };
  const failing = () => Promise.reject(new Error('out of power'));
  await expect(runTraining(training, context, failing)).rejects.toThrow('out of power');
  expect(events.map(({ type }) => type)).toEqual(['training', 'trained']);
});

test('an extension that is not there is said before anything starts', async () => {
  await using folder = await temporaryFolder();
  const events: PipelineEvent[] = [];
  const engines = countedEngines();
  const on = (event: PipelineEvent) => events.push(event);
  const context = await tinyContext(folder.root, {}, { on, engine: engines.make });
  const plugins = [{ use: `${MODULE}#nobody`, options: {} }];
  const training = { stage: 'own', model: await tinyModel(), settings: { ...settings, plugins } };
  await expect(runTraining(training, context, fit)).rejects.toMatchObject({
    code: 'PLUGIN_UNKNOWN',
  });
  expect([events, engines.made]).toEqual([[], 0]);
});
