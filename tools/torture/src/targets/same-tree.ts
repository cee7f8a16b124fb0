import { DiskModel, type Operation, type Tree } from '../disk/model.ts';

/** Checks that what was recorded is all that was done. @throws Error where files stand there that no operation explains */
export function requireSameTree(operations: readonly Operation[], found: Tree): void {
  const disk = new DiskModel(new Map());
  for (const operation of operations) disk.apply(operation);
  const made = disk.tree();
  const other = [...new Set([...made.keys(), ...found.keys()])].filter((path) => {
    const [a, b] = [made.get(path), found.get(path)];
    return path !== '' && (a === undefined || b === undefined ? a !== b : !a.equals(b));
  });
  if (other.length > 0) throw new Error(`what was recorded does not make ${other.join(', ')}`);
}
