import {
  type ArraySlot,
  type Dim,
  float32,
  gateChannels,
  type Model,
  type NdArray,
  type PluginRun,
  prunableDims,
  type Scores,
  type TapInfo,
  type Tensor,
  tf,
} from '@kcr/core';
import { attentionInputs, type PatchGates } from './patch-gates.ts';

export interface SlimWeights {
  /** Roles of the dimensions that get gates. Default: all that can be pruned. */
  dims?: readonly string[];
  /** Weight of the gates' L1 norm by role; `others` for those not named. Default 1e-4. */
  l1?: Readonly<Record<string, number>>;
  /** Weight of the patch gates' L1 norm, 1e-4 in the paper; on models whose tokens are a set. Default: no patch gates. */
  patches?: number;
}

/** Default weights: attention 2e-4, the MLP's hidden channels 5e-5, what is left 1e-4. */
const PUBLISHED = { qk: 2e-4, v: 2e-4, hidden: 5e-5, others: 1e-4 };

/** A patch gate is tanh(p), and this is the first p. */
const FIRST_PATCH = 3;

/** One vector of gates and the dimensions that it multiplies. */
interface Gate {
  readonly name: string;
  readonly role: string;
  readonly dims: readonly Dim[];
}

/** Gates by kind of layer: those of attention, of hidden channels, and so on have a threshold each. */
const gateKind = (role: string): string => (role === 'v' ? 'qk' : role);

/** Whether two dimensions are of the same heads and have the same channels of them. */
const alike = (a: Dim, b: Dim): boolean =>
  a.groupSet !== undefined &&
  a.groupSet === b.groupSet &&
  a.size === b.size &&
  a.kept?.join() === b.kept?.join();

/**
 * The gates of a model. q, k and v of a head have the same ones, as in ViT-Slim, unless other channels are left of v than
 * of q and k.
 */
function gatesOf(model: Model, roles?: readonly string[]): Gate[] {
  const gates: Gate[] = [];
  for (const dim of prunableDims(model, roles)) {
    const at = gates.findIndex(({ dims: [first] }) => alike(first!, dim));
    const gate = gates[at];
    if (gate) gates[at] = { ...gate, dims: [...gate.dims, dim] };
    else gates.push({ name: dim.name, role: dim.role, dims: [dim] });
  }
  return gates;
}

/** A run's gates. */
export interface SlimHooks {
  tap(value: Tensor, info: TapInfo): Tensor;
  /** The L1 norms, weighed. */
  loss(): Tensor;
  /** The gates as they are, signed. */
  scores(): Promise<Map<string, Float32Array>>;
  /** tanh(p) of the tokens that each block attends to, class token included. */
  patches(): Promise<PatchGates>;
}

const sizeTerm = (gates: Tensor, weight: number): Tensor => tf.mul(tf.sum(tf.abs(gates)), weight);

/** The patch gates' p by the tap that they multiply. */
function patchSlots(run: PluginRun): Map<string, ArraySlot> {
  const inputs = attentionInputs(run.model);
  return new Map(
    inputs.map(({ name, tokens }) => [
      name,
      run.parameter(`patches.${name}`, float32([tokens, 1], FIRST_PATCH)),
    ]),
  );
}

const readAll = (slots: Iterable<ArraySlot>): Promise<NdArray[]> =>
  Promise.all([...slots].map((slot) => slot.read()));

/** Attaches gates to a run. @throws KcrError `DIM_ROLES`, `TOKENS_GRID` for patch gates on a grid */
export function attachGates(run: PluginRun, options: SlimWeights): SlimHooks {
  const weights: Readonly<Record<string, number>> = { ...PUBLISHED, ...options.l1 };
  const { patches: patchWeight } = options;
  const gates = gatesOf(run.model, options.dims).map((gate) => ({
    ...gate,
    slot: run.parameter(gate.name, float32([gate.dims[0]!.size], 1)),
  }));
  const byDim = new Map(
    gates.flatMap(({ dims, slot }) => dims.map(({ name }): [string, ArraySlot] => [name, slot])),
  );
  const patches = patchWeight === undefined ? new Map<string, ArraySlot>() : patchSlots(run);
  return {
    tap(value, info) {
      const patch = patches.get(info.name);
      return patch
        ? tf.mul(value, tf.tanh(patch.value))
        : gateChannels(value, info, ({ name }) => byDim.get(name)?.value);
    },
    loss: () =>
      [
        ...gates.map(({ role, slot }) => sizeTerm(slot.value, weights[role] ?? weights.others!)),
        ...[...patches.values()].map(({ value }) => sizeTerm(tf.tanh(value), patchWeight ?? 0)),
      ].reduce((sum, term) => tf.add(sum, term)),
    async scores() {
      const read = await readAll(byDim.values());
      return new Map([...byDim.keys()].map((name, i) => [name, Float32Array.from(read[i]!.data)]));
    },
    patches: async () =>
      (await readAll(patches.values())).map(({ data }) => Float32Array.from(data, Math.tanh)),
  };
}

/**
 * How many channels of a dimension have gates above the threshold of their kind, one for all layers that leaves a share
 * of the gates of that kind.
 */
export function countsByThreshold(
  model: Model,
  scores: Scores,
  share: number,
): (dim: Dim, values: ArrayLike<number>) => number {
  const pools = new Map<string, number[]>();
  for (const [name, values] of scores) {
    const kind = gateKind(model.dims.get(name)!.role);
    pools.set(kind, [...(pools.get(kind) ?? []), ...Array.from(values)]);
  }
  const thresholds = new Map(
    [...pools].map(([kind, values]) => {
      const sorted = values.sort((a, b) => a - b);
      return [kind, sorted[Math.min(Math.floor((1 - share) * sorted.length), sorted.length - 1)]!];
    }),
  );
  return ({ role }, values) => {
    const threshold = thresholds.get(gateKind(role))!;
    return Array.from(values).filter((value) => value >= threshold).length;
  };
}
