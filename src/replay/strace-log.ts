/**
 * What a strace log knows beyond the other logs: paths, file sizes, and structures that calls pass.
 *
 * Place: src/node feeds it the whole strace before the replay begins; each process of the replay then
 * walks its own calls along (StraceCalls.match). Kept per call: number, result, line; details only
 * where a call has some. Unfinished and resumed halves are joined.
 * It never gives addresses to a replay; it can only confirm them.
 */

import { failAt, quoted } from './bad-line.ts';
import { parseStraceLine, type StraceLine, splitArguments, unquote } from './strace-line.ts';
import { syscallNumber } from './syscall-numbers.ts';
import { pathArguments } from './user-memory.ts';

/** What the arguments of one call say. */
export interface StraceDetail {
  /** Text of each argument that is a string. */
  readonly texts: readonly (string | undefined)[];
  /** st_size that a successful stat call gave. */
  readonly size: number | undefined;
  /** The arguments as printed. */
  readonly args: readonly string[];
}

export interface StraceMatch {
  readonly line: number;
  /** Undefined for `?`. */
  readonly result: number | undefined;
  readonly detail: StraceDetail | undefined;
}

/** How far apart two recordings of one process may drift before a call counts as missing. */
const DRIFT_MAX = 64;

const STATS = new Set(['fstat', 'newfstatat', 'stat', 'lstat', 'statx', 'fstatat64']);
/** Calls whose structures a replay reads. */
const STRUCTURED = new Set(['clone', 'clone3', 'sigaltstack']);

/** The calls of one process in order. */
export class StraceCalls {
  private readonly nrs: number[];
  private readonly results: (number | undefined)[];
  private readonly lines: number[];
  /** By place in `nrs`. */
  private readonly details: Map<number, StraceDetail>;
  private next: number;

  constructor() {
    this.nrs = [];
    this.results = [];
    this.lines = [];
    this.details = new Map();
    this.next = 0;
  }

  add(nr: number, result: number | undefined, line: number, detail: StraceDetail | undefined): void {
    if (detail !== undefined) this.details.set(this.nrs.length, detail);
    this.nrs.push(nr);
    this.results.push(result);
    this.lines.push(line);
  }

  /** The next call with this number, at most DRIFT_MAX ahead; undefined if the strace does not have it. */
  match(nr: number): StraceMatch | undefined {
    const end = Math.min(this.nrs.length, this.next + DRIFT_MAX);
    for (let place = this.next; place < end; place++) {
      if (this.nrs[place] !== nr) continue;
      this.next = place + 1;
      return { line: this.lines[place], result: this.results[place], detail: this.details.get(place) };
    }
    return undefined;
  }
}

export class StraceLog {
  readonly file: string;
  private readonly processes: Map<number, StraceCalls>;
  /** First halves that wait for their second, by pid. */
  private readonly unfinished: Map<number, { readonly name: string; readonly args: string }>;
  /** Paths behind open descriptors, by `pid:fd`. */
  private readonly opened: Map<string, string>;
  /** First size seen of each path. */
  readonly sizes: Map<string, number>;
  private readonly decoder: InstanceType<typeof TextDecoder>;
  /** The beginning of a line whose end has not come yet. */
  private rest: string;
  private line: number;
  /** The process of the first line. */
  firstPid: number | undefined;

  constructor(file: string) {
    this.file = file;
    this.processes = new Map();
    this.unfinished = new Map();
    this.opened = new Map();
    this.sizes = new Map();
    this.decoder = new TextDecoder('latin1'); // one byte, one character: a chunk may end inside a character
    this.rest = '';
    this.line = 0;
    this.firstPid = undefined;
  }

  /** The next bytes of the file. Throws `UserError` with file and line for what is no strace line. */
  push(chunk: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(chunk)).split('\n');
    this.rest = lines.pop() as string;
    for (const text of lines) this.readLine(text);
  }

  end(): void {
    if (this.rest !== '') this.readLine(this.rest);
    this.rest = '';
  }

  /** The calls of a process, or undefined. */
  callsOf(pid: number): StraceCalls | undefined {
    return this.processes.get(pid);
  }

  private readLine(text: string): void {
    this.line++;
    if (text === '') return;
    const line = parseStraceLine(text);
    if (line === undefined) {
      failAt(this.file, this.line, `${quoted(text)} is no line of strace: right would be '2347  close(3) = 0'`);
    }
    this.firstPid ??= line.pid;
    if (line.kind === 'unfinished') this.unfinished.set(line.pid, { name: line.name, args: line.args });
    else if (line.kind !== 'note') this.addCall(line);
  }

  private addCall(line: Extract<StraceLine, { kind: 'call' | 'resumed' }>): void {
    const { pid, name } = line;
    const begun = line.kind === 'resumed' ? this.unfinished.get(pid) : undefined;
    if (line.kind === 'resumed') this.unfinished.delete(pid);
    const nr = syscallNumber(name);
    if (nr === undefined) return;
    const args = begun !== undefined && begun.name === name ? `${begun.args}${line.args}` : line.args;
    const result = resultValue(line.result);
    const detail = detailOf(nr, name, args);
    if (detail !== undefined) this.noteSize(pid, name, detail, result);
    this.callsFor(pid).add(nr, result, this.line, detail);
  }

  private callsFor(pid: number): StraceCalls {
    let calls = this.processes.get(pid);
    if (calls === undefined) {
      calls = new StraceCalls();
      this.processes.set(pid, calls);
    }
    return calls;
  }

  private noteSize(pid: number, name: string, detail: StraceDetail, result: number | undefined): void {
    if (result === undefined || result < 0) return;
    const text = detail.texts.find((word) => word !== undefined);
    if (name === 'open' || name === 'openat') {
      if (text !== undefined) this.opened.set(`${pid}:${result}`, text);
      return;
    }
    if (detail.size === undefined) return;
    const path =
      text === undefined || text === '' ? this.opened.get(`${pid}:${Number.parseInt(detail.args[0], 10)}`) : text;
    if (path !== undefined && !this.sizes.has(path)) this.sizes.set(path, detail.size);
  }
}

function resultValue(text: string): number | undefined {
  const match = /^(0x[0-9a-f]+|-?\d+)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

function detailOf(nr: number, name: string, args: string): StraceDetail | undefined {
  const places = pathArguments(nr);
  if (places.length === 0 && !STATS.has(name) && !STRUCTURED.has(name)) return undefined;
  const words = splitArguments(args);
  const texts: (string | undefined)[] = [];
  for (const place of places) texts[place] = unquote(words[place] ?? '');
  return { texts, size: STATS.has(name) ? sizeIn(args) : undefined, args: words };
}

function sizeIn(args: string): number | undefined {
  const match = /\bstx?_size=(\d+)/.exec(args);
  return match === null ? undefined : Number(match[1]);
}
