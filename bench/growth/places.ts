/** Places at random, the same in every run, and what several curves do there. */
import { MADV_DONTNEED, MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, type Process } from 'faultline';
import { PAGE, READ_WRITE, storeEachPage } from '../rows/machines.ts';

/** `count` whole numbers below `end`, scattered; the same for the same arguments. None twice unless `count` exceeds `end`. */
export function scattered(count: number, end: number): number[] {
  let step = Math.max(1, Math.floor(end * 0.618_034));
  while (greatestDivisor(step, end) !== 1) step--;
  let place = 0;
  return Array.from({ length: count }, () => {
    place = (place + step) % end;
    return place;
  });
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Gives `pages` pages at each address up and stores to them again, in `run`. */
export function storeAgain(process: Process, addresses: readonly number[], pages: number) {
  return {
    operations: addresses.length * pages,
    before: () => {
      for (const at of addresses) process.madvise(at, pages * PAGE, MADV_DONTNEED);
    },
    run: () => {
      for (const at of addresses) storeEachPage(process, at, pages * PAGE);
    },
  };
}

/** Unmaps `pages` touched pages at each address, in `run`. */
export function unmapAgain(process: Process, addresses: readonly number[], pages: number) {
  const restore = (): void => {
    for (const at of addresses) {
      process.mmap(at, pages * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
      storeEachPage(process, at, pages * PAGE);
    }
  };
  return {
    operations: addresses.length * pages,
    before: restore,
    run: () => {
      for (const at of addresses) process.munmap(at, pages * PAGE);
    },
  };
}
