/**
 * Random calls about threads: making and ending them, waiting for words of memory and waking those who wait.
 *
 * Place: writers of statements. `main` never waits without a timeout, so that a scenario does not stand still.
 */
import { addressText, anywhere, findRange, PAGE } from './aim.ts';
import type { Scene } from './scene.ts';

export function writeThread(scene: Scene): string | null {
  if (!scene.canFork) return null;
  const { me } = scene;
  const name = scene.freshName('t');
  const { group, parent, memory } = me;
  scene.addProcess({
    name,
    group,
    parent,
    memory,
    get descriptors() {
      return me.descriptors;
    },
    set descriptors(descriptors) {
      me.descriptors = descriptors;
    },
    get others() {
      return me.others;
    },
    set others(others) {
      me.others = others;
    },
  });
  return `${name} = thread()`;
}

/** The child has the memory of its parent, and descriptors of its own. */
export function writeVfork(scene: Scene): string | null {
  if (!scene.canFork) return null;
  const { me } = scene;
  const { memory, descriptors, others } = me;
  const name = scene.freshName('v');
  me.child = { name, group: name, parent: me.name, memory, descriptors, others };
  scene.addProcess(me.child);
  return `${name} = vfork()`;
}

/** None of the files is a program: this shows errors only. */
export function writeExec(scene: Scene): string {
  const paths = scene.files.flatMap(({ path, memory }) => (memory || path === '' ? [] : [path]));
  return `execve("${scene.draws.pick([...paths, 'nothing'])}")`;
}

/** Not `main`, with which the scenario would end. */
export function writeKill(scene: Scene): string | null {
  const others = [...scene.processes, ...scene.ended].filter(({ group }) => group !== 'main');
  if (others.length === 0) return null;
  const target = scene.draws.pick(others);
  if (scene.draws.chance(40)) return `kill(${target.name}, 0)`;
  scene.remove(({ group }) => group === target.group);
  return `kill(${target.name}, SIGKILL)`;
}

export function writeExitThread(scene: Scene): string | null {
  const others = scene.processes.slice(1);
  if (others.length === 0) return null;
  const gone = scene.draws.pick(others);
  scene.remove((process) => process === gone);
  scene.me = gone;
  return `exit_thread(${scene.draws.below(5)})`;
}

/** Words that are looked at: seldom one that is not aligned. */
const OFFSETS = [0, 0, 0, 4, 2048, PAGE - 4, 2] as const;

export function writeFutex(scene: Scene): string | null {
  const scope = scene.draws.chance(40) ? '|FUTEX_PRIVATE_FLAG' : '';
  const { waits, draws } = scene;
  if (draws.chance(50)) {
    const word = waits.length > 0 && draws.chance(70) ? draws.pick(waits) : `${wordText(scene)}, FUTEX_WAKE${scope}`;
    return `futex(${word.replace('WAIT', 'WAKE')}, ${draws.below(4)})`;
  }
  const word = `${wordText(scene)}, FUTEX_WAIT${scope}`;
  const expected = draws.chance(70) ? 0 : 1;
  if (!scene.mayWait || draws.chance(40)) return `futex(${word}, ${expected}, 1000)`;
  scene.waits = [...waits, word];
  scene.noteWaiter();
  return `futex(${word}, ${expected})`;
}

function wordText(scene: Scene): string {
  const range = scene.slips() ? undefined : findRange(scene, () => true);
  const { base, start } = range ?? anywhere(scene);
  return addressText(base, start, scene.draws.pick(OFFSETS));
}
