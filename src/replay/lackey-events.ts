/**
 * The lines of a lackey log that are no accesses: `SYSCALL[...]` (--trace-syscalls=yes) and `==pid==`.
 *
 *   SYSCALL[P,T](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000)
 *   SYSCALL[P,T](21) sys_access ( 0x402a2a0(/etc/x), 4 )[sync] --> Failure(0x2)
 *   SYSCALL[P,T](0) sys_read ( 4, 0x1ffefffef8, 832 ) --> [async] ...          begun
 *   SYSCALL[P,T](0) ... [async] --> Success(0x340)                             ended
 *   SYSCALL[P,T](56) sys_clone ( 1200011, 0x0, ... )   clone(fork): process P created child C
 *    --> [pre-success] Success(0x9ac)                                          its end, and a forked child's first line
 *
 * Place: called by traced-process.ts for each text line. Keeps the call of each thread that has begun and not
 * ended. Texts behind a pointer are paths. The library that Valgrind makes every program load is no part of
 * the program: its mappings are left out and their range is `hidden`.
 * Source: Valgrind coregrind/m_syswrap/syswrap-main.c and the PRINT lines of its wrappers.
 */

import { FETCH, MODIFY, READ, WRITE } from './access-batch.ts';
import { failAt, quoted } from './bad-line.ts';
import type { AddressRange, EventReader, LogEvent, RecordedCall } from './log-event.ts';

const HEAD = /^SYSCALL\[(\d+),(\d+)\]\( ?(\d+)\) (.*)$/;
const OUTCOME = /(?:--> (?:\[[a-z-]+\] )?)(Success|Failure)\(0x([0-9a-f]+)(?::0x[0-9a-f]+)?\) *$/;
const CHILD = /\) +(fork|vfork|clone\(v?fork\)): process \d+ created child (\d+)$/;
/** rt_sigreturn: whatever it leaves in the registers is no result. */
const NO_RESULT = /NoWriteResult *$/;
const REST_OF_CALL = /^ --> \[(?:pre-success|pre-fail|async)\] .*$/;
/**
 * A new thread runs before the line of its clone has ended: what it logs first stands behind, and an empty
 * line follows later.
 */
