/**
 * Random calls about processes: the break, fork and its end, limits, signals.
 *
 * Place: writers of statements. `main` never gives up its signal handlers, so that a scenario does not end half-way.
 */
import { PAGE } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

/** How far the break is moved, in bytes. */
const STEPS = [4096, 12288, 5000, 20000, 100, 0] as const;

export function writeBreak(scene: Scene): string {
  const { memory } = scene.me;
  const step = scene.draws.pick(STEPS);
  if (!scene.allows('brk') || (scene.allows('sbrk') && scene.draws.chance(40))) {
    const old = memory.ranges.find(({ base }) => base === 'BRK')?.end ?? 0;
    const shrinks = old > 0 && scene.draws.chance(25);
    noteBreak(scene, old + (shrinks ? -1 : Math.ceil(step / PAGE)));
    return `sbrk(${shrinks ? -PAGE : step})`;
  }
  noteBreak(scene, Math.ceil(step / PAGE));
  return `brk(BRK+${step})`;
}

function noteBreak({ me: { memory } }: Scene, pages: number): void {
  memory.unmap({ base: 'BRK', start: 0, end: Number.POSITIVE_INFINITY });
  memory.map({
    base: 'BRK',
    start: 0,
    end: pages,
    read: true,
    write: true,
    mayWrite: true,
    shared: false,
    file: -1,
    fd: '-1',
    filePage: 0,
    locked: false,
    guarded: false,
    extra: '',
  });
}

export function writeFork(scene: Scene): string | null {
  if (!scene.canFork) return null;
  const name = scene.freshName('c');
  const { me } = scene;
  scene.addProcess({
    name,
    group: name,
    parent: me.name,
    memory: me.memory.copy(),
    descriptors: me.descriptors,
    others: me.others,
  });
  return `${name} = fork()`;
}

export function writeExit(scene: Scene): string | null {
  const children = scene.processes.filter(({ group }) => group !== 'main');
  if (children.length === 0) return null;
  const child = scene.draws.pick(children);
  scene.remove(({ group }) => group === child.group);
  scene.me = child;
  return `exit(${scene.draws.below(5)})`;
}

export function writeWait(scene: Scene): string | null {
  const { ended, processes } = scene;
  const children = scene.draws.chance(80) ? ended : [...ended, ...processes.slice(1)];
  if (children.length === 0) return null;
  const child = scene.draws.pick(children);
  scene.me = processes.find(({ name }) => name === child.parent) ?? processes[0];
  scene.ended = ended.filter((process) => process !== child);
  return `wait(${child.name})`;
}

const LIMITS: readonly Weighted<string>[] = [
  [2, 'RLIMIT_AS'],
  [2, 'RLIMIT_DATA'],
  [3, 'RLIMIT_MEMLOCK'],
  [2, 'RLIMIT_FSIZE'],
  [1, 'RLIMIT_STACK'],
  [1, 'RLIMIT_NOFILE'],
];

const PRCTLS: readonly Weighted<string>[] = [
  [1, 'PR_SET_MDWE, 1'],
  [1, 'PR_SET_MDWE, 3'],
  [1, 'PR_SET_MDWE, 0'],
  [2, 'PR_SET_MEMORY_MERGE, 1'],
  [1, 'PR_SET_MEMORY_MERGE, 0'],
];

export function writeLimit(scene: Scene): string {
  if (scene.allows('prctl') && scene.draws.chance(16)) return `prctl(${scene.draws.weigh(PRCTLS)})`;
  const text = limitText(scene);
  const { name } = scene.draws.pick(scene.processes);
  const isOther = scene.allows('prlimit') && (!scene.allows('setrlimit') || scene.draws.chance(30));
  return isOther ? text.replace('setrlimit(', `prlimit(${name}, `) : text;
}

function limitText(scene: Scene): string {
  const resource = scene.draws.weigh(LIMITS);
  if (resource === 'RLIMIT_NOFILE') return `setrlimit(${resource}, ${3 + scene.draws.below(5)})`;
  const isLifted = resource !== 'RLIMIT_MEMLOCK' && scene.draws.chance(40);
  return `setrlimit(${resource}, ${isLifted ? 'RLIM_INFINITY' : `${scene.draws.below(40)}*${PAGE}`})`;
}

export function writeSigaction(scene: Scene): string {
  const signal = scene.draws.pick(['SIGXFSZ', 'SIGBUS', 'SIGSEGV']);
  const isMain = scene.me.group === 'main';
  return `sigaction(${signal}, ${isMain ? 'catch' : scene.draws.pick(['catch', 'default', 'ignore'])})`;
}
