/**
 * The table of System V segments: finding, numbering, sweeping.
 *
 * An identifier is an index plus 32768 times a sequence number. Indices go round, 64 of them or more, and each time
 * they begin anew the sequence number is one higher: an identifier does not come back soon.
 *
 * Source: Linux ipc/util.c ipc_addid, ipc_obtain_object_check.
 */

import type { Segment, State } from './state.ts';

export const INDEX_LIMIT = 32768;
const CYCLE_MIN = 64;
const SEQUENCE_LIMIT = 65536;

/** How many mappings of all processes show it. */
export function attachedTo(state: State, id: number): number {
  const counts = (file: number | undefined): boolean => file !== undefined && state.openFiles.get(file)?.segment === id;
  return [...state.processes.values()].reduce(
    (sum, process) => sum + process.vmas.filter((vma) => counts(vma.file)).length,
    0,
  );
}

/** Forgets the removed segments that nothing is attached to any more. Every call on segments begins with it. */
export function sweep(state: State): void {
  for (const [id, segment] of state.segments.byId) {
    if (segment.removed && attachedTo(state, id) === 0) state.segments.byId.delete(id);
  }
}

export function findSegment(state: State, key: number): { readonly id: number; readonly segment: Segment } | undefined {
  const found = [...state.segments.byId].find(([, segment]) => segment.key === key);
  return found && { id: found[0], segment: found[1] };
}

/** The highest index in use, 0 for none. */
export function highestIndex(state: State): bigint {
  return BigInt(Math.max(0, ...[...state.segments.byId.keys()].map((id) => id % INDEX_LIMIT)));
}

/** Enters a new segment: its identifier. */
export function addSegment(state: State, segment: Segment): number {
  const { segments } = state;
  const used = new Set([...segments.byId.keys()].map((id) => id % INDEX_LIMIT));
  const end = Math.max(CYCLE_MIN, Math.floor((used.size * 3) / 2));
  let index = segments.nextIndex;
  while (index < end && used.has(index)) index++;
  if (index >= end) for (index = 0; used.has(index); ) index++;
  if (index <= segments.lastIndex) segments.sequence = (segments.sequence + 1) % SEQUENCE_LIMIT;
  segments.lastIndex = index;
  segments.nextIndex = index + 1;
  const id = segments.sequence * INDEX_LIMIT + index;
  segments.byId.set(id, segment);
  return id;
}
