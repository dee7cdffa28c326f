/**
 * What the house rules need to know of a source file, read from its syntax tree: imports of every form, re-exports, the default
 * export, and the names that FORBIDDEN_NAMES watches. Knows no rule.
 */
import { type ESTree, parseSync, Visitor } from 'rolldown/utils';

export interface Import {
  /** As written; undefined where it is computed at run time. */
  specifier: string | undefined;
  line: number;
}

export interface SourceFacts {
  /** Repository-relative, with `/`. */
  path: string;
  /** `import`, `export ... from`, `import()` as expression and as type, `import x = require()`; types and values alike. */
  imports: Import[];
  /** Exports of what other modules declare, imported first or not. `star` for `export *`, with a name or without. */
  reExports: { line: number; star: boolean }[];
  defaultExportLine: number | undefined;
  /** Free-standing names and `Math.random`; `async` and `await` for the syntax. Declarations and property names are not among them. */
  names: { name: string; line: number }[];
}

/** Throws with the place of the first syntax error. */
export function readFacts(path: string, text: string): SourceFacts {
  const { errors, module, program } = parseSync(path, text, { sourceType: 'module' });
  const lineOf = lineFinder(text);
  if (errors[0] !== undefined) {
    throw new Error(`${path}:${lineOf(errors[0].labels[0]?.start ?? 0)}: ${errors[0].message}`);
  }
  const exports = module.staticExports.flatMap((statement) => statement.entries);
  const defaultExport = exports.find(
    ({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default',
  );
  return {
    path,
    imports: importsOf(program, lineOf),
    reExports: exports
      .filter((entry) => entry.moduleRequest !== null)
      .map((entry) => ({ line: lineOf(entry.start), star: entry.importName.kind.startsWith('All') })),
    defaultExportLine: defaultExport && lineOf(defaultExport.start),
    names: namesOf(program, lineOf),
  };
}

/** Offset in `text` -> line, from 1. */
function lineFinder(text: string): (offset: number) => number {
  const lineOfOffset = new Uint32Array(text.length + 1);
  let line = 1;
  for (let offset = 0; offset <= text.length; offset++) {
    lineOfOffset[offset] = line;
    if (text[offset] === '\n') line++;
  }
  return (offset) => lineOfOffset[offset] ?? line;
}

function importsOf(program: ESTree.Program, lineOf: (offset: number) => number): Import[] {
  const imports: Import[] = [];
  const add = (source: ESTree.Node | null) => {
    if (source !== null) imports.push({ specifier: literalText(source), line: lineOf(source.start) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
  }).visit(program);
  return imports;
}

function literalText(node: ESTree.Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0]?.value.raw;
  return undefined;
}

function namesOf(program: ESTree.Program, lineOf: (offset: number) => number): SourceFacts['names'] {
  const names: SourceFacts['names'] = [];
  /** Offsets of identifiers that are labels of a property or method and refer to nothing. */
  const labels = new Set<number>();
  const label = (node: { computed: boolean }, key: ESTree.Node) => {
    if (!node.computed && !('shorthand' in node && node.shorthand)) labels.add(key.start);
  };
  const add = (name: string, node: { start: number }) => names.push({ name, line: lineOf(node.start) });
  const addAsync = (node: { async: boolean; start: number }) => {
    if (node.async) add('async', node);
  };
  new Visitor({
    MemberExpression: (node) => {
      label(node, node.property);
      const { object, property } = node;
      if (object.type === 'Identifier' && property.type === 'Identifier' && !node.computed) {
        add(`${object.name}.${property.name}`, node);
      }
    },
    Property: (node) => label(node, node.key),
    PropertyDefinition: (node) => label(node, node.key),
    MethodDefinition: (node) => label(node, node.key),
    TSPropertySignature: (node) => label(node, node.key),
    TSMethodSignature: (node) => label(node, node.key),
    Identifier: (node) => {
      if (!labels.has(node.start)) add(node.name, node);
    },
    FunctionDeclaration: addAsync,
    FunctionExpression: addAsync,
    ArrowFunctionExpression: addAsync,
    AwaitExpression: (node) => add('await', node),
    ForOfStatement: (node) => {
      if (node.await) add('await', node);
    },
  }).visit(program);
  return names;
}