const GLUED = /^(.*(?:Success|Failure)\(0x[0-9a-f:x]+\)) (I {2}[0-9a-f]+,\d+| [LSM] [0-9a-f]+,\d+|SYSCALL\[.*)$/;
const ACCESS = /^(I {2}| [LSM] )([0-9a-f]{1,13}),(\d+)$/;
const BANNER = /^==\d+==|^--\d+--|^\*\*\d+\*\*/;

const NR_CLOSE = 3;
const NR_MMAP = 9;
const NR_VFORK = 58;
const NR_OPENAT = 257;
const NR_SET_ROBUST_LIST = 273;
const NR_RSEQ = 334;
/** Both lie in glibc's struct pthread, since 2.35 so far apart. */
const RSEQ_BEHIND_ROBUST_LIST = 0x640;
/** Its flags are printed in hexadecimal without 0x. */
const NR_CLONE = 56;
const PRELOADED = /\/vgpreload_[^/]*\.so$/;
const PAGE = 4096;
const SIGNAL = /^==\d+== Process terminating with default action of signal (\d+)/;

export class LackeyEvents implements EventReader {
  private readonly file: string;
  /** Calls that have begun and not ended, by thread. */
  private readonly pending: Map<string, RecordedCall>;
  /** The thread whose fork line waits for its second half. */
  private forking: string | undefined;
  /** It is clear how the log begins. */
  private begun: boolean;
  /** Descriptor of the library that Valgrind makes each program load, -1 when none is open. */
  private preloadFd: number;
  readonly hidden: AddressRange;
  private robustList: number;

  /** `inherited`: what is hidden in the parent, whose address space a forked child has. */
  constructor(file: string, inherited: Readonly<AddressRange>) {
    this.file = file;
    this.pending = new Map();
    this.forking = undefined;
    this.begun = false;
    this.preloadFd = -1;
    this.hidden = { ...inherited };
    this.robustList = 0;
  }

  read(text: string, line: number): readonly LogEvent[] {
    const glued = GLUED.exec(text);
    if (glued !== null) return [...this.read(glued[1], line), ...this.read(glued[2], line)];
    const event = readAccess(text) ?? this.readOne(text, line);
    return event === undefined ? [] : [event];
  }

  private readOne(text: string, line: number): LogEvent | undefined {
    const signal = SIGNAL.exec(text);
    if (signal !== null) return { kind: 'signal', signal: Number(signal[1]), attempt: false };
    if (text === '' || BANNER.test(text)) return undefined;
    if (REST_OF_CALL.test(text)) return this.endFork(text);
    const head = HEAD.exec(text);
    if (head === null) this.fail(text, line);
    return this.readCall(`${head[1]},${head[2]}`, Number(head[3]), head[4], text, line);
  }

  /** Valgrind begins a new log at execve, without a word; a forked child's begins with the rest of its fork line. */
  startsImage(): boolean {
    if (this.begun) return false;
    this.begun = true;
    this.hidden.start = 0;
    this.hidden.end = 0;
    return true;
  }

  private fail(text: string, line: number): never {
    failAt(
      this.file,
      line,
      `${quoted(text)} is no line of a lackey log: right would be an access such as ' L 04031bd0,4', or a line beginning with SYSCALL[ or ==`,
    );
  }

  private readCall(thread: string, nr: number, rest: string, text: string, line: number): LogEvent | undefined {
    if (rest.startsWith('unimplemented')) return nr === NR_RSEQ ? this.nativeRseq(thread) : undefined;
    const outcome = OUTCOME.exec(rest);
    if (rest.startsWith('...')) return outcome === null ? undefined : this.end(thread, resultOf(outcome));
    const call = parseCall(nr, rest);
    if (call === undefined) this.fail(text, line);
    const child = CHILD.exec(rest);
    if (child !== null) return this.beginFork(thread, call, Number(child[2]));
    if (nr === NR_SET_ROBUST_LIST && isFirst(thread)) this.robustList = call.args[0];
    if (outcome !== null) return this.finished({ ...call, result: resultOf(outcome) });
    if (!NO_RESULT.test(rest)) this.pending.set(thread, call);
    return undefined;
  }

  /** Valgrind refuses rseq; a native kernel registers the area, which it writes after each fork. */
  private nativeRseq(thread: string): LogEvent | undefined {
    // All threads share a log; it is the first one that forks, as a rule.
    if (this.robustList === 0 || !isFirst(thread)) return undefined;
    const args = [this.robustList + RSEQ_BEHIND_ROBUST_LIST, 32, 0, 0, 0, 0];
    return { kind: 'call', call: { nr: NR_RSEQ, args, result: 0, texts: [] } };
  }

  private beginFork(thread: string, call: RecordedCall, child: number): LogEvent {
    this.pending.set(thread, call);
    this.forking = thread;
    return { kind: 'fork', how: call.nr === NR_VFORK ? 'vfork' : 'fork', child, log: undefined };
  }

  private endFork(text: string): LogEvent | undefined {
    this.begun = true;
    const outcome = OUTCOME.exec(text);
    const thread = this.forking;
    this.forking = undefined;
    return thread === undefined || outcome === null ? undefined : this.end(thread, resultOf(outcome));
  }

  private end(thread: string, result: number): LogEvent | undefined {
    const call = this.pending.get(thread);
    this.pending.delete(thread);
    return call === undefined ? undefined : this.finished({ ...call, result });
  }

  /** Leaves out what Valgrind's own library does to the program. */
  private finished(call: RecordedCall): LogEvent | undefined {
    const { nr, args, texts, result } = call;
    if (result === undefined || result < 0) return { kind: 'call', call };
    if (nr === NR_OPENAT && PRELOADED.test(texts[1] ?? '')) this.preloadFd = result;
    if (nr === NR_CLOSE && args[0] === this.preloadFd) this.preloadFd = -1;
    if (nr !== NR_MMAP || this.preloadFd < 0 || args[4] !== this.preloadFd) return { kind: 'call', call };
    const end = Math.ceil((result + args[1]) / PAGE) * PAGE;
    this.hidden.start = this.hidden.end === 0 ? result : Math.min(this.hidden.start, result);
    this.hidden.end = Math.max(this.hidden.end, end);
    return undefined;
  }
}

function isFirst(thread: string): boolean {
  return thread.endsWith(',1');
}

const KINDS: ReadonlyMap<string, number> = new Map([
  ['I', FETCH],
  ['L', READ],
  ['S', WRITE],
  ['M', MODIFY],
]);

function readAccess(text: string): LogEvent | undefined {
  const match = ACCESS.exec(text);
  if (match === null) return undefined;
  const what = KINDS.get(match[1].trim()) as number;
  return { kind: 'access', what, va: Number.parseInt(match[2], 16), size: Number(match[3]) };
}

function resultOf(outcome: RegExpExecArray): number {
  const value = Number.parseInt(outcome[2], 16);
  return outcome[1] === 'Failure' ? -value : value;
}

/** Name and arguments of a call, still without its result. */
function parseCall(nr: number, rest: string): RecordedCall | undefined {
  const open = rest.indexOf('(');
  if (open < 0) return undefined;
  const args: number[] = [];
  const texts: (string | undefined)[] = [];
  let at = open + 1;
  for (;;) {
    while (rest[at] === ' ') at++;
    if (at >= rest.length) return undefined;
    if (rest[at] === ')') break;
    const word = /^[^ ,()]*/.exec(rest.slice(at))?.[0] ?? '';
    at += word.length;
    args.push(wordValue(nr, word));
    const text = rest[at] === '(' ? textBehind(rest, at) : undefined;
    texts.push(text);
    if (text !== undefined) at += text.length + 2;
    if (rest[at] === ',') at++;
    else if (word === '') return undefined;
  }
  while (args.length < 6) args.push(0);
  return { nr, args, result: undefined, texts };
}

/**
 * The text in `0x402a2a0(/etc/x)`; it may hold brackets and commas itself, so its end is the one that an
 * argument list allows.
 */
function textBehind(rest: string, open: number): string {
  const end = /\)(?=, ?(?:-?\d|0x|[0-9a-f]+[ ,])| \))/.exec(rest.slice(open));
  return end === null ? rest.slice(open + 1) : rest.slice(open + 1, open + end.index);
}

/**
 * Decimal, or hexadecimal with 0x or with a letter in it. A negative `int` shows as unsigned 32 bits; its
 * reader knows that it is an int.
 */
function wordValue(nr: number, word: string): number {
  if (/^-?\d+$/.test(word) && nr !== NR_CLONE) return Number(word);
  return Number.parseInt(word.replace(/^0x/, ''), 16);
}
