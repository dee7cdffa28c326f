/**
 * A snapshot, and the same moment twice: what runs after a restore equals what ran before it.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE } from 'faultline';

const PAGE = 4096;

const machine = new Machine({ seed: 42, tlb: [{ sets: 1, ways: 2, replacement: 'random' }] });
const process = machine.spawn();
const va = process.mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
process.store32(va, 1);

/** A run whose TLB misses depend on the random choice of victims. */
function run(): string {
  for (let step = 0; step < 100; step++) process.store32(va + ((step * step) % 8) * PAGE, step);
  const { l1Hits, l1Misses } = machine.tlbCounts();
  return `hits ${l1Hits}, misses ${l1Misses}, faults ${process.minorFaults}, clock ${machine.timeNs.toFixed(1)} ns`;
}

const snapshot = machine.snapshot();
console.log(`first run:  ${run()}`);
console.log(`goes on:    ${run()}`);
machine.restore(snapshot);
console.log(`back:       page 0 holds ${process.load32(va)}, faults ${process.minorFaults}`);
machine.restore(snapshot);
console.log(`second run: ${run()}`);
