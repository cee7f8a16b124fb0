/** When a plugin's hooks run: before those of unmarked plugins, or after them. */
export type PluginOrder = 'pre' | 'post';

type Ordered = { readonly order?: PluginOrder };

const rank = ({ order }: Ordered): number => (order === 'pre' ? 0 : order === 'post' ? 2 : 1);

/** Plugins in the order in which their hooks run: `pre`, unmarked, `post`; within each as they are given. */
export const inOrder = <P extends Ordered>(plugins: readonly P[]): P[] =>
  plugins.toSorted((a, b) => rank(a) - rank(b));
