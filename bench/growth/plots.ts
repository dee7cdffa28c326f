/** One picture for each amount: nanoseconds over sizes, both axes logarithmic, a line for each curve. A flat cost is a level line. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { CurveOutcome } from './curve-report.ts';
import { AMOUNTS, type Amount } from './curves.ts';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const WIDTH = 720;
const HEIGHT = 440;
/** Between a name and the next symbol, and between rows. */
const LEGEND_GAP = 20;

/** The picture of an amount as SVG. */
export function plot(amount: Amount, outcomes: readonly CurveOutcome[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const marks = [...amount.sizes];
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: amount.title, left: 'center' },
    legend: { bottom: 0, itemGap: LEGEND_GAP },
    grid: { left: 70, right: 30, top: 50, bottom: 100 },
    xAxis: {
      type: 'log',
      name: amount.axis,
      nameLocation: 'middle',
      nameGap: 25,
      min: marks[0],
      max: marks[marks.length - 1],
      // By themselves a logarithmic axis has marks at powers of ten.
      axisTick: { customValues: marks },
      axisLabel: { customValues: marks },
    },
    yAxis: { type: 'log', name: 'ns' },
    series: outcomes.map(({ curve, sizes, ns }) => ({
      type: 'line',
      name: curve.name,
      symbolSize: 7,
      data: sizes.map((size, place) => [size, ns[place]]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Writes `NAME.svg` for each amount that was measured into `folder`. */
export function writePlots(folder: string, outcomes: readonly CurveOutcome[]): void {
  mkdirSync(folder, { recursive: true });
  for (const amount of Object.values(AMOUNTS) as Amount[]) {
    const own = outcomes.filter(({ curve, ns }) => curve.amount === amount.name && ns.length > 0);
    if (own.length > 0) writeFileSync(join(folder, `${amount.name}.svg`), plot(amount, own));
  }
}
