/**
 * What became of the faults, kept so that the survivors can be tried again after the sources have changed.
 *
 * Place: reports/mutation/results.json. A fault is known by its file, the text of its line, what it replaces and by what: line numbers
 * move, and a line that is gone takes its faults with it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const CAUGHT = ['Killed', 'Timeout'];

/** The text of the line on which `location` begins (lines from `firstLine` on), and what stands at `location`. */
function textAt(source, { start, end }, firstLine) {
  const lines = source.split('\n').slice(start.line - firstLine, end.line - firstLine + 1);
  const line = lines[0].trim();
  const cut = [...lines];
  cut[cut.length - 1] = cut[cut.length - 1].slice(0, end.column - (firstLine === 1 ? 1 : 0));
  cut[0] = cut[0].slice(start.column - (firstLine === 1 ? 1 : 0));
  return { line, original: cut.join('\n') };
}

/** The faults of a report of Stryker's, in the form that is kept. */
export function resultsOf(report) {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => status !== 'Ignored')
      .map(({ mutatorName, replacement, location, status }) => ({
        file,
        mutator: mutatorName,
        ...textAt(source, location, 1),
        replacement,
        at: location.start.line,
        status,
      })),
  );
}

export function isCaught({ status }) {
  return CAUGHT.includes(status);
}

function isAlike(a, b) {
  return ['file', 'mutator', 'line', 'original', 'replacement'].every((key) => a[key] === b[key]);
}

/** The one of `candidates` that is `result` now: of those alike (the same line may stand in a file twice) the one that stands nearest to its line. */
function counterpart(result, candidates) {
  const distance = ({ at }) => Math.abs(at - result.at);
  return candidates.filter((other) => isAlike(result, other)).sort((a, b) => distance(a) - distance(b))[0];
}

/** The places, among all `faults` that the instrumenter finds in `sources` (by file), of those of `results` that were not caught. */
export function placesOfSurvivors(results, faults, sources) {
  const described = faults.map((fault) => ({
    file: fault.fileName,
    mutator: fault.mutatorName,
    ...textAt(sources[fault.fileName], fault.location, 0),
    replacement: fault.replacement,
    at: fault.location.start.line + 1,
    fault,
  }));
  const left = results.filter((result) => !isCaught(result)).map((result) => counterpart(result, described));
  return [...new Set(left.filter((found) => found !== undefined).map(({ fault }) => fault))];
}

/** `earlier` with what a later run found out about those that had survived; a fault whose code is gone is `Gone`. */
export function joined(earlier, later) {
  return earlier.map((result) =>
    isCaught(result) ? result : (counterpart(result, later) ?? { ...result, status: 'Gone' }),
  );
}

/** The account in one line, and a line or two for each survivor. */
export function account(results) {
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const gone = count('Gone');
  const caught = count(...CAUGHT);
  const share = ((100 * caught) / (results.length - gone)).toFixed(1);
  const survivors = results
    .filter((result) => !isCaught(result) && result.status !== 'Gone')
    .map(({ file, at, line, original, replacement, status }) => {
      const one = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 120);
      return `${file}:${at} ${status}\n    ${one(line)}\n    ${one(original)}  =>  ${one(replacement)}`;
    });
  return [
    ...survivors,
    `${results.length - gone} faults: ${count('Killed')} caught, ${count('Timeout')} timed out, ${count('Survived')} survived, ` +
      `${count('NoCoverage')} reached by no test, ${count('RuntimeError', 'CompileError')} not runnable: ${share} %` +
      (gone > 0 ? `; the code of ${gone} more is gone` : ''),
  ].join('\n');
}

export function readResults(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

export function writeResults(path, results) {
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`);
}
