/**
 * Random looks at what /proc says of a process.
 *
 * Place: writers of statements. Drawn is only what does not depend on fault-around, readahead and folios: which pages are there is
 * asked of private anonymous memory alone, and of the sums those that count mappings or anonymous pages.
 */
import { addressText, aim } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';
import { spanText } from './write-ranges.ts';

export function writeMaps(): string {
  return 'maps()';
}

export function writeSmaps(scene: Scene): string | null {
  const { base, start } = aim(scene, ({ file, shared }) => file < 0 && !shared);
  return scene.isPlain(base) ? `smaps(${addressText(base, start)})` : null;
}

export function writeVmFlags(scene: Scene): string {
  const { base, start } = aim(scene, () => true);
  return `vmflags(${addressText(base, start)})`;
}

export function writePagemap(scene: Scene): string | null {
  const span = aim(scene, ({ file, shared }) => file < 0 && !shared);
  return scene.isPlain(span.base) ? `pagemap(${spanText(scene, span)})` : null;
}

const FIELDS: readonly Weighted<string>[] = [
  [2, 'VmSize'],
  [3, 'VmLck'],
  [2, 'RssAnon'],
  [2, 'VmData'],
  [1, 'VmStk'],
  [1, 'VmLib'],
];

export function writeStatus(scene: Scene): string {
  return `status("${scene.draws.weigh(FIELDS)}")`;
}
