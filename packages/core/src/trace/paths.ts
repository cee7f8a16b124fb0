/** Path of the module that two paths lie in: `blocks.3` for `blocks.3.attn` and `blocks.3.mlp`. */
export function commonPath(a: string, b: string): string {
  const [left, right] = [a.split('.'), b.split('.')];
  const end = left.findIndex((part, i) => part !== right[i]);
  return left.slice(0, end < 0 ? left.length : end).join('.');
}

/**
 * The module that a call belongs to, between two places at which the function said where it is: what both have in common,
 * and where that is the place of neither, the module just ended.
 *
 * @param before path that was said last
 * @param after path that is said next
 */
export function pathBetween(before: string, after: string): string {
  const common = commonPath(before, after);
  if (common === before || common === after) return common;
  const parts = before.split('.');
  const own = common === '' ? 1 : common.split('.').length + 1;
  // A number is one of several modules, which have no code in common.
  const end = /^\d+$/.test(parts[own] ?? '') ? own + 1 : own;
  return parts.slice(0, end).join('.');
}
