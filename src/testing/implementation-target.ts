/**
 * Somebody's own implementation of memory as a target that runs scenarios.
 *
 * Place: the adapter of the property-test kit, over the table of calls (implementation-calls.ts). It keeps what belongs to processes and
 * not to memory: who is whose child, how each ended, and what it does about a signal. An implementation that throws fails the
 * call that it was asked; the comparison reports it.
 */
import { SIGBUS, SIGSEGV } from '../flags.ts';
import { HANDLER_CATCH } from '../scenario/constants.ts';
import {
  type Answer,
  type Bases,
  type CallArgument,
  DEFAULT_ARENA,
  type Target,
  type TargetCall,
  type WaitStatus,
} from '../scenario/scenario.ts';
import type { Implementation } from './implementation.ts';
import { CALL_ROWS, type Method, resultAnswer } from './implementation-calls.ts';

/** Where Linux has them. */
const BASES: Bases = { arena: DEFAULT_ARENA.base, arenaSize: DEFAULT_ARENA.size, brk: 0x5555_5556_0000n };

/** The calls that are about processes, and the method without which there are none. */
const PROCESS_CALLS: Readonly<Record<string, Method>> = { fork: 'fork', wait: 'fork', exit: 'fork', sigaction: 'load' };

/** The calls of scenarios that an implementation can answer: those it has methods for, and those that are made of them. */
export function callsOf(implementation: Implementation): string[] {
  const has = (method: Method): boolean => typeof implementation[method] === 'function';
  const rows = Object.entries(CALL_ROWS).map(([call, { needs }]) => [call, needs] as const);
  const others = Object.entries(PROCESS_CALLS).map(([call, method]) => [call, [method]] as const);
  return [...rows, ...others].filter(([, needs]) => needs.every(has)).map(([call]) => call);
}

/** One process as the adapter sees it. */
interface Living {
  readonly implementation: Implementation;
  readonly parent: number | undefined;
  status: WaitStatus;
  reaped: boolean;
  /** Signals that kill it: their handler is not `catch`. */
  deadly: ReadonlySet<string>;
}

const NO_CALL: Answer = { kind: 'errno', errno: 'ENOSYS' };
const DONE: Answer = { kind: 'value', value: 0n };
const CHILDLESS: Answer = { kind: 'errno', errno: 'ECHILD' };

const SIGNALS: Readonly<Record<string, number>> = { SIGSEGV, SIGBUS };

export class ImplementationTarget implements Target {
  readonly base: Bases;
  private readonly processes: Map<number, Living>;

  /** `implementation` is the memory of the first process, `main`, with nothing mapped. */
  constructor(implementation: Implementation, bases: Partial<Bases> = {}) {
    this.base = { ...BASES, ...bases };
    this.processes = new Map();
    this.add(0, { implementation, parent: undefined, deadly: new Set() });
  }

  private add(number: number, living: Pick<Living, 'implementation' | 'parent' | 'deadly'>): void {
    this.processes.set(number, { ...living, status: { state: 'running' }, reaped: false });
  }

  isAlive(process: number): boolean {
    return this.processes.get(process)?.status.state === 'running';
  }

  call(process: number, { name, args }: TargetCall): Answer {
    const living = this.processes.get(process) as Living;
    const answer = this.delivered(living, this.perform(process, living, name, args));
    living.implementation.check?.();
    return answer;
  }

  private perform(process: number, living: Living, name: string, args: readonly CallArgument[]): Answer {
    switch (name) {
      case 'fork':
        return this.fork(process, living, Number(args[0]));
      case 'wait':
        return this.wait(process, Number(args[0]));
      case 'exit':
        return this.exit(living, Number((args[0] as bigint) & 0xffn));
      case 'sigaction':
        return this.setHandler(living, Number(args[0]), args[1] as bigint);
      default:
        return this.callOwn(living, name, args);
    }
  }

  private callOwn({ implementation }: Living, name: string, args: readonly CallArgument[]): Answer {
    const row = CALL_ROWS[name];
    const isThere = row?.needs.every((method) => implementation[method] !== undefined);
    return isThere ? row.run(implementation, args) : NO_CALL;
  }

  private fork(parent: number, { implementation, deadly }: Living, number: number): Answer {
    if (implementation.fork === undefined) return NO_CALL;
    const child = implementation.fork();
    if (typeof child === 'number') return resultAnswer(child);
    this.add(number, { implementation: child, parent, deadly });
    return { kind: 'value', value: BigInt(number) };
  }

  private wait(process: number, number: number): Answer {
    const child = this.processes.get(number);
    if (child === undefined || child.parent !== process || child.reaped) return CHILDLESS;
    child.reaped = child.status.state !== 'running';
    return { kind: 'status', status: child.status };
  }

  private exit(living: Living, code: number): Answer {
    living.status = { state: 'exited', code };
    living.implementation.exit?.(code);
    return DONE;
  }

  private setHandler(living: Living, number: number, handler: bigint): Answer {
    const signal = Object.keys(SIGNALS).find((name) => SIGNALS[name] === number);
    if (signal === undefined) return DONE;
    const deadly = new Set(living.deadly);
    if (handler === HANDLER_CATCH) deadly.delete(signal);
    else deadly.add(signal);
    living.deadly = deadly;
    return DONE;
  }

  /** A fault that is not caught ends the process. */
  private delivered(living: Living, answer: Answer): Answer {
    if (answer.kind !== 'signal' || !living.deadly.has(answer.signal.name)) return answer;
    const signal = answer.signal.name;
    living.status = { state: 'killed', signal };
    living.implementation.exit?.(128 + (SIGNALS[signal] ?? 0));
    return { ...answer, outcome: 'killed' };
  }
}
