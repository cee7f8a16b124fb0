import { type Frame, type Model, Scope } from '@kcr/core';
import { authorLine, trace } from '@kcr/core/internal';
import { KIT } from './suite.ts';

/** The author's lines in which a model's function asks for its parameters, dimensions, taps and costs, by their paths. */
export class AuthorLines {
  readonly #lines = new Map<string, string>();

  constructor({ architecture, config, kept, adapters, inputShape }: Model) {
    const taps = adapters.map((adapter) => adapter.attach(architecture));
    const note = (path: string) => {
      const line = authorLine(undefined, [KIT]);
      if (line && !this.#lines.has(path)) this.#lines.set(path, line);
    };
    const notInTraining = (): never => {
      throw new Error('asked for in evaluation');
    };
    trace(({ input }) => {
      const frame: Frame = {
        training: false,
        kept: (name) => kept[name],
        dim: ({ name }) => note(name),
        param: ({ name, shape, dtype }) => {
          note(name);
          return input(name, shape, dtype);
        },
        assign: () => {},
        frozen: () => false,
        tap: (value, info, at) => {
          note(info.name);
          return taps.reduce((current, tap) => tap(at, current, info), value);
        },
        cost: ({ name }) => note(name),
        draw: notInTraining,
        schedule: notInTraining,
      };
      const image = input('image', [1, ...inputShape]);
      return { logits: architecture.forward(new Scope(frame), image, config).logits };
    });
  }

  /** The line of a path, of something in it, or else of what it is in; a path without any is given back as it is. */
  at(path: string): string {
    const inside = [...this.#lines.keys()].find((key) => key.startsWith(`${path}.`));
    const line = this.#lines.get(path) ?? this.#lines.get(inside ?? '') ?? this.#around(path);
    return line ? `${path}, at ${line}` : path;
  }

  #around(path: string): string | undefined {
    const parent = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
    if (!parent) return undefined;
    const near = [...this.#lines.keys()].find((key) => key.startsWith(`${parent}.`));
    return this.#lines.get(near ?? '') ?? this.#around(parent);
  }
}
