/**
 * A program that is given a text and prints an answer, for as long as it may take.
 *
 * Place: under the targets of `faultline check` that are programs. It is started by a shell in a process group of its own, which ends
 * as a whole when time is up or too much was printed. Nothing here fails because of what the program does: a crash, a hang or a
 * start that fails is said in words.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants as osConstants } from 'node:os';

export interface ProgramOptions {
  /** What the shell is given. */
  readonly command: string;
  /** How long it may take for an answer. */
  readonly timeoutMs: number;
}

export interface ProgramOutput {
  readonly text: string;
  /** Undefined if it answered and runs on. */
  readonly end: ProgramEnd | undefined;
}

export interface ProgramEnd {
  readonly words: string;
  /** It crashed, hung or said too much. Exit codes of an emulator mean nothing, so they are no failure. */
  readonly isFailure: boolean;
}

/** More than any scenario could ask for. */
const OUTPUT_MAX = 64 * 1024 * 1024;
const SEPARATOR = '%%';

/** Gives a program one text on its standard input, closes that, and waits for its end. */
export async function runProgram(options: ProgramOptions, input: string): Promise<ProgramOutput> {
  const run = new RunningProgram(options);
  run.write(input);
  run.closeInput();
  return run.untilEnd();
}

/** A program that answers one text after the other, each ended by a line `%%`. It is started when first asked, and again after it ended. */
export class Conversation {
  private readonly options: ProgramOptions;
  private running: RunningProgram | undefined;

  constructor(options: ProgramOptions) {
    this.options = options;
    this.running = undefined;
  }

  async ask(input: string): Promise<ProgramOutput> {
    if (this.running?.hasEnded ?? true) this.running = new RunningProgram(this.options);
    const running = this.running as RunningProgram;
    running.write(`${input}${input.endsWith('\n') ? '' : '\n'}${SEPARATOR}\n`);
    return running.untilSeparator();
  }

  /** Lets the program end, and ends it if it does not. */
  async close(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    if (running === undefined || running.hasEnded) return;
    running.closeInput();
    await running.untilEnd();
  }
}

/** One process, with what it has printed since it was last asked. */
class RunningProgram {
  hasEnded: boolean;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly options: ProgramOptions;
  private chunks: string[];
  private length: number;
  private errors: string;
  /** Why it was ended from here. */
  private stopped: string | undefined;
  private end: ProgramEnd;
  /** Told when something was printed, and at the end. */
  private notify: () => void;
  /** It must not outlive this process. */
  private readonly onExit: () => void;

  constructor(options: ProgramOptions) {
    this.options = options;
    this.child = spawn(options.command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.hasEnded = false;
    this.chunks = [];
    this.length = 0;
    this.errors = '';
    this.stopped = undefined;
    this.end = { words: '', isFailure: false };
    this.notify = () => {};
    this.onExit = () => this.kill();
    this.watch();
  }

  private watch(): void {
    const { child } = this;
    process.on('exit', this.onExit);
    child.stdin.on('error', () => {}); // it may end, or close its input, without reading
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.take(chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.errors = `${this.errors}${chunk}`.slice(-ERRORS_KEPT);
    });
    child.on('error', (error) => this.finish({ words: `it could not be started: ${error.message}`, isFailure: true }));
    // What it left running must not hold its output open.
    child.on('exit', () => this.kill());
    child.on('close', (code, signal) => this.finish(this.endOf(code, signal)));
  }

  private take(chunk: string): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length > OUTPUT_MAX) this.stop('it printed more than 64 MiB and was ended');
    this.notify();
  }

  private endOf(code: number | null, signal: string | null): ProgramEnd {
    if (this.stopped !== undefined) return { words: this.stopped, isFailure: true };
    const killer = signal ?? killerOf(code);
    const words =
      killer === undefined ? `the command ended with exit code ${code}` : `the command was killed by ${killer}`;
    const complaint = this.errors.trim().split('\n').at(-1) ?? '';
    return { words: complaint === '' ? words : `${words}: ${complaint}`, isFailure: killer !== undefined };
  }

  private finish(end: ProgramEnd): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    process.off('exit', this.onExit);
    this.end = end;
    this.notify();
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  closeInput(): void {
    this.child.stdin.end();
  }

  /** Waits until `isDone` or the end; ends the program when time is up, without what is `wanted`. */
  private wait(wanted: string, isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const seconds = this.options.timeoutMs / 1000;
      const timer = setTimeout(
        () => this.stop(`the command gave ${wanted} within ${seconds} s and was killed`),
        this.options.timeoutMs,
      );
      this.notify = () => {
        if (!this.hasEnded && !isDone()) return;
        clearTimeout(timer);
        this.notify = () => {};
        resolve();
      };
      this.notify();
    });
  }

  async untilEnd(): Promise<ProgramOutput> {
    await this.wait('no end of its answer', () => false);
    return { text: this.takeAll(), end: this.end };
  }

  async untilSeparator(): Promise<ProgramOutput> {
    let answer: string | undefined;
    await this.wait(`no line ${SEPARATOR}`, () => {
      answer ??= this.takeAnswer();
      return answer !== undefined;
    });
    answer ??= this.takeAnswer();
    return answer === undefined ? { text: this.takeAll(), end: this.end } : { text: answer, end: undefined };
  }

  private takeAll(): string {
    const text = this.chunks.join('');
    this.chunks = [];
    this.length = 0;
    return text;
  }

  /** What stands before the first separator, if there is one. */
  private takeAnswer(): string | undefined {
    const text = this.takeAll();
    const match = /^%%\r?\n/m.exec(text);
    const rest = match === null ? text : text.slice(match.index + match[0].length);
    if (rest !== '') this.chunks = [rest];
    this.length = rest.length;
    return match === null ? undefined : text.slice(0, match.index);
  }

  private stop(reason: string): void {
    this.stopped ??= reason;
    this.kill();
  }

  /** Ends the whole group. */
  private kill(): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  }
}

const ERRORS_KEPT = 2000;

/** The signal that killed the program of a shell, which says so by 128 + its number. */
function killerOf(code: number | null): string | undefined {
  const killer = Object.entries(osConstants.signals).find(([, number]) => 128 + number === code)?.[0];
  return killer !== undefined && DEADLY.has(killer) ? killer : undefined;
}

/** What a crash ends with. Others may be exit codes. */
const DEADLY: ReadonlySet<string> = new Set(['SIGILL', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV']);
