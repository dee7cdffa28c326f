/**
 * Reads an access log (lackey's grammar) from byte chunks: accesses into columns, other lines as text.
 *
 *   I  HEX,SIZE    fetch        ` L HEX,SIZE`  load
 *   ` S HEX,SIZE`  store        ` M HEX,SIZE`  load and store
 *   anything else: a line of text, for nstep-events.ts or lackey-events.ts
 *
 * Place: src/node hands in chunks of the unpacked file. A chunk is parsed where it lies, whole lines
 * at a time; only a line that two chunks share is copied. The order of accesses and text lines is
 * kept: the batch is handed over before each text line.
 * It may stop behind any text line (LINE_PAUSE), so that another process of the trace can run; the
 * rest of the chunk waits in it. Bounded: a line has at most LINE_MAX bytes.
 */

import { AccessBatch, FETCH, MODIFY, READ, WRITE } from './access-batch.ts';
import { failAt, quoted } from './bad-line.ts';

/** Results of `LogSink.line`. */
export const LINE_CONTINUE = 0;
export const LINE_PAUSE = 1;

/** Results of `LogScanner.run`. */
export const SCAN_NEEDS_DATA = 0;
export const SCAN_PAUSED = 1;
export const SCAN_ENDED = 2;

export interface LogSink {
  /** The accesses since the last text line or the last call; the batch is used again afterwards. */
  accesses(batch: AccessBatch): void;
  /** A line that is no access, without its newline; `line` counts from 1. LINE_PAUSE stops the scanner behind it. */
  line(text: string, line: number): number;
}

const BATCH_ROWS = 4096;
/** Longest line, in bytes: strace-like argument lists are far below it. */
export const LINE_MAX = 65536;

const NEWLINE = 10;
const BLANK = 32;
const COMMA = 44;
const LETTER_I = 73;

/** Value of a lower-case hexadecimal digit, else -1: Int8Array(256), indexed by byte. */
const HEX_VALUE = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) HEX_VALUE[value.toString(16).charCodeAt(0)] = value;

/** Kind of a data access by its letter, else -1: Int8Array(256), indexed by byte. */
const DATA_KIND = new Int8Array(256).fill(-1);
DATA_KIND['L'.charCodeAt(0)] = READ;
DATA_KIND['S'.charCodeAt(0)] = WRITE;
DATA_KIND['M'.charCodeAt(0)] = MODIFY;

/** More digits than this do not fit into two 28-bit halves. */
const FAST_DIGITS = 14;
const SIX_DIGITS = 2 ** 24;
const SEVEN_DIGITS = 2 ** 28;
const SIZE_MAX = 65535;

const EMPTY = new Uint8Array(0);

export class LogScanner {
  /** Name of the log in error sentences. */
  readonly file: string;
  private readonly sink: LogSink;
  private readonly batch: AccessBatch;
  private readonly decoder: InstanceType<typeof TextDecoder>;
  private chunk: Uint8Array;
  /** Next byte of `chunk`. */
  private at: number;
  /** Where the whole lines of `chunk` end. */
  private wholeEnd: number;
  /** Uint8Array(LINE_MAX): the beginning of a line whose end has not come yet. */
  private readonly carry: Uint8Array;
  private carried: number;
  private ended: boolean;
  /** Lines read so far. */
  lines: number;

  constructor(file: string, sink: LogSink) {
    this.file = file;
    this.sink = sink;
    this.batch = new AccessBatch(BATCH_ROWS);
    this.decoder = new TextDecoder('utf-8');
    this.chunk = EMPTY;
    this.at = 0;
    this.wholeEnd = 0;
    this.carry = new Uint8Array(LINE_MAX);
    this.carried = 0;
    this.ended = false;
    this.lines = 0;
  }

  /** Gives it the next bytes; only when `run` has asked for them. It keeps `chunk` until then. */
  push(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.at = 0;
    this.wholeEnd = chunk.lastIndexOf(NEWLINE) + 1;
  }

  /** No more bytes will come; a last line without a newline counts. */
  end(): void {
    this.ended = true;
  }

  /** Parses what is there: SCAN_NEEDS_DATA, SCAN_PAUSED or SCAN_ENDED. Throws `UserError` with file and line. */
  run(): number {
    if (this.carried > 0 && this.at < this.chunk.length && this.completeCarried()) return SCAN_PAUSED;
    if (this.parse(this.chunk, this.wholeEnd)) return SCAN_PAUSED;
    this.keepRest();
    if (!this.ended) return SCAN_NEEDS_DATA;
    if (this.carried > 0 && this.finishCarried()) return SCAN_PAUSED;
    this.flush();
    return SCAN_ENDED;
  }

  /** Joins the line that the last chunk began with its end in this one; true to pause. */
  private completeCarried(): boolean {
    const end = this.chunk.indexOf(NEWLINE, this.at);
    if (end < 0) return false;
    this.addToCarry(this.at, end + 1);
    this.at = end + 1;
    return this.parseCarried();
  }

  /** The last line of the file, which has no newline; true to pause. */
  private finishCarried(): boolean {
    this.carry[this.carried++] = NEWLINE;
    return this.parseCarried();
  }

  private parseCarried(): boolean {
    const { chunk, at, carried } = this;
    this.carried = 0;
    this.at = 0;
    const paused = this.parse(this.carry, carried);
    this.chunk = chunk;
    this.at = at;
    return paused;
  }

  /** Keeps the part of a line behind the last newline of the chunk. */
  private keepRest(): void {
    if (this.at >= this.chunk.length) return;
    this.addToCarry(this.at, this.chunk.length);
    this.at = this.chunk.length;
  }

