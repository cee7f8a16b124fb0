// npm run bench [-- step | inference | conv | refresh | bound | coco | lfs | tokens | dense | loader | deploy | processes | sync | recompute | gpu]: times engines and PyTorch in turn; prints tables in Markdown.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { layers, tokenMethods } from './models.ts';
import { refreshes } from './refresh.ts';
import { median, table } from './tables.ts';
import { MEMORY_KEPT } from './turns.ts';

interface Result {
  ms: number;
  peakMB?: number;
  compileMs?: number;
  macs?: number;
}

const given = process.argv.slice(2);
const firstOption = given.findIndex((text) => text.startsWith('-'));
const chosen = firstOption < 0 ? given : given.slice(0, firstOption);
const options = given.slice(chosen.length);

const REPEATS = 3;
const python = process.env.PYTHON ?? 'python3';
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

function run(command: string, args: string[], environment: Record<string, string> = {}): Result {
  const env = { ...process.env, ...environment };
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
const ours = (...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', path('measure.ts'), ...args]);
/** Runs a program beside this one, which prints its table itself. */
function program(file: string, ...args: string[]): void {
  const all = ['--import', 'tsx', path(file), ...args];
  const { status } = spawnSync(process.execPath, all, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}
/** With its memory kept, which is PyTorch at its best. */
const torch = (...args: string[]) => run(python, [path('torch_step.py'), ...args], MEMORY_KEPT);
const has = (module: string) => spawnSync(python, ['-c', `import ${module}`]).status === 0;
const hasTorch = has('torch');
const hasTimm = hasTorch && has('timm');
const hasTfjsNode = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].some((name) =>
  existsSync(path(`../../../node_modules/${name}`)),
);

/** Runs every contestant in turn, so that a drift of the machine falls on all. */
function inTurn(contestants: Record<string, () => Result>): Record<string, Result[]> {
  const results: Record<string, Result[]> = {};
  for (let i = 0; i < REPEATS; i++)
    for (const [name, measure] of Object.entries(contestants))
      (results[name] ??= []).push(measure());
  return results;
}

/** Puts PyTorch first, where what it needs is installed. */
const besideTorch =
  (installed: boolean) =>
  (contestants: Record<string, () => Result>, ...args: string[]) =>
    installed ? { 'PyTorch eager': () => torch(...args), ...contestants } : contestants;
const withTorch = besideTorch(hasTorch);
/** For timm's models. */
const withTimm = besideTorch(hasTimm);
/** Steps of a model, one of each engine and of PyTorch in turn. */
function stepTable(model: string, script: string | undefined): void {
  const beside = script ? ['--torch', `${python} ${path(script)}`] : [];
  program('step-turns.ts', ...beside, model, 'onnx', ...(hasTfjsNode ? ['tensorflow'] : []));
}

function steps(): void {
  for (const model of ['a', 'b']) stepTable(model, hasTorch ? 'torch_step.py' : undefined);
}

function convolutions(): void {
  const lines = Object.keys(layers).map((name) => {
    const results = inTurn(withTorch({ onnx: () => ours('layer', name) }, 'layer', name));
    const [ms, base] = ['onnx', 'PyTorch eager'].map((key) =>
      results[key] ? median(results[key].map((r) => r.ms)) : Number.NaN,
    ) as [number, number];
    return [name, base.toFixed(2), ms.toFixed(2), (ms / base).toFixed(2)];
  });
  table(['forward and backward, batch 4', 'PyTorch eager, ms', 'onnx, ms', 'ratio'], lines);
  const latencies: string[][] = [];
  for (const model of ['mobilevit_s', 'swin_tiny_patch4_window7_224']) {
    stepTable(model, hasTimm ? 'torch_step.py' : undefined);
    const run = () => ours('latency', model, '4', 'dense', '1');
    const results = inTurn(withTimm({ onnx: run }, model, 'latency', '4'));
    const base = median(Object.values(results)[0]!.map((r) => r.ms));
    for (const [name, list] of Object.entries(results)) {
      const ms = median(list.map((r) => r.ms));
      latencies.push([model, name, ms.toFixed(1), (ms / base).toFixed(2)]);
    }
  }
  table(['inference, batch 4', 'engine', 'ms', 'ratio'], latencies);
}

function inference(): void {
  const lines: string[][] = [];
  for (const [model, batch] of [
    ['a', '1'],
    ['a', '64'],
    ['b', '1'],
    ['b', '8'],
  ] as const) {
    const variants: [string, string][] = [
      ['dense', '1'],
      ['io', '0.6'],
      ['hidden', '0.6'],
    ];
    const contestants = Object.fromEntries(
      variants.map(([role, ratio]) => [role, () => ours('latency', model, batch, role, ratio)]),
    );
    const results = inTurn(withTorch(contestants, model, 'latency', batch));
    const of = (name: string) => median(results[name]!.map((r) => r.ms));
    const macs = (name: string) => results[name]![0]!.macs!;
    for (const name of Object.keys(results)) {
      const compact = name === 'io' || name === 'hidden';
      const saved = compact ? 1 - of(name) / of('dense') : 0;
      const fewer = compact ? 1 - macs(name) / macs('dense') : 0;
      const percent = (x: number) => (compact ? `${(100 * x).toFixed(1)} %` : '');
      const label = compact ? `onnx, 60 % of ${name}` : name.replace('dense', 'onnx, dense');
      lines.push([
        `${model}, ${batch}`,
        label,
        of(name).toFixed(2),
        percent(fewer),
        percent(saved),
        compact ? (saved / fewer).toFixed(2) : '',
      ]);
    }
  }
  table(['model, batch', 'engine', 'ms', 'fewer MACs', 'less time', 'time / MACs'], lines);
}

/** UperNet and Mask R-CNN on a small Swin, 256 px. */
function dense(): void {
  for (const model of ['upernet', 'mask_rcnn'])
    stepTable(model, hasTimm ? 'torch_dense_step.py' : undefined);
}

/** Images a second that a model is trained with, at which shares of an epoch are told. */
const RATES = [100, 1000];
const IMAGES = 1_281_167;
/** Multiplications and additions of a ViT-B's training step for an image, three times those of its forward pass. */
const STEP_MADDS = 3 * 16.9e9;

function refresh(): void {
  const all: Record<string, object> = {};
  const sizes = ['192', '384', '768', '1024'].map((d) => {
    const r = ours('decomposition', d) as unknown as Record<'ms' | 'theirs' | 'apart', number> &
      Record<'own' | 'other', Record<'residual' | 'orthogonality', number>>;
    all[`eigenpairs, d = ${d}`] = r;
    const digits = (x: number) => x.toExponential(0);
    return [
      d,
      r.theirs.toFixed(0),
      r.ms.toFixed(0),
      (r.theirs / r.ms).toFixed(1),
      digits(r.own.residual),
      digits(r.own.orthogonality),
      digits(r.other.residual),
      digits(r.other.orthogonality),
      digits(r.apart),
    ];
  });
  const header = ['d', 'ml-matrix, ms', 'here, ms', 'times as fast', 'residual', 'orthogonality'];
  table([...header, "ml-matrix' residual", 'its orthogonality', 'values apart'], sizes);
  const lines = Object.keys(refreshes).map((name) => {
    const r = ours('refresh', name) as unknown as Record<
      'cpu' | 'madds' | 'read' | 'peakMB',
      number
    > & { part?: number };
    all[name] = r;
    const share = (rate: number) => {
      // A forward pass is a third of a step.
      const seconds = r.cpu / 1e3 + r.read / (3 * rate);
      return `${((100 * seconds * rate) / IMAGES).toFixed(2)} %`;
    };
    return [
      name,
      r.read.toLocaleString('en'),
      (r.cpu / 1e3).toFixed(1),
      (r.madds / 1e9).toFixed(0),
      ...RATES.map(share),
      `${((100 * (r.madds + (r.read * STEP_MADDS) / 3)) / (IMAGES * STEP_MADDS)).toFixed(3)} %`,
      r.peakMB.toFixed(0),
      r.part ? r.part.toLocaleString('en') : '',
    ];
  });
  const shares = RATES.map((rate) => `of an epoch at ${rate} images/s`);
  table(
    [
      'refresh',
      'images read',
      's',
      'G mult.-adds',
      ...shares,
      'by count',
      'peak MB',
      'scaled from',
    ],
    lines,
  );
  writeFileSync(path('../refresh.json'), `${JSON.stringify(all, null, 2)}\n`);
}

function bounds(): void {
  const lines = [
    ['mobilevit, 64 px', '2000'],
    ['mobilevit_s', '10000'],
  ].map(([model, images]) => {
    const r = ours('bound', model!, images!) as unknown as Record<string, number>;
    const percent = (value: number, of: number) => `${((100 * value) / of).toFixed(1)} %`;
    const seconds = (ms: number) => (ms / 1e3).toFixed(1);
    return [
      model!,
      images!,
      r.plain!.toFixed(1),
      percent(r.bound! - r.plain!, r.plain!),
      percent(r.mask! - r.plain!, r.plain!),
      seconds(r.epoch!),
      `${seconds(r.refresh!)} (${percent(r.refresh!, r.epoch!)})`,
      seconds(r.first!),
    ];
  });
  const header = ['model', 'images', 'step, ms', 'bound, more', 'q/k mask, more'];
  table([...header, 'epoch, s', 'refresh, s', 'first refresh, s'], lines);
}

function tokens(): void {
  const lines: string[][] = [];
  for (const batch of ['1', '8']) {
    const methods = ['dense', ...Object.keys(tokenMethods)];
    const results = inTurn(
      Object.fromEntries(methods.map((name) => [name, () => ours('tokens', 'b', batch, name)])),
    );
    const of = (name: string) => median(results[name]!.map((r) => r.ms));
    const macs = (name: string) => results[name]![0]!.macs!;
    const less = (value: number, whole: number) => `${(100 * (1 - value / whole)).toFixed(1)} %`;
    for (const name of methods)
      lines.push([
        `b, ${batch}`,
        name,
        (macs(name) / 1e6).toFixed(0),
        of(name).toFixed(1),
        less(macs(name), macs('dense')),
        less(of(name), of('dense')),
      ]);
  }
  table(['model, batch', 'tokens', 'MACs, M', 'ms', 'fewer MACs', 'less time'], lines);
}

function coco(): void {
  const { gt, dt } = ours('makeCoco', '2000', '50') as unknown as Record<'gt' | 'dt', string>;
  const theirs = (type: string) => run(python, [path('coco_eval.py'), gt, dt, type]);
  const lines = ['bbox', 'segm'].map((type) => {
    const here = () => ours('coco', gt, dt, type);
    const results = inTurn({
      here,
      ...(has('pycocotools') ? { pycocotools: () => theirs(type) } : {}),
    });
    const of = (name: string) => median((results[name] ?? []).map((r) => r.ms)) / 1e3;
    return [
      type,
      of('pycocotools').toFixed(2),
      of('here').toFixed(2),
      (of('here') / of('pycocotools')).toFixed(2),
    ];
  });
  table(['2,000 images x 50 detections', 'pycocotools, s', 'here, s', 'ratio'], lines);
}

function sensitivity(): void {
  const lines = [
    ['a', '2000'],
    ['b', '400'],
  ].map(([model, images]) => {
    const r = ours('lfs', model!, images!) as unknown as Record<
      'epoch' | 'paper' | 'turns' | 'code',
      number
    >;
    const seconds = (ms: number) => (ms / 1e3).toFixed(1);
    const ratio = (ms: number) => `${seconds(ms)} (${(ms / r.epoch).toFixed(2)})`;
    return [model!, images!, seconds(r.epoch), ratio(r.paper), ratio(r.turns), ratio(r.code)];
  });
  table(
    [
      '2,000 images, model',
      'training pass, s',
      "LFS, paper's form",
      'its losses in turns',
      "LFS, code's form",
    ],
    lines,
  );
}

/** Reading of training images, with one worker and with two. */
function loader(): void {
  const { folder, kilobytes } = ours('makeImages') as unknown as Record<'folder', string> &
    Record<'kilobytes', number>;
  const theirs = (workers: string) => run(python, [path('loader.py'), folder, workers]);
  const numbers = ['1', '2'];
  const results = inTurn(
    Object.fromEntries(
      numbers.flatMap((n) => [
        ...(hasTimm ? [[`PIL, timm ${n}`, () => theirs(n)] as const] : []),
        [`here ${n}`, () => ours('loadImages', folder, n)] as const,
      ]),
    ),
  );
  rmSync(folder, { recursive: true });
  const of = (name: string) => median((results[name] ?? []).map((r) => r.ms));
  const lines = numbers.map((n) => {
    const [pil, here] = [of(`PIL, timm ${n}`), of(`here ${n}`)];
    const faster = (of('here 1') / here).toFixed(2);
    return [n, pil.toFixed(2), here.toFixed(2), (here / pil).toFixed(2), faster];
  });
  const files = `224 px of 500 x 375 JPEG of ${kilobytes.toFixed(0)} kB, workers`;
  const header = [files, 'PIL + timm, ms an image', 'here, ms', 'ratio', 'as fast as with one'];
  table(header, lines);
}

/** Dense and compact files beside PyTorch's, with one thread and with one for each core. */
function deploy(): void {
  for (const threads of new Set(['1', `${cpus().length}`])) {
    program('deploy.ts', threads, ...(hasTimm ? [python] : []));
  }
}

/** GPUs beside PyTorch's CUDA, or a software device; what follows the name are its options. */
function gpu(): void {
  program('gpu.ts', ...options);
}

/** What a process of several does, by the words that start it. @returns what the first one prints */
function together<T>(starter: readonly string[], ...args: readonly string[]): T {
  const [command, ...rest] = [
    ...starter,
    process.execPath,
    '--import',
    'tsx',
    path('processes.ts'),
  ];
  const { stdout, stderr, status } = spawnSync(command!, [...rest, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${starter.join(' ')} ${args.join(' ')}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

const MPIRUN = ['mpirun.openmpi', '--allow-run-as-root', '--oversubscribe'];

/** Rates of a network that is made slow on purpose, in gigabits a second. */
const NETWORKS = [10, 1];

/** Runs with a network of its own of some rate, which needs Linux and its administrator; nothing where it cannot be made. */
function atRate<T>(gigabits: number, run: (starter: readonly string[]) => T): T | undefined {
  const name = `kcr-bench-${process.pid}`;
  const inside = ['ip', 'netns', 'exec', name];
  const made = [
    ['ip', 'netns', 'add', name],
    [...inside, 'ip', 'link', 'set', 'lo', 'up'],
    [
      ...inside,
      ...`tc qdisc add dev lo root tbf rate ${gigabits}gbit burst 4mb latency 50ms`.split(' '),
    ],
  ].every(([command, ...args]) => spawnSync(command!, args).status === 0);
  try {
    const overNetwork = ['--mca', 'pml', 'ob1', '--mca', 'btl', 'tcp,self'];
    const onlyLoopback = ['--mca', 'btl_tcp_if_include', 'lo'];
    return made ? run([...inside, ...MPIRUN, ...overNetwork, ...onlyLoopback]) : undefined;
  } finally {
    spawnSync('ip', ['netns', 'del', name]);
  }
}

interface Sum {
  readonly numbers: number;
  readonly least: number;
  readonly median: number;
}

/** Two processes of one core, each with its own batch statistics and with those of both; the least of several runs of each in turn. */
function sync(): void {
  type Step = { step: number; peak: number; memory: number };
  for (const [model, images] of [
    ['mobilevit_s', 8],
    ['efficientvit_b1', 8],
  ] as const) {
    const runs = Array.from({ length: REPEATS }, () =>
      ['own', 'sync'].map((statistics) =>
        together<Step>([...MPIRUN, '-np', '2'], 'step', model, `${images}`, '1', statistics),
      ),
    );
    const rows = ['of each', 'of both'].map((name, i) => {
      const least = Math.min(...runs.map((run) => run[i]!.step));
      const { peak, memory } = runs.at(-1)![i]!;
      return [
        name,
        least.toFixed(0),
        median(runs.map((run) => run[i]!.step / run[0]!.step)).toFixed(2),
        megabytes(peak),
        megabytes(memory),
      ];
    });
    const header = [`${model}, ${images} images`, 'ms', 'time', 'peak, MB', 'expected, MB'];
    table(header, rows);
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

/** Two processes of one core beside one process of two: the same batch shared out, and twice the batch; and what sums cost. */
function processes(): void {
  for (const [model, images] of [
    ['deit_tiny_patch16_224', 16],
    ['vit_small_patch16_224', 8],
  ] as const) {
    type Step = { step: number; exchange: number; parameters: number };
    const two = [...MPIRUN, '-np', '2'];
    const rows: [string, number, () => Step][] = [
      ['1 process, 1 core', images, () => together([], 'step', model, `${images}`, '1')],
      ['1 process, 2 cores', images, () => together([], 'step', model, `${images}`, '2')],
      ['2 processes, 1 core each', images, () => together(two, 'step', model, `${images}`, '1')],
      [
        '2 processes, 1 core each',
        2 * images,
        () => together(two, 'step', model, `${2 * images}`, '1'),
      ],
    ];
    const least = rows.map(([, , run]) =>
      Array.from({ length: REPEATS }, run).reduce((a, b) => (a.step < b.step ? a : b)),
    );
    const rate = (i: number) => rows[i]![1] / least[i]!.step;
    const lines = rows.map(([name, batch], i) => {
      const { step, exchange } = least[i]!;
      return [
        name,
        `${batch}`,
        step.toFixed(0),
        exchange.toFixed(1),
        (1000 * rate(i)).toFixed(2),
        (rate(i) / rate(0)).toFixed(2),
      ];
    });
    const header = [
      `${model}, update`,
      'images',
      'ms',
      'of it exchange',
      'images/s',
      'against one core',
    ];
    table(header, lines);
  }
  const counts = ['1', '1000', '100000', '1430000', '5717416', '22050664'];
  const lines = [
    ['memory of one machine', together<Sum[]>([...MPIRUN, '-np', '2'], 'exchange', ...counts)],
    ...NETWORKS.map((rate) => [
      `network of ${rate} Gbit/s`,
      atRate(rate, (starter) => together<Sum[]>([...starter, '-np', '2'], 'exchange', ...counts)),
    ]),
  ] as [string, Sum[] | undefined][];
  table(
    [
      'sum over two processes, ms',
      ...counts.map((n) => `${((4 * Number(n)) / 1e6).toFixed(1)} MB`),
    ],
    lines.map(([name, sums]) => [name, ...(sums?.map(({ least }) => least.toFixed(2)) ?? [])]),
  );
}

/** Models, and images of a step. */
const RECOMPUTED = {
  deit_tiny_patch16_224: 16,
  vit_small_patch16_224: 8,
  swin_tiny_patch4_window7_224: 8,
  mobilevit_s: 8,
  efficientvit_b1: 8,
  lvvit_s: 4,
};

/** Time against memory of steps that compute activations again. */
function recompute(): void {
  const lines = Object.entries(RECOMPUTED).map(([model, images]) => {
    const step = (again: string) => () => ours('recompute', model, `${images}`, again);
    const results = inTurn({ kept: step('no'), again: step('yes') });
    const of = (name: string) => ({
      ms: Math.min(...results[name]!.map(({ ms }) => ms)),
      peakMB: Math.max(...results[name]!.map(({ peakMB }) => peakMB!)),
    });
    const [kept, again] = [of('kept'), of('again')];
    return [
      `${model}, ${images}`,
      kept.ms.toFixed(0),
      again.ms.toFixed(0),
      (again.ms / kept.ms).toFixed(2),
      kept.peakMB.toFixed(0),
      again.peakMB.toFixed(0),
      (again.peakMB / kept.peakMB).toFixed(2),
    ];
  });
  table(
    ['step, images', 'kept, ms', 'again, ms', 'time', 'kept, MB', 'again, MB', 'memory'],
    lines,
  );
}

const parts: Record<string, () => void> = {
  step: steps,
  inference,
  conv: convolutions,
  refresh,
  bound: bounds,
  coco,
  lfs: sensitivity,
  tokens,
  dense,
  loader,
  deploy,
  processes,
  sync,
  recompute,
  gpu,
};
process.stdout.write(
  `${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}${hasTorch ? '' : ', no PyTorch found'}\n`,
);
for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
  if (!parts[name] || (options.length > 0 && chosen.join() !== 'gpu'))
    throw new Error(
      `usage: npm run bench [-- ${Object.keys(parts).join(' | ')}], and options after gpu alone`,
    );
  parts[name]!();
}
