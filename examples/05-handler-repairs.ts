/**
 * A SIGSEGV handler that repairs the fault and returns: the access is tried again and succeeds.
 *
 * Garbage collectors and checkpointers use this as a write barrier: protect everything, and let
 * the first store to each page tell which pages change.
 */
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  PROT_WRITE,
  SEGV_ACCERR,
  SIGSEGV,
  SignalError,
} from 'faultline';

const PAGE = 4096;
const PAGES = 8;

const machine = new Machine();
const process = machine.spawn();
const heap = process.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
for (let page = 0; page < PAGES; page++) process.store32(heap + page * PAGE, page);

const dirty = new Set<number>();
process.sigaction(SIGSEGV, ({ code, address }) => {
  const page = Math.floor((Number(address) - heap) / PAGE);
  if (code !== SEGV_ACCERR || page < 0 || page >= PAGES) return 'abandon';
  dirty.add(page);
  process.mprotect(heap + page * PAGE, PAGE, PROT_READ | PROT_WRITE);
  return 'retry';
});

function maps(): string {
  const ours = process.maps().filter(({ start }) => start >= heap && start < heap + PAGES * PAGE);
  return ours.map(({ start, end, perms }) => `${perms} x${(end - start) / PAGE}`).join(', ');
}

process.mprotect(heap, PAGES * PAGE, PROT_READ);
console.log(`protected: ${maps()}`);

process.store32(heap + 2 * PAGE, 1234);
process.store32(heap + 2 * PAGE + 4, 5678); // the page is open by now: no signal
process.store64(heap + 6 * PAGE - 4, -1n); // across the boundary of pages 5 and 6
console.log(`stored: page 2 holds ${process.load32(heap + 2 * PAGE)} and ${process.load32(heap + 2 * PAGE + 4)}`);
console.log(`dirty pages: ${[...dirty].join(' ')}; signals: ${machine.vmstat().signals}`);
console.log(`mappings: ${maps()}`);

try {
  process.store8(heap + PAGES * PAGE, 1);
} catch (error) {
  if (!(error instanceof SignalError)) throw error;
  console.log(`a store past the end: ${error.message}; alive: ${process.alive}`);
}
