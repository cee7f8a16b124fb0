import type { OnnxNode } from './proto.ts';

/**
 * The order in which ONNX Runtime runs nodes: backwards from those that nothing reads, the last of them first, and in front of each node what
 * it reads, what stands last first.
 */
export function runOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const makers = new Map(nodes.flatMap(({ outputs }, at) => outputs.map((name) => [name, at])));
  const read = nodes.map(({ inputs }) => {
    const found = new Set(inputs.flatMap((name) => (name === '' ? [] : (makers.get(name) ?? []))));
    return [...found].sort((a, b) => a - b);
  });
  const isRead = new Set(read.flat());
  const waiting = nodes.flatMap((_, at) => (isRead.has(at) ? [] : [at]));
  const entered = new Set<number>();
  const left = new Set<number>();
  const order: OnnxNode[] = [];
  while (waiting.length > 0) {
    const at = waiting.at(-1)!;
    if (!entered.has(at)) {
      entered.add(at);
      waiting.push(...read[at]!.filter((i) => !entered.has(i)));
      continue;
    }
    waiting.pop();
    if (left.has(at)) continue;
    left.add(at);
    order.push(nodes[at]!);
  }
  return order;
}
