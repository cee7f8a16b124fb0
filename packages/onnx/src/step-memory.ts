import type { StepMemory } from '@kcr/core';
import { graphMemory } from './graph-memory.ts';
import { isCut, isOfState, isPass, UPDATE } from './ports.ts';
import type { OnnxGraph } from './proto.ts';
import type { Segment } from './segments.ts';

/** A segment as ONNX. */
export interface LoweredSegment extends Segment {
  readonly lowered: OnnxGraph;
}

/** What a run of a lowered step takes besides the state. */
export function stepMemory(segments: readonly LoweredSegment[]): StepMemory {
  const memories = segments.map(({ lowered }) => graphMemory(lowered));
  const sum = (of: readonly number[]) => of.reduce((all, bytes) => all + bytes, 0);
  const outside = new Map(memories.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  const own = [...outside].filter(([port]) => !isOfState(port) && !isCut(port) && !isPass(port));
  const constants = sum(memories.map((memory) => memory.constants));
  // Each segment keeps its own: without, all of it would be new memory in each run, which takes three times as long.
  const arena = sum(memories.map((memory) => memory.arena));
  const updates = [...outside].filter(([port]) => port.startsWith(UPDATE));
  const news = updates.map(([port, bytes]) => [port.slice(UPDATE.length), bytes] as const);
  const run = sum(own.map(([, bytes]) => bytes)) + constants + arena;
  return { run, shared: Object.fromEntries([...news, ...passedOn(segments, outside)]) };
}

/** Buffers of what segments and chains read of others, which runs pass on, named by their size and place among those of it. */
function passedOn(
  segments: readonly LoweredSegment[],
  bytes: ReadonlyMap<string, number>,
): (readonly [string, number])[] {
  const held = new Set<string>();
  const most = new Map<number, number>();
  for (const { lowered, ended } of segments) {
    for (const { name } of lowered.outputs) if (isCut(name) || isPass(name)) held.add(name);
    const counts = new Map<number, number>();
    for (const name of held) {
      const size = bytes.get(name)!;
      counts.set(size, (counts.get(size) ?? 0) + 1);
    }
    for (const [size, count] of counts) most.set(size, Math.max(count, most.get(size) ?? 0));
    for (const name of ended) held.delete(name);
  }
  return [...most].flatMap(([size, count]) =>
    Array.from({ length: count }, (_, place) => [`${size} bytes, ${place}`, size] as const),
  );
}
