// A plugin of TypeDoc: modules are named as people import them, and core, which has most, has a page for each of its rooms.
import { Converter, DeclarationReflection, ReflectionKind } from 'typedoc';
import { rooms } from '../../tools/boundaries/boundaries.mjs';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of [...(project.children ?? [])]) {
      const [, name] = /^packages\/([^/]+)\/src$/.exec(module.name) ?? [];
      if (!name) continue;
      module.name = name;
      if (name === 'core') split(project, module);
    }
  });
}

/**
 * Moves what core exports into a module for each room, by the files that it is from.
 *
 * @param {import('typedoc').ProjectReflection} project
 * @param {import('typedoc').DeclarationReflection} core
 */
function split(project, core) {
  const places = new Map(
    rooms.map((room) => {
      const place = new DeclarationReflection(room, ReflectionKind.Module, core);
      project.registerReflection(place, undefined, undefined);
      core.addChild(place);
      return [room, place];
    }),
  );
  for (const child of [...(core.children ?? [])]) {
    const file = project.getSymbolIdFromReflection(child)?.fileName ?? '';
    const place = places.get(/\/core\/src\/([^/]+)\//.exec(file)?.[1] ?? '');
    if (!place) continue;
    core.removeChild(child);
    child.parent = place;
    place.addChild(child);
  }
}
