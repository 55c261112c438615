/**
 * `npm run test:deaths`: every hop of a chain of real processes killed and frozen at every moment. `--only TEXT` runs the
 * cells whose name has it, `--list` names them.
 */
import { parseArgs } from 'node:util'
import { allCells, cellName, PARTS, runCell } from './cells.ts'
import { Pool } from './pool.ts'

/** The chain's own, one that takes over, and one more for when that dies too. */
const HOLDERS = [3, 3, 3]

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } } })
const cells = allCells().filter(cell => (values.only ?? []).every(text => cellName(cell).includes(text)))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

if (values.list === true) console.log(cells.map(cellName).join('\n'))
else if (cells.length === 0) {
  console.error('no cell of this name; --list names them')
  process.exitCode = 2
} else await runAll()

async function runAll(): Promise<void> {
  const startedAt = performance.now()
  const failed: string[] = []
  const pool = await Pool.start(PARTS, HOLDERS)
  try {
    console.log(`${cells.length} cells on ${pool.holders.length} peers`)
    for (const cell of cells) {
      const cellAt = performance.now()
      try {
        const { tokensBefore, silenceMs, recoveries, losses } = await runCell(pool, cell)
        const pauses = recoveries.map(({ pause_ms }) => `${(pause_ms / 1000).toFixed(2)} s`).join(' + ')
        console.log(
          `ok     ${cellName(cell).padEnd(58)} after ${String(tokensBefore).padStart(2)} tokens, silent ${(silenceMs / 1000).toFixed(2).padStart(5)} s, pause ${pauses}, ${losses.map(({ code }) => code).join(' ')}`
        )
      } catch (error) {
        failed.push(cellName(cell))
        console.log(`FAILED ${cellName(cell)}: ${(error as Error).message}`)
      }
      if (cell.signal === 'SIGSTOP') await pool.newGateway()
      await pool.restore()
      if (process.env.SHOAL_TRACE !== undefined) console.log(`       ${((performance.now() - cellAt) / 1000).toFixed(1)} s`)
    }
    await pool.drained()
    console.log('all KV is free again')
  } finally {
    await pool.end()
  }
  console.log(
    `${cells.length - failed.length} of ${cells.length} cells in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`
  )
  if (failed.length > 0) process.exitCode = 1
}
