/**
 * The checker of the house rules on files under src: takes the files as a map from path to text, returns each breach as one line.
 * The rules themselves are data in layering-rules.ts; what a file says is read by source-facts.ts. Touches no disk, so that its own
 * tests can hand it invented trees.
 */
import { posix } from 'node:path';
import {
  ENTRIES,
  FORBIDDEN_NAMES,
  HOST_ROOMS,
  LINES_MAX,
  MAY_IMPORT,
  ONLY_PARTS,
  PACKAGES,
  type Room,
} from './layering-rules.ts';
import { type Import, readFacts, type SourceFacts } from './source-facts.ts';

/** All breaches in `files` (repository-relative path -> text), each `path:line: what is wrong`; empty when the house is in order. */
export function breaches(files: ReadonlyMap<string, string>): string[] {
  const facts = [...files].map(([path, text]) => readFacts(path, text));
  const known = new Set(files.keys());
  return [
    ...facts.flatMap((file) => breachesOfFile(file, known)),
    ...cycles(facts, known),
    ...[...files].flatMap(([path, text]) => tooLong(path, text)),
  ];
}

/** The room of a file under src; undefined for a folder that has no row in the table. */
export function roomOf(path: string): Room | undefined {
  const parts = path.split('/');
  if (path === 'src/index.ts') return 'index';
  if (parts.length === 2) return 'words';
  const folder = parts[1];
  return folder !== 'words' && folder !== 'index' && folder in MAY_IMPORT ? (folder as Room) : undefined;
}

function breachesOfFile(file: SourceFacts, known: ReadonlySet<string>): string[] {
  const room = roomOf(file.path);
  if (room === undefined) return [`${file.path}:1: is in a folder that the table of rooms does not know`];
  return [
    ...file.imports.flatMap((one) => at(file, one.line, importBreach(file, room, one, known))),
    ...exportBreaches(file),
    ...nameBreaches(file, room),
  ];
}

/** `what` as a breach with its place, or nothing. */
function at(file: SourceFacts, line: number, what: string | undefined): string[] {
  return what === undefined ? [] : [`${file.path}:${line}: ${what}`];
}

function importBreach(file: SourceFacts, room: Room, one: Import, known: ReadonlySet<string>): string | undefined {
  const { specifier } = one;
  if (specifier === undefined) return 'imports a module whose name is computed, which no rule can check';
  if (specifier.startsWith('node:')) {
    return HOST_ROOMS.includes(room) ? undefined : `${room} may not import ${specifier}: it also runs in a browser`;
  }
  if (!specifier.startsWith('.')) return packageBreach(file, room, specifier);
  const target = resolve(file.path, specifier);
  if (!known.has(target)) return `imports '${specifier}', which is no file under src (write the .ts extension)`;
  return directionBreach(room, target);
}

function packageBreach(file: SourceFacts, room: Room, specifier: string): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const allowed = Object.hasOwn(PACKAGES, name) ? (PACKAGES[name] ?? []) : [];
  if (allowed.includes(room) || allowed.includes(file.path)) return undefined;
  const where = allowed.length > 0 ? `only ${allowed.join(' and ')} may` : 'nothing under src may';
  return `may not import the package ${name}: ${where}`;
}

function directionBreach(room: Room, target: string): string | undefined {
  const targetRoom = roomOf(target);
  if (targetRoom === undefined || !MAY_IMPORT[room].includes(targetRoom)) {
    return `${room} may not import ${targetRoom ?? 'no room'} (${target})`;
  }
  const parts = ONLY_PARTS[room]?.[targetRoom];
  if (parts === undefined || parts.includes(target)) return undefined;
  return `${room} may import of ${targetRoom} only ${parts.join(' and ')}, not ${target}`;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function exportBreaches(file: SourceFacts): string[] {
  const isEntry = ENTRIES.includes(file.path);
  const passedOn = file.reExports.flatMap(({ line, star }) => {
    if (star) return at(file, line, 'export * hides what a module offers: export by name');
    return isEntry ? [] : at(file, line, 'exports what another module declares: only entries of the package may');
  });
  const byDefault = file.defaultExportLine;
  return byDefault === undefined
    ? passedOn
    : [...passedOn, ...at(file, byDefault, 'has a default export: give it a name')];
}

function nameBreaches(file: SourceFacts, room: Room): string[] {
  if (HOST_ROOMS.includes(room)) return [];
  return file.names.flatMap(({ name, line }) =>
    Object.hasOwn(FORBIDDEN_NAMES, name) ? at(file, line, `uses ${name}: ${FORBIDDEN_NAMES[name]}`) : [],
  );
}

function tooLong(path: string, text: string): string[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return lines > LINES_MAX ? [`${path}:${lines}: has ${lines} lines: split it at ${LINES_MAX}`] : [];
}

/** One breach for each knot of files that import each other, showing a shortest way round. */
function cycles(facts: readonly SourceFacts[], known: ReadonlySet<string>): string[] {
  const graph = new Map(facts.map((file) => [file.path, targetsOf(file, known)]));
  const seen = new Set<string>();
  const found: string[] = [];
  for (const start of graph.keys()) {
    if (seen.has(start)) continue;
    const way = shortestWayBack(graph, start);
    if (way === undefined) continue;
    for (const path of way) seen.add(path);
    found.push(`${start}:1: import cycle ${way.join(' -> ')}`);
  }
  return found;
}

function targetsOf(file: SourceFacts, known: ReadonlySet<string>): string[] {
  return file.imports.flatMap(({ specifier }) => {
    const target = specifier?.startsWith('.') ? resolve(file.path, specifier) : undefined;
    return target !== undefined && known.has(target) ? [target] : [];
  });
}

/** A shortest path start -> ... -> start, or undefined if `start` lies on no cycle. Breadth first. */
function shortestWayBack(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const ways: string[][] = [[start]];
  const reached = new Set<string>();
  for (const way of ways) {
    for (const next of graph.get(way[way.length - 1] ?? start) ?? []) {
      if (next === start) return [...way, start];
      if (reached.has(next)) continue;
      reached.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
