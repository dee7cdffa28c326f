/**
 * Snapshots: the state of everything reachable from the kernel, put back in place.
 *
 * One walk over the object graph instead of a save and a load in each room: no field can be
 * forgotten, and handles that users hold (a Process) stay valid, since objects keep their identity
 * and only get their old contents back. Functions and frozen configuration are not state.
 * Law: restore + run equals the straight run (test/property).
 */

/** The contents of one object at the time of the snapshot. */
type Saved =
  | { readonly kind: 'bytes'; readonly target: ArrayBuffer; readonly copy: ArrayBuffer }
  | { readonly kind: 'array'; readonly target: unknown[]; readonly items: readonly unknown[] }
  | {
      readonly kind: 'map';
      readonly target: Map<unknown, unknown>;
      readonly entries: readonly (readonly [unknown, unknown])[];
    }
  | { readonly kind: 'set'; readonly target: Set<unknown>; readonly items: readonly unknown[] }
  | {
      readonly kind: 'fields';
      readonly target: Record<string, unknown>;
      readonly fields: readonly (readonly [string, unknown])[];
    };

/** Opaque to users: hand it back to the machine it came from. */
export interface Snapshot {
  readonly objects: readonly Saved[];
}

/** Objects with a state that is not in their fields. */
interface SelfSaving {
  saveState(): unknown;
  loadState(state: unknown): void;
}

function isSelfSaving(value: object): value is SelfSaving {
  return 'saveState' in value && typeof value.saveState === 'function';
}

class GraphSaver {
  readonly objects: Saved[];
  private readonly seen: Set<object>;
  private readonly pending: object[];

  constructor() {
    this.objects = [];
    this.seen = new Set();
    this.pending = [];
  }

  visit(value: unknown): void {
    if (typeof value !== 'object' || value === null || this.seen.has(value)) return;
    this.seen.add(value);
    this.pending.push(value);
  }

  run(): void {
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) this.save(next);
  }

  private save(value: object): void {
    if (ArrayBuffer.isView(value)) this.visit(value.buffer);
    else if (value instanceof ArrayBuffer) this.objects.push({ kind: 'bytes', target: value, copy: value.slice(0) });
    else if (Array.isArray(value)) this.saveArray(value);
    else if (value instanceof Map) this.saveMap(value);
    else if (value instanceof Set) this.saveSet(value);
    else this.saveFields(value as Record<string, unknown>);
  }

  private saveArray(target: unknown[]): void {
    this.objects.push({ kind: 'array', target, items: target.slice() });
    for (const item of target) this.visit(item);
  }

  private saveMap(target: Map<unknown, unknown>): void {
    this.objects.push({ kind: 'map', target, entries: [...target] });
    for (const [key, value] of target) {
      this.visit(key);
      this.visit(value);
    }
  }

  private saveSet(target: Set<unknown>): void {
    this.objects.push({ kind: 'set', target, items: [...target] });
    for (const item of target) this.visit(item);
  }

  private saveFields(target: Record<string, unknown>): void {
    if (Object.isFrozen(target)) return;
    const fields: [string, unknown][] = isSelfSaving(target) ? [['', target.saveState()]] : Object.entries(target);
    this.objects.push({ kind: 'fields', target, fields });
    if (!isSelfSaving(target)) for (const [, value] of fields) this.visit(value);
  }
}

/** Saves everything reachable from `root`. */
export function saveGraph(root: object): Snapshot {
  const saver = new GraphSaver();
  saver.visit(root);
  saver.run();
  return { objects: saver.objects };
}

/** Gives every saved object its contents back. */
export function restoreGraph(snapshot: Snapshot): void {
  for (const saved of snapshot.objects) restoreOne(saved);
}

function restoreOne(saved: Saved): void {
  switch (saved.kind) {
    case 'bytes':
      new Uint8Array(saved.target).set(new Uint8Array(saved.copy));
      break;
    case 'array':
      saved.target.length = 0;
      for (const item of saved.items) saved.target.push(item);
      break;
    case 'map':
      saved.target.clear();
      for (const [key, value] of saved.entries) saved.target.set(key, value);
      break;
    case 'set':
      saved.target.clear();
      for (const item of saved.items) saved.target.add(item);
      break;
    default:
      restoreFields(saved.target, saved.fields);
  }
}

function restoreFields(target: Record<string, unknown>, fields: readonly (readonly [string, unknown])[]): void {
  if (isSelfSaving(target)) target.loadState(fields[0][1]);
  else for (const [name, value] of fields) target[name] = value;
}
