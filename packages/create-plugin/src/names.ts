import { KcrError } from '@kcr/core/ground';

/** What a package's name is written as in its files. */
export interface Names {
  /** The package, with a scope or without: `@me/kcr-centre-loss`. */
  readonly package: string;
  /** The extension: `centre-loss`. */
  readonly kebab: string;
  /** What the module exports: `centreLoss`. */
  readonly camel: string;
  /** The start of its types: `CentreLoss`. */
  readonly pascal: string;
  /** Models, architectures and heads: `centre_loss`. */
  readonly snake: string;
}

/** Names as npm has them, of parts that are identifiers of JavaScript when they are joined. */
const PACKAGE = /^(@[a-z0-9][a-z0-9._-]*\/)?(kcr-)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;

/** Words that no variable of a module may be called. */
const RESERVED = new Set(
  `arguments async await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return static
  super switch this throw true try typeof undefined var void while with yield`.split(/\s+/),
);

/** The names in the templates. */
const PLACEHOLDERS: Names = {
  package: 'template-package',
  kebab: 'template-name',
  camel: 'templateName',
  pascal: 'TemplateName',
  snake: 'template_name',
};

/**
 * The forms of a package's name. `kcr-` at its start is the package's alone.
 *
 * @throws KcrError `OPTION` for what is no name of a package, or none that its export can have
 */
export function namesOf(name: string): Names {
  const kebab = PACKAGE.exec(name)?.[3];
  if (kebab === undefined || name.length > 214)
    throw wrongName(
      name,
      'small letters, digits and hyphens, as in centre-loss or @me/centre-loss',
    );
  const camel = kebab.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (RESERVED.has(camel)) throw wrongName(name, 'another name: this one is a word of JavaScript');
  return {
    package: name,
    kebab,
    camel,
    pascal: camel[0]!.toUpperCase() + camel.slice(1),
    snake: kebab.replaceAll('-', '_'),
  };
}

/** A text of a template with a package's own names. */
export const renamed = (text: string, names: Names): string =>
  (Object.keys(PLACEHOLDERS) as (keyof Names)[]).reduce(
    (all, form) => all.replaceAll(PLACEHOLDERS[form], names[form]),
    text,
  );

/** What a module imports and declares: lists of names, or one name. */
const DECLARED = /^(?:import (?:type )?\{([^}]*)\}|(?:const|function|class) (\w+))/gm;

/** @throws KcrError `OPTION` for a name that a module of a template has for something else */
export function requireFree({ package: name, camel, pascal }: Names, module: string): void {
  const declared = [...module.matchAll(DECLARED)].flatMap(
    ([, list, one]) => (list ?? one ?? '').match(/\w+/g) ?? [],
  );
  const taken = declared.find((word) => word === camel || word === pascal);
  if (taken !== undefined)
    throw wrongName(name, `another name: its sources have \`${taken}\` for something else`);
}

const wrongName = (name: string, fix: string) =>
  new KcrError('OPTION', {
    where: 'create-plugin, name',
    found: JSON.stringify(name),
    fix: `Give ${fix}`,
  });
