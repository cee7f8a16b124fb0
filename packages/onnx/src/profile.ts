import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as ort from 'onnxruntime-node';
import { INPUT } from './export.ts';
import { openSession } from './session.ts';

/** How long ONNX Runtime takes for one node of a graph, as it runs it: fused, and in the order of the run. */
export interface NodeTime {
  /** As in the file, `blocks.3.mlp.fc1/MatMul`, or what ONNX Runtime made of it. */
  readonly name: string;
  /** Operator, e.g. `Gemm`. */
  readonly op: string;
  /** The least of all runs, in milliseconds: a kernel is short, and what else the machine does only adds to it. */
  readonly ms: number;
}

/** What ONNX Runtime writes of a run: of each event its kind, and of a node's kernel its time in microseconds. */
interface TraceEvent {
  readonly cat?: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const KERNEL = '_kernel_time';

/**
 * Where the time of an exported model goes: each node's, by ONNX Runtime's own profile. The profile itself takes some microseconds
 * a node, so that the sum is above the time of a run without it.
 */
export async function profileNodes(
  bytes: Uint8Array,
  pixels: ort.Tensor,
  { runs, threads }: { runs: number; threads?: number },
): Promise<NodeTime[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-profile-'));
  try {
    await using session = await openSession(bytes, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    });
    for (let run = 0; run < runs; run++) await session.run({ [INPUT]: pixels });
    session.endProfiling();
    const [file] = await readdir(folder);
    return nodeTimes(JSON.parse(await readFile(join(folder, file!), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The least time of each of a profile's nodes. */
function nodeTimes(events: readonly TraceEvent[]): NodeTime[] {
  const times = new Map<string, { op: string; spent: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith(KERNEL)) continue;
    const node = name.slice(0, -KERNEL.length);
    const known = times.get(node) ?? { op: args?.op_name ?? '', spent: [] };
    known.spent.push(dur / 1e3);
    times.set(node, known);
  }
  return [...times].map(([name, { op, spent }]) => ({
    name,
    op,
    ms: Math.min(...spent),
  }));
}
