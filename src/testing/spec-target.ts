/**
 * The specification as something that runs scenarios.
 *
 * Translates calls of the scenario language into calls of the specification, and its answers into those the
 * runner prints. Where the specification does not say what happens (`smaps`, what of an ext4 file is cached), the
 * answer is `refused` and `isSpecified` is false until the next call: a comparison passes over that line.
 */

import { assert } from '../assert.ts';
import { errnoName } from '../errno.ts';
import { type Arena, arenaOf } from '../scenario/arena.ts';
import { HANDLER_CATCH, HANDLER_DEFAULT, HANDLER_IGNORE } from '../scenario/constants.ts';
import { mountDirective } from '../scenario/mount-directive.ts';
import type {
  Answer,
  CallArgument,
  MapsEntry,
  SignalInfo,
  Target,
  TargetCall,
  WaitStatus,
} from '../scenario/scenario.ts';
import {
  type Call,
  type CallName,
  FIRST_PROCESS,
  type Handler,
  initialState,
  isRunning,
  type Layout,
  type MapsLine,
  type MountFlags,
  mount,
  type ProcessStatus,
  type Signal,
  type Answer as SpecAnswer,
  type State,
  step,
} from '../spec/spec.ts';

/** Calls with two forms: the number of arguments of the form that shows or is given the bytes. */
const SHOWN_FORMS: Readonly<Record<string, number>> = { pread: 3, read: 2, pwrite: 3, write: 2 };

const HANDLERS: ReadonlyMap<bigint, Handler> = new Map([
  [HANDLER_CATCH, 'catch'],
  [HANDLER_DEFAULT, 'default'],
  [HANDLER_IGNORE, 'ignore'],
]);

export class SpecTarget implements Target {
  readonly base: Target['base'];
  readonly directives: NonNullable<Target['directives']>;
  private current: State;
  private specified: boolean;

  /** Processes of the scenario are numbered as those of the specification: `main` is its first. */
  constructor(options: Partial<Layout> = {}, arena?: Arena) {
    this.current = initialState(options);
    const { brk, pageSize, taskSize } = this.current.layout;
    const place = arena ?? arenaOf(Number(taskSize));
    this.base = { arena: place.base, arenaSize: place.size, brk, pageSize, userEnd: taskSize };
    this.directives = new Map([['mount', mountDirective((name, flags) => this.mount(name, flags))]]);
    this.specified = true;
    assert(this.isAlive(FIRST_PROCESS), 'a scenario begins with the first process');
  }

  /** What the scenario has come to. */
  get state(): State {
    return this.current;
  }

  /** Whether the specification says what the last call comes to. */
  get isSpecified(): boolean {
    return this.specified;
  }

  private mount(name: string, flags: MountFlags): boolean {
    const next = mount(this.current, name, flags);
    const mounted = next !== this.current || isMountedSo(next, name, flags);
    this.current = next;
    return mounted;
  }

  isAlive(process: number): boolean {
    return isRunning(this.current, process);
  }

  call(process: number, call: TargetCall): Answer {
    const [next, answer] = step(this.current, specCall(process, call));
    this.current = next;
    this.specified = answer.kind !== 'unspecified';
    return translate(answer);
  }
}

/** Mounting anew what is so already changes nothing. */
function isMountedSo({ mounts }: State, name: string, { readOnly, noexec }: MountFlags): boolean {
  const found = mounts.get(name);
  return found?.readOnly === readOnly && found.noexec === noexec;
}

function specCall(process: number, { name, args }: TargetCall): Call {
  const shown = SHOWN_FORMS[name] === args.length;
  const ranges = name.startsWith('process_vm_') && args.length === 4;
  const into = name === 'mincore' && args.length === 3;
  const field = name === 'status' && args.length === 1;
  const form = field ? '_field' : shown ? '_shown' : ranges ? '_ranges' : into ? '_into' : '';
  return { process, name: `${name}${form}` as CallName, args: specArguments(name, args) } as Call;
}

function specArguments(name: string, args: readonly CallArgument[]): readonly unknown[] {
  return name === 'sigaction' ? [args[0], HANDLERS.get(args[1] as bigint)] : args;
}

function translate(answer: SpecAnswer): Answer {
  switch (answer.kind) {
    case 'value':
    case 'struct':
    case 'bytes':
    case 'pair':
    case 'lock':
    case 'times':
    case 'mode':
    case 'size':
      return answer;
    case 'residency':
      return { kind: 'residency', pages: Uint8Array.from(answer.pages, Number) };
    case 'maps':
      return { kind: 'maps', entries: answer.lines.map(mapsEntry) };
    case 'status':
      return { kind: 'status', status: waitStatus(answer.status) };
    case 'unmapped':
      return { kind: 'smaps', record: undefined };
    case 'vmflags':
      return answer;
    case 'pagemap':
      return { kind: 'pagemap', letters: answer.pages.map((page) => (page === 'guard' ? 'g' : '.')).join('') };
    case 'failure':
      return failure(answer.errno, answer.signal);
    case 'signal':
      return { kind: 'signal', signal: signalInfo(answer.signal), outcome: answer.outcome };
    case 'executing':
      return { kind: 'executing' };
    case 'killed':
      return answer;
    case 'waiting':
      return { kind: 'waiting' };
    case 'gone':
      return { kind: 'value', value: 0n };
    case 'unspecified':
      return { kind: 'refused' };
  }
}

function failure(errno: number, signal: Signal | undefined): Answer {
  const name = errnoName(errno);
  return signal ? { kind: 'errno', errno: name, signal: signalInfo(signal) } : { kind: 'errno', errno: name };
}

function signalInfo({ name, code, address }: Signal): SignalInfo {
  return { name, code, address };
}

function mapsEntry(line: MapsLine): MapsEntry {
  return line;
}

function waitStatus(status: ProcessStatus): WaitStatus {
  return status;
}
