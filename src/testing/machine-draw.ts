/**
 * Random simulated machines: what a program sees must not depend on them.
 *
 * Place: the simulator's side of a comparison. A machine is written as words (`ram=16M cpus=3 tlb=4x2/lru faultaround=4096`), so that
 * the file with a difference can name it and a replay can build it again.
 */
import { UserError } from '../assert.ts';
import { resolveConfig } from '../config.ts';
import { type MachineConfig, parseSize, type SchemeName, type TlbLevelConfig } from '../index.ts';
import { RngStream } from '../rng.ts';
import { type Answer, type Arena, MachineTarget, type Target, type TargetCall } from '../scenario/scenario.ts';
import { PAGE } from './aim.ts';
import type { Draws, Weighted } from './draws.ts';

/** Every scenario fits into the least of these. */
const RAMS: readonly Weighted<string>[] = [
  [6, '16M'],
  [2, '20M'],
  [1, '32M'],
  [1, '64M'],
];

const TLBS: readonly Weighted<string>[] = [
  [4, 'default'],
  [1, 'direct'],
  [1, '1x1/fifo'],
  [1, '4x2/random'],
  [1, '2x2/lru,16x4/lru'],
  [1, '1x8/fifo,64x2/random'],
];

const FAULT_AROUNDS = ['65536', '4096', '16384', '262144'] as const;

/** Bytes of one on x86-64, the only scheme that is drawn with some. */
const HUGE_PAGE = 2 ** 21;

/** Level 2 checks the whole machine after each call. */
const INVARIANTS: readonly Weighted<string>[] = [
  [15, '1'],
  [1, '2'],
];

/** A machine as words. */
export function drawMachine(draws: Draws): string {
  return [
    `ram=${draws.weigh(RAMS)}`,
    `cpus=${1 + draws.below(4)}`,
    `tlb=${draws.weigh(TLBS)}`,
    `faultaround=${draws.pick(FAULT_AROUNDS)}`,
    `invariants=${draws.weigh(INVARIANTS)}`,
    `seed=${draws.below(1000)}`,
  ].join(' ');
}

/** The machine without anything drawn. */
export const PLAIN_MACHINE = 'ram=16M cpus=1 tlb=default faultaround=65536 invariants=1 seed=0';

/** A machine in words, without all that a program does not see. */
export function plainMachine(words: string): string {
  const [, count = '0'] = / hugepages=(\d+)$/.exec(words) ?? [];
  return withHugePages(ofScheme(PLAIN_MACHINE, schemeOfWords(words)), Number(count));
}

/** A machine in words, with another page-table scheme than x86-64's. */
export function ofScheme(words: string, scheme: SchemeName): string {
  return scheme === 'x86-64' ? words : `scheme=${scheme} ${words}`;
}

/** A machine in words, with a pool of huge pages. */
export function withHugePages(words: string, count: number): string {
  return count === 0 ? words : `${words} hugepages=${count}`;
}

/** A machine in words, with a disk that has read what it is asked for when the call ends. */
export function withInstantDisk(words: string): string {
  return `disk=instant ${words}`;
}

/** The scheme that words name. */
export function schemeOfWords(words: string): SchemeName {
  return (/^scheme=(\S+) /.exec(words)?.[1] ?? 'x86-64') as SchemeName;
}

/** Bytes of a page of a scheme. */
export function pageSizeOf(scheme: SchemeName): number {
  return resolveConfig({ scheme }).pageSize;
}

/**
 * The configuration that words describe; memory and fault-around are meant for pages of 4 KiB, and grow with the page. Throws `UserError` for
 * a word it does not know.
 */
export function machineOfWords(words: string): MachineConfig {
  const config = Object.assign({}, ...words.split(' ').map(settingOfWord)) as MachineConfig;
  const { scheme, ram, faultAroundBytes, hugePages } = config;
  // The pool comes on top, with room to begin at a multiple of such a page.
  if (hugePages !== undefined) return { ...config, ram: parseSize(String(ram), 'ram') + (hugePages + 1) * HUGE_PAGE };
  if (typeof scheme !== 'string') return config;
  const factor = pageSizeOf(scheme) / PAGE;
  return {
    ...config,
    ram: parseSize(String(ram), 'ram') * factor,
    ...(faultAroundBytes === undefined ? {} : { faultAroundBytes: faultAroundBytes * factor }),
  };
}

function settingOfWord(word: string): MachineConfig {
  const [, name, value] = /^(\w+)=(\S+)$/.exec(word) ?? [];
  const setting = SETTINGS[name ?? ''];
  if (setting === undefined) throw new UserError(`'${word}' is no setting of a machine; the file was changed by hand`);
  return setting(value);
}

const SETTINGS: Readonly<Record<string, (value: string) => MachineConfig>> = {
  scheme: (value) => ({ scheme: value as SchemeName }),
  ram: (value) => ({ ram: value }),
  disk: (value) => ({ disk: { model: value as 'instant' } }),
  cpus: (value) => ({ cpus: Number(value) }),
  tlb: (value) => ({ tlb: tlbOfWords(value) }),
  faultaround: (value) => ({ faultAroundBytes: parseSize(value, 'faultaround') }),
  invariants: (value) => ({ invariants: value === '2' ? 2 : 1 }),
  hugepages: (value) => ({ hugePages: Number(value) }),
  seed: (value) => ({ seed: value }),
};

function tlbOfWords(value: string): 'default' | 'direct' | readonly TlbLevelConfig[] {
  if (value === 'default' || value === 'direct') return value;
  return value.split(',').map((level) => {
    const [, sets, ways, replacement] = /^(\d+)x(\d+)\/(lru|fifo|random)$/.exec(level) ?? [];
    return { sets: Number(sets), ways: Number(ways), replacement: replacement as 'lru' };
  });
}

/** The simulated machine, its processes moved from CPU to CPU at random. */
export class WanderingTarget implements Target {
  readonly base: Target['base'];
  readonly directives: MachineTarget['directives'];
  private readonly inner: MachineTarget;
  private readonly chance: RngStream;
  private readonly cpus: number;

  constructor(config: MachineConfig, arena?: Arena) {
    this.inner = new MachineTarget(config, arena);
    this.base = this.inner.base;
    this.directives = this.inner.directives;
    this.cpus = this.inner.machine.config.cpus;
    this.chance = new RngStream(`${this.inner.machine.config.seed}/wander`);
  }

  isAlive(process: number): boolean {
    return this.inner.isAlive(process);
  }

  call(process: number, call: TargetCall): Answer {
    const live = this.inner.liveProcess(process);
    if (this.cpus > 1 && live !== undefined && this.chance.below(3) === 0) {
      this.inner.machine.moveToCpu(live, this.chance.below(this.cpus));
    }
    return this.inner.call(process, call);
  }
}
