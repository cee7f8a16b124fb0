// gpu-run.ts TASK: one device tried or measured in a process of its own, so that memory is its own. Prints a line of JSON, and stays
// until its input ends: what it has on the device can be read meanwhile.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createModel } from '@kcr/backbones';
import { compileInference, float32, Generator, type Model, sizeOf, tf } from '@kcr/core';
import { OnnxEngine } from '@kcr/onnx';
import { operatorTimes } from './costliest.ts';
import { type GpuTask, gpuModels, type Measured, type StepProfile } from './gpu-task.ts';
import { randomBatch } from './models.ts';
import { median } from './tables.ts';
import { makeStep } from './training-step.ts';
import { vulkanDevices } from './vulkan-devices.ts';

const task = JSON.parse(process.argv[2]!) as GpuTask;
const say = (text: string) => process.stderr.write(`${text}\n`);
const hostMB = () => process.resourceUsage().maxRSS / 1e3;

function makeModel(): Model {
  const { config, few } = gpuModels[task.model]!;
  return createModel(task.model, { ...config, ...(task.few ? few : {}) });
}

/** Runs warm-ups and timed runs. */
async function timed(run: () => Promise<unknown>): Promise<Pick<Measured, 'ms' | 'firstMs'>> {
  const spent: number[] = [];
  const runs = task.warmUp + task.times;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    spent.push(performance.now() - start);
    say(`${task.kind} ${i + 1} of ${runs}: ${spent[i]!.toFixed(0)} ms`);
  }
  return { ms: median(spent.slice(task.warmUp)), firstMs: spent[0]! };
}

/** Whether a session opens and computes, and what Vulkan lists. */
async function probe(): Promise<object> {
  await using engine = new OnnxEngine({ device: task.device });
  engine.set({ x: float32([2], [1, 2]) });
  const step = engine.compile('probe', ({ state }) => ({ outputs: { y: tf.add(state('x'), 1) } }));
  const { y } = await step();
  if (y!.data[1] !== 3) throw new Error(`1 + 2 is ${y!.data[1]} there`);
  return { vulkan: vulkanDevices() };
}

/** The profile of the steps that ran. */
async function readProfile(folder: string): Promise<StepProfile> {
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file!), 'utf8'));
  const { operators, ...rest } = operatorTimes(events, task.warmUp + task.times);
  const all = operators.reduce((sum, { ms }) => sum + ms, 0);
  return { operators: operators.slice(0, 10), all, ...rest };
}

async function step(): Promise<Measured> {
  const folder = task.profile ? await mkdtemp(join(tmpdir(), 'kcr-gpu-')) : undefined;
  try {
    await using engine = new OnnxEngine({
      device: task.device,
      ...(folder ? { profile: join(folder, 'profile') } : {}),
    });
    const { trainer, batch, step: run } = makeStep(makeModel(), engine, task.batch);
    const state = Object.values(await engine.get(engine.names()));
    const stateBytes = state.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
    const stepBytes = await trainer.memory(['weights'], () => batch, task.batch);
    const losses: number[] = [];
    const times = await timed(async () => losses.push((await run()).loss));
    // The profile is written at the end of the session.
    if (folder) await engine.dispose();
    return {
      ...times,
      losses,
      ...(stepBytes === undefined ? {} : { expectedMB: (stateBytes + stepBytes) / 1e6 }),
      hostMB: hostMB(),
      ...(folder ? { profile: await readProfile(folder) } : {}),
    };
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

async function inference(): Promise<Measured> {
  const model = makeModel();
  await using engine = new OnnxEngine({ device: task.device });
  engine.set(model.initialize(new Generator(0)));
  await using run = compileInference(engine, model);
  const { image } = randomBatch(model, task.batch);
  let logits: number[] | undefined;
  const times = await timed(async () => {
    const given = await run({ image: image! });
    logits ??= [...given.logits!.data];
  });
  return { ...times, logits, hostMB: hostMB() };
}

/** Says it, and stays until whoever asked has seen what the device has. */
async function tell(found: object): Promise<void> {
  process.stdout.write(`${JSON.stringify(found)}\n`);
  for await (const _ of process.stdin);
}
await tell(await { probe, step, inference }[task.kind]());
