/**
 * The recorded program's descriptors: which number stands for which open file, with its position.
 *
 * The numbers are the recorded ones. The kernel gives the lowest that is free, which is how those are known
 * that a call stores in user memory where no log shows them (pipe, socketpair): so every descriptor is
 * followed, whatever stands behind it.
 * Place: file-calls.ts changes and asks; a table is shared by threads and copied by fork.
 */

import type { RecordedFile } from './recorded-files.ts';

/** Bytes that have been written to a pipe or socket of the trace and not been read. */
export interface PipeState {
  bytes: number;
}

/** An open file description; shared by dup and fork. */
export class OpenDescription {
  /** Undefined for what is no regular file. */
  readonly file: RecordedFile | undefined;
  readonly pipe: PipeState | undefined;
  /** O_* as opened. */
  readonly flags: number;
  position: number;

  constructor(file: RecordedFile | undefined, flags: number, pipe?: PipeState) {
    this.file = file;
    this.pipe = pipe;
    this.flags = flags;
    this.position = 0;
  }
}

/** More than any log has; a garbage number must not make the table huge. */
const FD_MAX = 2 ** 20;

export class Descriptors {
  private readonly open: Map<number, OpenDescription>;
  private readonly closeOnExec: Set<number>;

  constructor() {
    this.open = new Map();
    this.closeOnExec = new Set();
  }

  /** A table with 0, 1 and 2 on something that is no file of the run. */
  static standard(): Descriptors {
    const table = new Descriptors();
    for (let fd = 0; fd < 3; fd++) table.install(fd, new OpenDescription(undefined, 0), 'keep');
    return table;
  }

  copy(): Descriptors {
    const copy = new Descriptors();
    for (const [fd, description] of this.open) copy.open.set(fd, description);
    for (const fd of this.closeOnExec) copy.closeOnExec.add(fd);
    return copy;
  }

  get(fd: number): OpenDescription | undefined {
    return this.open.get(fd | 0);
  }

  install(fd: number, description: OpenDescription, onExec: 'keep' | 'close'): void {
    if (!(fd >= 0 && fd < FD_MAX)) return;
    this.open.set(fd, description);
    if (onExec === 'close') this.closeOnExec.add(fd);
    else this.closeOnExec.delete(fd);
  }

  setCloseOnExec(fd: number, onExec: 'keep' | 'close'): void {
    if (onExec === 'close') this.closeOnExec.add(fd);
    else this.closeOnExec.delete(fd);
  }

  close(fd: number): void {
    this.open.delete(fd | 0);
    this.closeOnExec.delete(fd | 0);
  }

  closeRange(first: number, last: number): void {
    for (const fd of [...this.open.keys()]) if (fd >= first && fd <= last) this.close(fd);
  }

  /** execve: what is marked close-on-exec goes. */
  exec(): void {
    for (const fd of [...this.closeOnExec]) this.close(fd);
  }

  /** The descriptor that the kernel gives next. */
  lowestFree(): number {
    let fd = 0;
    while (this.open.has(fd)) fd++;
    return fd;
  }
}
