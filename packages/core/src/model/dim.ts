import { KcrError } from '../ground/error.ts';

/** What may be done to a named dimension. */
export interface DimOptions {
  /** Groups of equal size (heads): a selection keeps equally many channels in each group it keeps. */
  groups?: number;
  /** What the groups are, for dimensions of one scope whose selections must keep the same ones (heads). */
  groupSet?: string;
  /** The kept count must be a multiple of this. Default 1. */
  multipleOf?: number;
  /** Fewest channels to keep. Default `multipleOf`. */
  min?: number;
  /** Whether a selection may shrink it at all. Default true. */
  prunable?: boolean;
}

/** A named axis of a model's parameters and values. Indices count in the unpruned dimension. */
export interface Dim {
  /** Path in the model, e.g. `blocks.3.mlp.io`. */
  readonly name: string;
  /** Last part of the name: what the axis is (`io`, `hidden`, `qk`, `v`), in every model. */
  readonly role: string;
  /** Channels now. */
  readonly size: number;
  /** Channels before any pruning. */
  readonly full: number;
  /** Kept channels, ascending; absent while all are kept. */
  readonly kept?: readonly number[];
  /** Groups now; their ids before pruning are `groupIds`. */
  readonly groups: number;
  readonly groupIds: readonly number[];
  readonly fullGroups: number;
  /** Dimensions with the same one keep the same groups. */
  readonly groupSet?: string;
  readonly multipleOf: number;
  readonly min: number;
  readonly prunable: boolean;
  /** For a view: the dimension whose channels these are. */
  readonly of?: Dim;
}

/** The channels of one group of a dimension, where a parameter's axis goes head by head. */
export interface DimGroup {
  readonly dim: Dim;
  /** Position among the groups that there are now. */
  readonly group: number;
}

/** A dimension, one group of it, or a fixed size. */
export type AxisPart = Dim | DimGroup | number;

/** One axis of a parameter: a part, or several one after another. */
export type Axis = AxisPart | readonly AxisPart[];

/** The parts of an axis, in order. */
export const axisParts = (axis: Axis): readonly AxisPart[] =>
  Array.isArray(axis) ? axis : [axis as AxisPart];

/** The dimension whose channels a part has, if any. */
export const partDim = (part: AxisPart): Dim | undefined => {
  if (typeof part === 'number') return undefined;
  return 'dim' in part ? part.dim : part;
};

/** Share of its dimension's channels that a part has: 1, or one group of several. */
export const partShare = (part: AxisPart): number =>
  typeof part !== 'number' && 'dim' in part ? 1 / part.dim.groups : 1;

const partSize = (part: AxisPart) =>
  typeof part === 'number' ? part : partDim(part)!.size * partShare(part);

/** Length of an axis now. */
export const axisSize = (axis: Axis): number =>
  axisParts(axis).reduce<number>((sum, part) => sum + partSize(part), 0);

/** For each position of an axis, the dimension and the channel of it that the position is, if any. */
export const axisChannels = (axis: Axis): ({ dim: Dim; channel: number } | undefined)[] =>
  axisParts(axis).flatMap((part) => {
    const dim = partDim(part);
    const first =
      dim && typeof part !== 'number' && 'dim' in part ? part.group * partSize(part) : 0;
    return Array.from({ length: partSize(part) }, (_, i) => dim && { dim, channel: first + i });
  });

/** Kept channels by dimension name, as indices into the unpruned dimensions. */
export type Kept = Readonly<Record<string, readonly number[]>>;

/** Makes a dimension of `full` channels, of which `kept` remain. @throws KcrError `DIM_GROUPS` */
export function makeDim(
  name: string,
  full: number,
  { kept, of, ...options }: DimOptions & Pick<Dim, 'kept' | 'of'> = {},
): Dim {
  const fullGroups = options.groups ?? 1;
  if (full % fullGroups !== 0)
    throw new KcrError('DIM_GROUPS', {
      where: name,
      found: `${full} channels in ${fullGroups} groups`,
      fix: 'Choose a size that the groups divide',
    });
  const groupIds = survivingGroups(name, full, kept, fullGroups);
  const multipleOf = options.multipleOf ?? 1;
  const role = name.slice(name.lastIndexOf('.') + 1);
  return {
    name,
    role,
    size: kept?.length ?? full,
    full,
    kept,
    groups: groupIds.length,
    groupIds,
    fullGroups,
    groupSet: options.groupSet && name.slice(0, -role.length) + options.groupSet,
    multipleOf,
    min: options.min ?? multipleOf,
    prunable: options.prunable ?? true,
    of,
  };
}

function survivingGroups(
  name: string,
  full: number,
  kept: readonly number[] | undefined,
  groups: number,
): number[] {
  if (!kept) return Array.from({ length: groups }, (_, g) => g);
  const counts = new Map<number, number>();
  for (const index of kept) {
    const group = Math.floor((index * groups) / full);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  if (new Set(counts.values()).size > 1)
    throw new KcrError('DIM_GROUPS', {
      where: name,
      found: `groups with ${[...counts.values()].join(', ')} kept channels`,
      fix: 'Keep equally many channels in each group, or drop a group whole',
    });
  return [...counts.keys()].sort((a, b) => a - b);
}

/** Positions of `to`'s channels among `from`'s, where both are of one dimension; absent while all are kept. */
export function positionsIn(from: Dim, to: Dim): readonly number[] | undefined {
  if (from.size === to.size) return undefined;
  const position = new Map((from.kept ?? [...Array(from.full).keys()]).map((c, i) => [c, i]));
  return (to.kept ?? []).map((channel) => position.get(channel) as number);
}

/**
 * Positions, within a part of an axis, of the channels that are left in the dimension `to`; absent while
 * all are.
 */
export function partPositions(part: AxisPart, to: Dim): readonly number[] | undefined {
  const dim = partDim(part) as Dim;
  const positions = positionsIn(dim, to);
  if (!positions || typeof part === 'number' || !('dim' in part)) return positions;
  const width = dim.size / dim.groups;
  const start = part.group * width;
  return positions.filter((i) => i >= start && i < start + width).map((i) => i - start);
}

/** Positions of a view's channels in the dimension it looks at; absent while it sees all of them. */
export const viewIndices = (view: Dim): readonly number[] | undefined =>
  view.of && positionsIn(view.of, view);
