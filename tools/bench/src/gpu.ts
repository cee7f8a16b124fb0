// npm run bench -- gpu [--models a,b] [--batch N] [--profile] [--whole]: the engine on a GPU beside PyTorch's CUDA, eager and compiled,
// after a check that the GPU computes what the processor does; on a device in software where there is no other. Prints tables in Markdown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Target } from '@kcr/onnx';
import { softwareVulkan } from '../../integration/src/software-vulkan.ts';
import { usedNow } from './device-memory.ts';
import { type GpuTask, gpuModels, type Measured } from './gpu-task.ts';
import { type Computed, parityOf, TOLERANCE } from './parity.ts';
import { median, table } from './tables.ts';
import type { VulkanDevice } from './vulkan-devices.ts';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(gpuModels).join() },
    batch: { type: 'string' },
    profile: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
  },
});
const chosen = options.models.split(',');
const unknown = chosen.filter((name) => !gpuModels[name]);
if (unknown.length > 0)
  throw new Error(`--models ${unknown.join()}: there are ${Object.keys(gpuModels).join(', ')}`);
if (options.batch !== undefined && !/^[1-9]\d*$/.test(options.batch))
  throw new Error(`--batch ${options.batch}: a number of images from 1`);

const python = process.env.PYTHON ?? 'python3';
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const print = (text: string) => void process.stdout.write(`${text}\n`);
const began = performance.now();
const say = (text: string) => {
  const seconds = ((performance.now() - began) / 1e3).toFixed(0);
  process.stderr.write(`[${seconds} s] ${text}\n`);
};

/** Float32 throughout: ONNX Runtime would have CUDA round the factors of its products (TF32), as PyTorch would not by itself. */
const float32Variables = { NVIDIA_TF32_OVERRIDE: '0' };

/** A word every so many milliseconds, where a process says nothing. */
const SILENCE = 8000;
/** Characters of what a process says that a failure repeats. */
const LAST_WORDS = 2000;

/** A process's finding, and how much more of the devices' memory was used while it was there. */
type Found<T> = T & { readonly deviceMB?: number };

