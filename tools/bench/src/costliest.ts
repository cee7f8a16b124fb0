/** An event of ONNX Runtime's profile: its kind, its start and its length in microseconds. */
export interface ProfileEvent {
  readonly cat?: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** What the nodes of one operator take together in a run, in milliseconds. */
export interface OperatorTime {
  readonly name: string;
  readonly ms: number;
  readonly nodes: number;
}

const KERNEL = '_kernel_time';

/** Events of a device, as WebGPU's (`Api`) and CUDA's (`Kernel`) are called. Without them, the host's times of nodes are what there is. */
const isOfDevice = ({ cat }: ProfileEvent) => cat === 'Api' || cat === 'Kernel';
const isNode = ({ cat, name }: ProfileEvent) => cat === 'Node' && name.endsWith(KERNEL);

/** The operator of an event. WebGPU names what it runs `node&operator&program`. */
const operatorOf = ({ name, args }: ProfileEvent): string =>
  args?.op_name ?? name.split('&').slice(1).filter(unlikeBefore).join(', ');

const unlikeBefore = (text: string, i: number, all: readonly string[]) => text !== all[i - 1];

/** Of runs that have the same events each, those of the last: the first ones compile. */
const lastRun = (events: readonly ProfileEvent[], runs: number): ProfileEvent[] =>
  events.toSorted((a, b) => a.ts - b.ts).slice(-Math.ceil(events.length / runs));

/** The operators of the last of so many runs, the costliest first, and which nodes ran on the processor. */
export function operatorTimes(events: readonly ProfileEvent[], runs: number) {
  const ofDevice = events.filter(isOfDevice);
  const nodes = events.filter(isNode);
  const byDevice = ofDevice.length > 0;
  const timed = byDevice ? ofDevice : nodes;
  const found = new Map<string, OperatorTime>();
  for (const event of timed.length > 0 ? lastRun(timed, runs) : []) {
    const name = operatorOf(event);
    const { ms, nodes } = found.get(name) ?? { ms: 0, nodes: 0 };
    found.set(name, { name, ms: ms + event.dur / 1e3, nodes: nodes + 1 });
  }
  const onProcessor: Record<string, number> = {};
  for (const { args } of nodes.length > 0 ? lastRun(nodes, runs) : [])
    if (args?.provider === 'CPUExecutionProvider') {
      const name = args.op_name ?? '';
      onProcessor[name] = (onProcessor[name] ?? 0) + 1;
    }
  return { operators: [...found.values()].sort((a, b) => b.ms - a.ms), byDevice, onProcessor };
}
