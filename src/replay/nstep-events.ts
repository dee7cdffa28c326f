/**
 * The `#` lines of a native single-step log.
 *
 *   #EXEC pid=N
 *   #SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R              all hexadecimal but nr
 *   #FORK kind=fork|vfork|clone child=PID file=pK
 *   #SIG N code=C addr=0xA ip=I (...)  accesses  #SIGEND    the instruction that faulted
 *   #SIG N code=C ip=I                             any other signal
 *   #EXIT code=N | #EXIT signal=N
 *
 * Place: called by traced-process.ts for each text line of the log. Keeps no state.
 */

import { failAt, quoted } from './bad-line.ts';
import { type AddressRange, type EventReader, type ForkKind, hexWord, type LogEvent } from './log-event.ts';

const EXEC = /^#EXEC pid=(\d+)$/;
const FORK = /^#FORK kind=(fork|vfork|clone) child=(\d+) file=(p\d+)$/;
const SIGNAL = /^#SIG (\d+) code=(-?\d+)(?: addr=0x([0-9a-f]+))? ip=([0-9a-f]+)( \(next lines: the attempt\))?$/;
const EXIT = /^#EXIT (?:code|signal)=(\d+)$/;

const NO_TEXTS: readonly undefined[] = [];

const RIGHT: readonly (readonly [prefix: string, right: string])[] = [
  ['#EXEC', '#EXEC pid=N'],
  ['#SYS', '#SYS nr=9 a0 a1 a2 a3 a4 a5 ret=R, hexadecimal but for nr'],
  ['#FORK', '#FORK kind=fork|vfork|clone child=PID file=pK'],
  ['#SIG', '#SIG N code=C [addr=0xA] ip=I, or #SIGEND'],
  ['#EXIT', '#EXIT code=N or #EXIT signal=N'],
];

export class NstepEvents implements EventReader {
  private readonly file: string;
  readonly hidden: AddressRange;

  constructor(file: string) {
    this.file = file;
    this.hidden = { start: 0, end: 0 };
  }

  read(text: string, line: number): readonly LogEvent[] {
    const event = readCall(text) ?? readOther(text);
    if (event === undefined) this.fail(text, line);
    return [event];
  }

  /** An #EXEC line says it. */
  startsImage(): boolean {
    return false;
  }

  private fail(text: string, line: number): never {
    const shape = RIGHT.find(([prefix]) => text.startsWith(prefix));
    const right =
      shape?.[1] ?? 'an access such as ` L 7ffff7fe4b70,8`, or a line beginning with #EXEC, #SYS, #FORK, #SIG or #EXIT';
    failAt(this.file, line, `${quoted(text)} is no line of a single-step log: right would be ${right}`);
  }
}

function readCall(text: string): LogEvent | undefined {
  if (!text.startsWith('#SYS nr=') || !text.includes(' ret=')) return undefined;
  const words = text.split(' ');
  if (words.length !== 9) return undefined;
  const nr = Number(/^nr=(\d+)$/.exec(words[1])?.[1] ?? Number.NaN);
  const args = words.slice(2, 8).map(hexWord);
  const result = words[8].startsWith('ret=') ? hexWord(words[8].slice(4)) : Number.NaN;
  if (Number.isNaN(nr) || Number.isNaN(result) || args.some(Number.isNaN)) return undefined;
  return { kind: 'call', call: { nr, args, result, texts: NO_TEXTS } };
}

function readOther(text: string): LogEvent | undefined {
  if (EXEC.test(text)) return { kind: 'exec' };
  if (EXIT.test(text)) return { kind: 'exit' };
  if (text === '#SIGEND') return { kind: 'signal-end' };
  const fork = FORK.exec(text);
  if (fork !== null) return { kind: 'fork', how: fork[1] as ForkKind, child: Number(fork[2]), log: fork[3] };
  const signal = SIGNAL.exec(text);
  return signal === null ? undefined : { kind: 'signal', signal: Number(signal[1]), attempt: signal[5] !== undefined };
}