/** Runs a process that prints a line of JSON and stays until its input ends. */
async function finding<T>(
  label: string,
  command: string,
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<Found<T>> {
  const before = usedNow();
  const env = { ...process.env, ...float32Variables, ...variables };
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let heard = performance.now();
  let words = '';
  const waiting = setInterval(() => {
    if (performance.now() - heard >= SILENCE) say(`${label} ...`);
  }, SILENCE);
  createInterface(child.stderr).on('line', (line) => {
    words = `${words}${line}\n`.slice(-LAST_WORDS);
    if (!/^(step|inference) \d+/.test(line)) return;
    heard = performance.now();
    say(`${label}: ${line}`);
  });
  let result: Found<T> | undefined;
  createInterface(child.stdout).on('line', (line) => {
    if (result || !line.startsWith('{')) return;
    const after = usedNow();
    const more = before === undefined || after === undefined ? {} : { deviceMB: after - before };
    result = { ...(JSON.parse(line) as T), ...more };
    child.stdin.end();
  });
  try {
    const [status, signal] = await ended;
    if (!result) throw new Error(words.trim() || `${command} ended with ${status ?? signal}`);
    return result;
  } finally {
    clearInterval(waiting);
  }
}

/** The first line of a failure that says what was wrong. */
function reason(error: unknown): string {
  const lines = `${error instanceof Error ? error.message : error}`.split('\n');
  const line = lines.find((text) => /^\w*Error\b.*: /.test(text)) ?? lines.at(-1)!;
  return line.replace(/\/\S+\/onnxruntime\/\S+ /, '').slice(0, 300);
}

const engineRun = <T>(label: string, task: GpuTask, variables?: NodeJS.ProcessEnv) =>
  finding<T>(
    label,
    process.execPath,
    ['--import', 'tsx', path('gpu-run.ts'), JSON.stringify(task)],
    variables,
  );
const torchRun = <T>(label: string, ...args: string[]) =>
  finding<T>(label, python, [path('torch_gpu.py'), ...args]);

/** A device of the engine. */
interface Device {
  readonly device: Target;
  /** With what a table calls it. */
  readonly name: string;
  readonly software: boolean;
  readonly variables: NodeJS.ProcessEnv;
}

const probing: GpuTask = {
  kind: 'probe',
  device: 'cpu',
  model: '',
  few: true,
  batch: 1,
  warmUp: 0,
  times: 1,
  profile: false,
};

async function findCuda(): Promise<Device | undefined> {
  try {
    await engineRun('cuda', { ...probing, device: 'cuda' });
    print('- engine, cuda: a session opens');
    return { device: 'cuda', name: 'cuda', software: false, variables: {} };
  } catch (error) {
    print(`- engine, cuda: left out, no session opens: ${reason(error)}`);
    return undefined;
  }
}

async function openWebGpu(variables: NodeJS.ProcessEnv): Promise<Device> {
  type Probe = { vulkan?: VulkanDevice[] };
  const { vulkan } = await engineRun<Probe>('webgpu', { ...probing, device: 'webgpu' }, variables);
  const software = vulkan !== undefined && vulkan.length > 0 && vulkan.every((d) => d.software);
  const names = vulkan?.map(({ name }) => name).join(', or ');
  const what = names ? `${names}${software ? ', a device in software' : ''}` : 'name not known';
  print(`- engine, webgpu: a session opens; ${what}`);
  const name = software ? 'webgpu, in software' : 'webgpu';
  return { device: 'webgpu', name, software, variables };
}

async function findWebGpu(): Promise<Device | undefined> {
  try {
    return await openWebGpu({});
  } catch (error) {
    print(`- engine, webgpu: no session opens on a GPU: ${reason(error)}`);
  }
  if (!softwareVulkan) {
    print(
      "- engine, webgpu: left out, no device in software either, as Debian's chromium brings it",
    );
    return undefined;
  }
  try {
    return await openWebGpu(softwareVulkan);
  } catch (error) {
    print(`- engine, webgpu: left out, no session opens in software either: ${reason(error)}`);
    return undefined;
  }
}

async function findTorch(): Promise<boolean> {
  try {
    type Probe = { torch: string; cuda: boolean; name: string };
    const { torch, cuda, name } = await torchRun<Probe>('PyTorch', 'probe');
    print(
      `- PyTorch ${torch}: ${cuda ? `CUDA, ${name}` : 'left out, it has no CUDA device (torch.cuda.is_available())'}`,
    );
    return cuda;
  } catch (error) {
    print(`- PyTorch: left out, \`${python}\` does not load it with timm: ${reason(error)}`);
    return false;
  }
}

print('\n## Devices\n');
const opened = [await findCuda(), await findWebGpu()].filter((found) => found !== undefined);
const hasTorch = await findTorch();
const hasGpu = hasTorch || opened.some((device) => !device.software);
const devices = opened.filter((device) => !(hasGpu && device.software));
if (devices.length < opened.length)
  print('- engine, webgpu: left out, since it is in software and there is a GPU to measure');
const memory = usedNow();
print(
  memory === undefined
    ? '- nvidia-smi: says no memory of a device'
    : `- nvidia-smi: ${memory.toFixed(0)} MB of the devices' memory are in use before`,
);
if (devices.length === 0 && !hasTorch) {
  print(
    '\nThere is no GPU and no device in software: nothing was compared. docs/gpu.md says what each needs.',
  );
  process.exit();
}
const software = !hasGpu;
if (software)
  print(
    '\n**No GPU was found. These are times of a processor that acts as one; they say nothing of the speed of a GPU.** What they show is that the steps run and compute what the processor does.',
  );

const few = software && !options.whole;
const batch = Number(options.batch ?? (software ? 1 : 32));
const repeats = software ? 1 : 3;
const stepRuns = software ? { warmUp: 1, times: 1 } : { warmUp: 5, times: 20 };
const inferenceRuns = software ? { warmUp: 0, times: 1 } : { warmUp: 5, times: 30 };
/** Steps whose losses are compared. */
const compared = Math.min(3, stepRuns.warmUp + stepRuns.times);
const inferenceBatches = [1, 2 * batch];
/** Whether the timed steps are those that are profiled. */
const profiled = options.profile && software;

interface Contestant {
  readonly name: string;
  /** Absent for PyTorch, whose numbers are compared elsewhere. */
  readonly ours?: Device;
  run(task: GpuTask): Promise<Found<Measured>>;
}

const contestants: Contestant[] = [
  ...(hasTorch ? (['eager', 'compiled'] as const) : []).map(
    (how): Contestant => ({
      name: `PyTorch ${how}`,
      run: ({ kind, model, batch, warmUp, times }) =>
        torchRun(
          `${model}, PyTorch ${how}`,
          ...[kind, model, `${batch}`, `${warmUp}`, `${times}`, how],
        ),
    }),
  ),
  ...devices.map(
    (ours): Contestant => ({
      name: ours.name,
      ours,
      run: (task) =>
        engineRun(
          `${task.model}, ${ours.name}, ${task.batch} images`,
          { ...task, device: ours.device },
          ours.variables,
        ),
    }),
  ),
];

let failures = 0;

/** What a task found; a line instead where it failed. */
async function attempt(who: string, run: () => Promise<Found<Measured>>) {
  try {
    return await run();
  } catch (error) {
    failures++;
    print(`\n${who} failed: ${reason(error)}`);
    return undefined;
  }
}

/** The contestants whose numbers are right, with what each found in turn. */
type Results = Map<Contestant, Found<Measured>[]>;

/** Runs tasks of all contestants in turn, so that a drift of the machine falls on all. One that failed is left out. */
async function inTurn(who: readonly Contestant[], task: GpuTask): Promise<Results> {
  const results: Results = new Map(who.map((contestant) => [contestant, []]));
  for (let i = 0; i < repeats; i++)
    for (const [contestant, list] of [...results]) {
      const name = `${contestant.name}, ${task.kind}, ${task.batch} images`;
      const found = await attempt(name, () => contestant.run(task));
      if (found) list.push(found);
      else results.delete(contestant);
    }
  return results;
}

const medianOf = (list: readonly Found<Measured>[]) => median(list.map(({ ms }) => ms));

/** Median, images a second, and the ratio to the first of all. */
function timesOf(results: Results, list: readonly Found<Measured>[], images: number): string[] {
  const ms = medianOf(list);
  const [first] = results.values();
  const rate = ((1e3 * images) / ms).toPrecision(3);
  return [ms.toFixed(1), rate, (ms / medianOf(first!)).toFixed(2)];
}

type Size = 'deviceMB' | 'allocatedMB' | 'expectedMB' | 'hostMB' | 'firstMs';
const largest = (list: readonly Found<Measured>[], key: Size): string =>
  list[0]?.[key] === undefined ? '' : Math.max(...list.map((r) => r[key]!)).toFixed(0);

/** The name of a model in tables, with what is left of it. */
const titleOf = (name: string): string => {
  const { title, few: cut } = gpuModels[name]!;
  return few ? `${title} (${JSON.stringify(cut).replace(/[{}"]/g, '').replace(':', ' ')})` : title;
};

async function computedBy(
  contestant: Contestant,
  steps: Results,
  inferences: readonly Results[],
): Promise<Computed | undefined> {
  const found = [steps, ...inferences].map((results) => results.get(contestant)?.[0]);
  const [step, ...logits] = found;
  if (!step || logits.some((own) => !own)) return undefined;
  return {
    losses: step.losses!.slice(0, compared),
    logits: logits.map((own) => own!.logits!),
  };
}

async function compare(name: string): Promise<void> {
  print(`\n## ${titleOf(name)}, 224 px`);
  const of = (kind: GpuTask['kind'], images: number): GpuTask => ({
    kind,
    device: 'cpu',
    model: name,
    few,
    batch: images,
    ...(kind === 'step' ? stepRuns : inferenceRuns),
    profile: kind === 'step' && profiled,
  });
  const once = (task: GpuTask) =>
    attempt('The processor, which the others are compared with,', () =>
      engineRun(`${name}, cpu, ${task.batch} images`, task),
    );
  const reference: Found<Measured>[] = [];
  for (const task of [
    { ...of('step', batch), warmUp: 0, times: compared, profile: false },
    ...inferenceBatches.map((images) => ({ ...of('inference', images), warmUp: 0, times: 1 })),
  ]) {
    const found = await once(task);
    if (!found) return;
    reference.push(found);
  }
  const [stepReference, ...logitReferences] = reference;
  const steps = await inTurn(contestants, of('step', batch));
  const inferences: Results[] = [];
  for (const images of inferenceBatches)
    inferences.push(await inTurn(contestants, of('inference', images)));

  const lines: string[][] = [];
  for (const contestant of contestants.filter(({ ours }) => ours)) {
    const computed = await computedBy(contestant, steps, inferences);
    const parity =
      computed &&
      parityOf(computed, {
        losses: stepReference!.losses!,
        logits: logitReferences.map(({ logits }) => logits!),
      });
    if (!parity?.passed) {
      failures++;
      for (const results of [steps, ...inferences]) results.delete(contestant);
    }
    lines.push([
      contestant.name,
      parity?.losses.toExponential(1) ?? '',
      parity?.logits.toExponential(1) ?? '',
      parity
        ? parity.passed
          ? 'the same'
          : '**not the same: its times are not shown**'
        : 'failed',
    ]);
  }
  if (lines.length > 0)
    table(
      [
        'against the engine on cpu',
        `losses of ${compared} steps, of theirs`,
        `logits, of the largest`,
        `within ${TOLERANCE.losses} and ${TOLERANCE.logits}`,
      ],
      lines,
    );
  if (steps.size > 0)
    table(
      [
        `AdamW step, batch ${batch}`,
        'ms',
        'images/s',
        'ratio',
        'first step, ms',
        'device MB, measured',
        'device MB, expected',
        'device MB, of tensors',
        'host MB',
      ],
      [...steps].map(([contestant, list]) => [
        contestant.name,
        ...timesOf(steps, list, batch),
        largest(list, 'firstMs'),
        largest(list, 'deviceMB'),
        largest(list, 'expectedMB'),
        largest(list, 'allocatedMB'),
        largest(list, 'hostMB'),
      ]),
    );
  const rows = inferences.flatMap((results, i) =>
    [...results].map(([contestant, list]) => [
      `${inferenceBatches[i]}`,
      contestant.name,
      ...timesOf(results, list, inferenceBatches[i]!),
      largest(list, 'deviceMB'),
      largest(list, 'allocatedMB'),
      largest(list, 'hostMB'),
    ]),
  );
  if (rows.length > 0)
    table(
      [
        'inference, images',
        'engine',
        'ms',
        'images/s',
        'ratio',
        'device MB, measured',
        'device MB, of tensors',
        'host MB',
      ],
      rows,
    );
  if (!options.profile) return;
  for (const [contestant, [first]] of steps) {
    if (!contestant.ours) continue;
    // Profiles make steps slower, which matters where their time does.
    const found = profiled
      ? first
      : await attempt(`${contestant.name}, profile`, () =>
          contestant.run({ ...of('step', batch), warmUp: 3, times: 2, profile: true }),
        );
    if (!found?.profile) continue;
    const { operators, byDevice, onProcessor, all } = found.profile;
    table(
      [
        `costliest of a step, ${contestant.name}, timed by the ${byDevice ? 'device' : 'host, which does not wait for the device'}`,
        'ms',
        'of all',
        'times',
      ],
      operators.map((operator) => [
        operator.name,
        operator.ms.toFixed(2),
        `${((100 * operator.ms) / all).toFixed(1)} %`,
        `${operator.nodes}`,
      ]),
    );
    const left = Object.entries(onProcessor).map(([operator, nodes]) => `${operator} (${nodes})`);
    print(`\nRun by the processor: ${left.length > 0 ? left.join(', ') : 'no node'}.`);
  }
}

print(
  `\nBatch ${batch}. Medians of ${stepRuns.times} (steps) and ${inferenceRuns.times} (inference) timed runs after ${stepRuns.warmUp} and ${inferenceRuns.warmUp}, of processes that take turns, ${repeats} of each. Float32 without TF32. Images come from the host in each run; losses or logits go back.`,
);
for (const name of chosen) await compare(name);
if (failures > 0) {
  print(`\n${failures} of the comparisons failed.`);
  process.exitCode = 1;
}
