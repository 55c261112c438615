/** A line plot as SVG. */

interface Curve {
  name: string
  values: readonly number[]
}

const WIDTH = 640
const HEIGHT = 360
const LEFT = 60
const RIGHT = 180
const MARGIN = 40
/** Okabe and Ito's colours, told apart by colour-blind readers. */
const COLOURS = ['#000000', '#e69f00', '#56b4e9', '#009e73', '#d55e00', '#0072b2', '#cc79a7', '#999999']

export function lines(title: string, xLabel: string, curves: readonly Curve[]): string {
  const top = Math.max(1e-9, ...curves.flatMap(({ values }) => values))
  const steps = Math.max(2, ...curves.map(({ values }) => values.length)) - 1
  const x = (index: number) => LEFT + (index / steps) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN)
  const label = (atX: number, atY: number, text: string, more = '') =>
    `<text x="${atX}" y="${atY.toFixed(1)}" ${more}>${text}</text>`
  const parts = [
    label(LEFT, 20, title, 'font-weight="bold"'),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, xLabel, 'text-anchor="middle"')
  ]
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(`<path d="M${LEFT} ${y(share * top).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>`)
    parts.push(label(LEFT - 6, y(share * top) + 4, (share * top).toFixed(2), 'text-anchor="end"'))
  }
  for (let index = 0; index <= steps; index++) parts.push(label(x(index), HEIGHT - 22, `${index + 1}`, 'text-anchor="middle"'))
  curves.forEach(({ name, values }, which) => {
    const colour = COLOURS[which % COLOURS.length]!
    const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    parts.push(`<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    parts.push(label(WIDTH - RIGHT + 10, MARGIN + which * 18, name, `fill="${colour}"`))
  })
  const style = 'font-family="sans-serif" font-size="12"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ${style}>\n<rect width="100%" height="100%" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`
}
