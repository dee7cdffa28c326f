/**
 * The directives of the simulated machine: `% explain`, `% cpu`, `% machine` and others.
 *
 * Place: the `directives` of MachineTarget. They look at the machine and steer it; none is known to
 * a real kernel. `% machine` says what machine a scenario wants: the host reads it with
 * `machineConfigOf` before there is one, and when its turn comes it prints the machine there is.
 */

import { UserError } from '../assert.ts';
import { resolveConfig } from '../config.ts';
import type { Machine, MachineConfig, Process, SchemeName } from '../index.ts';
import { KIB, MIB } from '../units.ts';
import type { DirectiveStatement, Scenario } from './ast.ts';
import { atPlace, mountDirective } from './mount-directive.ts';
import { nearestWord } from './suggest.ts';
import type { Directive } from './target.ts';

/** What the directives work on. */
export interface DirectiveHost {
  readonly machine: Machine;
  /** The process with a number of the runner's, if it is alive. */
  liveProcess(process: number): Process | undefined;
}

const DEAD = ['dead'];

export function machineDirectives(host: DirectiveHost): ReadonlyMap<string, Directive> {
  const { machine } = host;
  return new Map<string, Directive>([
    ['machine', { run: () => [describeMachine(machine)] }],
    ['explain', explainDirective(host)],
    ['cpu', cpuDirective(host)],
    ['time', { parameters: [], run: () => [`${Math.round(machine.timeNs)} ns`] }],
    ['vmstat', vmstatDirective(machine)],
    ['mount', mountDirective((name, flags) => machine.mount(name, flags))],
    ['tlb', { parameters: [], run: () => [countsLine(machine)] }],
    ['overcommit', overcommitDirective(machine)],
    ['check', { parameters: [], run: () => checked(machine) }],
  ]);
}

function describeMachine({ config }: Machine): string {
  const { scheme, ramBytes, cpus, fs } = config;
  const ram = ramBytes % MIB === 0 ? `${ramBytes / MIB} MiB` : `${ramBytes / KIB} KiB`;
  return `${scheme.name}, ${ram} of RAM, ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}, files on ${fs}`;
}

function explainDirective(host: DirectiveHost): Directive {
  return {
    parameters: [
      { name: 'address', kind: 'number' },
      { name: 'process', kind: 'process', optional: true },
    ],
    run: ([, addressWord, who = 'main'], scope) => {
      const number = scope.process(who);
      const process = host.liveProcess(number);
      if (process === undefined) return DEAD;
      const address = scope.number(addressWord);
      const { lines, cpu, asid } = host.machine.explain(process, address);
      const shown = scope.address(number, address);
      const raw = `0x${address.toString(16)}`;
      const name = shown === raw ? raw : `${shown} = ${raw}`;
      return [`${name} in ${who} (CPU ${cpu}, address space ${asid})`, ...lines.slice(1)];
    },
  };
}

function cpuDirective(host: DirectiveHost): Directive {
  return {
    parameters: [
      { name: 'process', kind: 'process' },
      { name: 'cpu', kind: 'number', below: host.machine.config.cpus },
    ],
    run: ([, who, cpuWord], scope) => {
      const process = host.liveProcess(scope.process(who));
      if (process === undefined) return DEAD;
      const cpu = Number(scope.number(cpuWord));
      atPlace(scope, () => host.machine.moveToCpu(process, cpu));
      return [`${who} runs on CPU ${cpu}`];
    },
  };
}

function vmstatDirective(machine: Machine): Directive {
  const choices = Object.keys(machine.vmstat());
  return {
    parameters: [{ name: 'counter', kind: 'word', optional: true, choices }],
    run: ([, name]) => {
      const counters = machine.vmstat();
      if (name !== undefined) return [String(counters[name])];
      const lines = Object.entries(counters).map(([counter, value]) => `${counter} ${value}`);
      return [`${lines.length} counters`, ...lines];
    },
  };
}

function overcommitDirective(machine: Machine): Directive {
  return {
    parameters: [
      { name: 'mode', kind: 'number', optional: true, below: 3 },
      { name: 'ratio', kind: 'number', optional: true },
    ],
    run: ([, modeWord, ratioWord], scope) => {
      if (modeWord !== undefined) {
        const ratio = ratioWord === undefined ? machine.commitments().ratio : Number(scope.number(ratioWord));
        const mode = Number(scope.number(modeWord));
        atPlace(scope, () => machine.setOvercommit(mode, ratio));
      }
      const { mode, committedBytes, limitBytes } = machine.commitments();
      return [`mode ${mode}, CommitLimit ${limitBytes / KIB} KiB, Committed_AS ${committedBytes / KIB} KiB`];
    },
  };
}

function countsLine(machine: Machine): string {
  const { accesses, l1Hits, l2Hits, l1Misses, walkReferences } = machine.tlbCounts();
  const walks = l1Misses - l2Hits;
  return `${accesses} accesses; hits in level 1: ${l1Hits}, in level 2: ${l2Hits}; misses: ${walks}; entries read by walks: ${walkReferences}`;
}

function checked(machine: Machine): readonly string[] {
  machine.check();
  return ['every invariant holds'];
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw new UserError(`${name} is '${value}'; it must be a whole number, such as 2`);
  return Number(value);
}

/** How each setting of `% machine` is read. */
const SETTINGS: Readonly<Record<string, (value: string) => MachineConfig>> = {
  scheme: (value) => ({ scheme: value as SchemeName }),
  ram: (value) => ({ ram: value }),
  cpus: (value) => ({ cpus: wholeNumber('cpus', value) }),
  files: (value) => ({ filesMax: wholeNumber('files', value) }),
  fs: (value) => ({ fs: value as 'tmpfs' }),
  seed: (value) => ({ seed: value }),
  tlb: (value) => ({ tlb: value as 'default' }),
  hugepages: (value) => ({ hugePages: wholeNumber('hugepages', value) }),
  max_map_count: (value) => ({ maxMapCount: wholeNumber('max_map_count', value) }),
};

/** The machine that a scenario asks for with `% machine`, nothing if it does not. Throws `UserError` with its line. */
export function machineConfigOf(scenario: Scenario): MachineConfig {
  const { file, statements } = scenario;
  let config: MachineConfig = {};
  let seen = false;
  for (const [index, statement] of statements.entries()) {
    if (statement.kind !== 'directive' || statement.words[0] !== 'machine') continue;
    const place = { file, line: statement.line };
    if (seen || statements.slice(0, index).some((earlier) => earlier.kind === 'call')) {
      throw new UserError(`${file}:${statement.line}: % machine stands once, before the first call`);
    }
    seen = true;
    config = atPlace(place, () => readSettings(statement));
    const asked = config;
    atPlace(place, () => resolveConfig(asked));
  }
  return config;
}

function readSettings(statement: DirectiveStatement): MachineConfig {
  let config: MachineConfig = {};
  for (const word of statement.words.slice(1)) {
    const [name, ...rest] = word.split('=');
    const read = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    const value = rest.join('=');
    if (read === undefined || value === '') throw new UserError(settingHint(word, name));
    config = { ...config, ...read(value) };
  }
  return config;
}

function settingHint(word: string, name: string): string {
  const near = nearestWord(name, Object.keys(SETTINGS));
  const known = Object.keys(SETTINGS).join(', ');
  if (near !== undefined && near !== name) return `'${word}' is no setting of a machine; did you mean ${near}?`;
  return `'${word}' is no setting of a machine; write name=value without blanks, with one of the names ${known}`;
}