  private addToCarry(from: number, to: number): void {
    if (this.carried + to - from >= LINE_MAX) {
      failAt(this.file, this.lines + 1, `the line is longer than ${LINE_MAX} bytes, so this is no access log`);
    }
    this.carry.set(this.chunk.subarray(from, to), this.carried);
    this.carried += to - from;
  }

  private flush(): void {
    if (this.batch.count > 0) this.sink.accesses(this.batch);
    this.batch.count = 0;
  }

  /** Parses the whole lines of bytes[this.at, end); true if the sink asked for a pause. */
  private parse(bytes: Uint8Array, end: number): boolean {
    const { batch } = this;
    const { va, size, kind } = batch;
    let at = this.at;
    while (at < end) {
      const code = accessKind(bytes, at);
      if (code < 0) {
        const next = bytes.indexOf(NEWLINE, at) + 1;
        this.at = next;
        if (this.text(bytes, at, next - 1)) return true;
        at = next;
        continue;
      }
      if (batch.count === BATCH_ROWS) this.flush();
      const row = batch.count;
      let comma = at + 15;
      let address = bytes[comma] === COMMA ? twelveDigits(bytes, at + 3) : -1;
      if (address < 0) {
        comma = addressEnd(bytes, at + 3);
        address = comma < 0 ? -1 : addressIn(bytes, at + 3, comma);
        if (address < 0) this.malformed(bytes, at);
      }
      va[row] = address;
      let sizeEnd = comma + 2;
      const digit = bytes[comma + 1] - 48;
      if (bytes[sizeEnd] === NEWLINE && digit > 0 && digit <= 9) size[row] = digit;
      else sizeEnd = sizeOf(bytes, comma + 1, size, row);
      if (sizeEnd < 0) this.malformed(bytes, at);
      kind[row] = code;
      if (row === 0) batch.firstLine = this.lines + 1;
      batch.count = row + 1;
      this.lines++;
      at = sizeEnd + 1;
    }
    this.at = at;
    return false;
  }

  private text(bytes: Uint8Array, from: number, to: number): boolean {
    this.flush();
    this.lines++;
    if (bytes[from] === LETTER_I) this.malformedText(bytes, from, to, this.lines);
    return this.sink.line(this.decoder.decode(bytes.subarray(from, to)), this.lines) === LINE_PAUSE;
  }

  private malformed(bytes: Uint8Array, from: number): never {
    this.malformedText(bytes, from, bytes.indexOf(NEWLINE, from), this.lines + 1);
  }

  private malformedText(bytes: Uint8Array, from: number, to: number, line: number): never {
    const text = this.decoder.decode(bytes.subarray(from, to));
    failAt(
      this.file,
      line,
      `${quoted(text)} is no access: right would be 'I  ', ' L ', ' S ' or ' M ', a hexadecimal address, a comma and a size in bytes, as in ' L 7ffff7fe4b70,8'`,
    );
  }
}

/** READ, WRITE, FETCH or MODIFY for a line that begins like an access, else -1. */
function accessKind(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === BLANK) return bytes[at + 2] === BLANK ? DATA_KIND[bytes[at + 1]] : -1;
  return first === LETTER_I && bytes[at + 1] === BLANK && bytes[at + 2] === BLANK ? FETCH : -1;
}

/** Twelve digits, as native addresses have: no loop and one check, since a wrong digit is -1. The address, or -1. */
function twelveDigits(bytes: Uint8Array, from: number): number {
  const high =
    (HEX_VALUE[bytes[from]] << 20) |
    (HEX_VALUE[bytes[from + 1]] << 16) |
    (HEX_VALUE[bytes[from + 2]] << 12) |
    (HEX_VALUE[bytes[from + 3]] << 8) |
    (HEX_VALUE[bytes[from + 4]] << 4) |
    HEX_VALUE[bytes[from + 5]];
  const low =
    (HEX_VALUE[bytes[from + 6]] << 20) |
    (HEX_VALUE[bytes[from + 7]] << 16) |
    (HEX_VALUE[bytes[from + 8]] << 12) |
    (HEX_VALUE[bytes[from + 9]] << 8) |
    (HEX_VALUE[bytes[from + 10]] << 4) |
    HEX_VALUE[bytes[from + 11]];
  return (high | low) < 0 ? -1 : high * SIX_DIGITS + low;
}

/** Where the comma behind the hexadecimal digits from `from` on stands, or -1. */
function addressEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (HEX_VALUE[bytes[at]] >= 0) at++;
  return at > from && bytes[at] === COMMA ? at : -1;
}

/**
 * The address in bytes[from, to), all of them digits: 56 bits in two halves of 28, 32-bit integer arithmetic
 * throughout.
 */
function addressIn(bytes: Uint8Array, from: number, to: number): number {
  let high = 0;
  let low = 0;
  for (let at = from; at < to; at++) {
    high = (high << 4) | (low >>> 24);
    low = ((low & 0xffffff) << 4) | HEX_VALUE[bytes[at]];
  }
  return to - from > FAST_DIGITS ? wideAddress(bytes, from, to) : high * SEVEN_DIGITS + low;
}

/** Reads a decimal size that ends at a newline into size[row]; where the newline stands, or -1. */
function sizeOf(bytes: Uint8Array, from: number, size: Uint16Array, row: number): number {
  let value = 0;
  let at = from;
  for (; bytes[at] !== NEWLINE; at++) {
    const digit = bytes[at] - 48;
    if (!(digit >= 0 && digit <= 9) || value > SIZE_MAX) return -1;
    value = value * 10 + digit;
  }
  if (value === 0 || value > SIZE_MAX) return -1;
  size[row] = value;
  return at;
}

/** An address of 15 or 16 digits (the upper half): not exact, but outside user space all the same. */
function wideAddress(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 16 + HEX_VALUE[bytes[at]];
  return value;
}
