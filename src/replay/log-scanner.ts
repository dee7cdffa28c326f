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

import { AccessBatch } from './access-batch.ts';
import { accessKind, appendLine } from './access-line.ts';
import { failAt, quoted } from './bad-line.ts';
import { appendPlainLines } from './plain-lines.ts';

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
const LETTER_I = 73;

const EMPTY = new Uint8Array(0);

export class LogScanner {
  /** Name of the log in error sentences. */
  readonly file: string;
  private readonly sink: LogSink;
  private readonly batch: AccessBatch;
  private readonly decoder: InstanceType<typeof TextDecoder>;
  private chunk: Uint8Array;
  private chunkView: DataView;
  /** Next byte of `chunk`. */
  private at: number;
  /** Where the whole lines of `chunk` end. */
  private wholeEnd: number;
  /** Uint8Array(LINE_MAX): the beginning of a line whose end has not come yet. */
  private readonly carry: Uint8Array;
  private readonly carryView: DataView;
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
    this.chunkView = viewOf(EMPTY);
    this.at = 0;
    this.wholeEnd = 0;
    this.carry = new Uint8Array(LINE_MAX);
    this.carryView = viewOf(this.carry);
    this.carried = 0;
    this.ended = false;
    this.lines = 0;
  }

  /** Gives it the next bytes; only when `run` has asked for them. It keeps `chunk` until then. */
  push(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.chunkView = viewOf(chunk);
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
    const view = bytes === this.carry ? this.carryView : this.chunkView;
    while (this.at < end) {
      this.plainLines(view, end);
      if (this.at < end && this.batch.count < BATCH_ROWS && this.otherLine(bytes)) return true;
    }
    return false;
  }

  /** Appends the accesses of plain lines until another line comes or the batch is full. */
  private plainLines(bytes: DataView, end: number): void {
    const { batch } = this;
    if (batch.count === BATCH_ROWS) this.flush();
    if (batch.count === 0) batch.firstLine = this.lines + 1;
    const before = batch.count;
    this.at = appendPlainLines(bytes, this.at, end, batch);
    this.lines += batch.count - before;
  }

  /** An access in another form, or a line of text; true if the sink asked for a pause. */
  private otherLine(bytes: Uint8Array): boolean {
    const { at, batch } = this;
    const code = accessKind(bytes, at);
    if (code < 0) {
      this.at = bytes.indexOf(NEWLINE, at) + 1;
      return this.text(bytes, at, this.at - 1);
    }
    this.at = appendLine(bytes, at, code, batch);
    if (this.at < 0) this.malformed(bytes, at);
    this.lines++;
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

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
