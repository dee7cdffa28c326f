/**
 * The machines of the rows: the default one in the production setting, with just the RAM that a row uses up.
 *
 * `invariants: 0` turns off the machine's checks of itself, which belong to tests; nothing of what the machine does depends on it.
 * RAM barely exceeds what a row touches, so that after the first, unmeasured round every frame has been used before.
 */
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  type MachineConfig,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from 'faultline';

export const PAGE = 4096;
export const MIB = 1024 * 1024;
export const READ_WRITE = PROT_READ | PROT_WRITE;

/** Room beside the touched pages, for page tables and the rest. */
const TABLES_BYTES = 4 * MIB;

export function machineFor(touchedBytes: number, config: MachineConfig = {}): Machine {
  return new Machine({ ram: touchedBytes + TABLES_BYTES, ...config, invariants: 0 });
}

/** Address of a new private anonymous mapping, readable and writable. */
export function mapPrivate(process: Process, bytes: number): number {
  return process.mmap(0, bytes, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

export function storeEachPage(process: Process, va: number, bytes: number): void {
  const end = va + bytes;
  for (let at = va; at < end; at += PAGE) process.store8(at, 1);
}
