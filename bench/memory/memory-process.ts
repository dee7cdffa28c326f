/** Measures one row about the host's memory in a process of its own: `node --expose-gc memory-process.js NAME` prints a MemoryFigure. */
import {
  allocAnonFault,
  allocCowFault,
  allocFileFault,
  allocLoad,
  allocPrivateFault,
  allocSharedFault,
  allocTouch,
  allocWalk,
  allocZeroFault,
} from './allocations.ts';
import { framesAnonymous, framesCached, framesFresh, framesTables } from './frames.ts';
import type { MemoryFigure, MemoryName } from './table.ts';

const FIGURES: Readonly<Record<MemoryName, () => MemoryFigure>> = {
  'frames-fresh': framesFresh,
  'frames-anonymous': framesAnonymous,
  'frames-cached': framesCached,
  'frames-tables': framesTables,
  'alloc-load': allocLoad,
  'alloc-walk': allocWalk,
  'alloc-touch': allocTouch,
  'alloc-zero-fault': allocZeroFault,
  'alloc-anon-fault': allocAnonFault,
  'alloc-cow-fault': allocCowFault,
  'alloc-file-fault': allocFileFault,
  'alloc-private-fault': allocPrivateFault,
  'alloc-shared-fault': allocSharedFault,
};

process.stdout.write(JSON.stringify(FIGURES[process.argv[2] as MemoryName]()));
