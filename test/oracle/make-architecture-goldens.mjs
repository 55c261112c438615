// Writes the goldens of the synthetic models: llama.cpp's probabilities after each third token of a prompt. `--check` compares
// with the committed ones instead and writes nothing. Usage: node make-architecture-goldens.mjs [--check]
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReference, SETTINGS } from './reference.mjs'
import { SYNTHETIC_MODELS, SYNTHETIC_VOCABULARY, syntheticGguf, syntheticPrompt } from './synthetic.ts'

/** Past the windows and original contexts of the models. */
const PROMPT_TOKENS = 64
/** Neighbouring rows say little more, and the file stays small. */
const ROW_STEP = 3
/** Another CPU's SIMD sums in another order; measured differences stay far below. */
const SAME_LOG_PROBABILITY = 1e-4

const goldenPath = join(import.meta.dirname, 'golden', 'architectures.json')
const folder = mkdtempSync(join(tmpdir(), 'shoal-oracle-'))
try {
  const models = []
  let release
  for (const name of SYNTHETIC_MODELS) {
    const file = syntheticGguf(name)
    const path = join(folder, `${name}.gguf`)
    writeFileSync(path, file)
    const reference = await openReference(path)
    release = reference.release
    const ids = syntheticPrompt(name, PROMPT_TOKENS)
    const { rows } = await reference.run(ids, 0)
    await reference.close()
    const rowPositions = ids.map((_, i) => i).filter(i => i % ROW_STEP === 0)
    models.push({
      name,
      sha256: createHash('sha256').update(file).digest('hex'),
      ids,
      rowPositions,
      rows: rowPositions.map(position => encodeRow(rows[position]))
    })
    console.log(name)
  }
  const made = { reference: { release, ...SETTINGS }, models }
  if (process.argv.includes('--check')) compare(made)
  else writeFileSync(goldenPath, `${JSON.stringify(made, null, 1)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

/** ln p of every id in f32, little-endian, base64. */
function encodeRow(probabilities) {
  const row = Buffer.alloc(4 * SYNTHETIC_VOCABULARY)
  for (let id = 0; id < SYNTHETIC_VOCABULARY; id++) row.writeFloatLE(Math.log(probabilities.get(id)), 4 * id)
  return row.toString('base64')
}

function compare(made) {
  const committed = JSON.parse(readFileSync(goldenPath, 'utf8'))
  const rowsAside = (key, value) => (key === 'rows' ? undefined : value)
  let same = JSON.stringify(made, rowsAside) === JSON.stringify(committed, rowsAside)
  if (!same) console.error('architectures.json: other models, prompts or settings')
  for (const [index, { name, rows }] of made.models.entries()) {
    const worst = Math.max(...rows.map((row, place) => difference(row, committed.models[index]?.rows[place] ?? '')))
    if (!(worst <= SAME_LOG_PROBABILITY)) {
      console.error(`${name}: a log-probability differs by ${worst}`)
      same = false
    }
  }
  if (same) console.log('architecture goldens: as committed')
  else process.exitCode = 1
}

function difference(made, committed) {
  const [a, b] = [made, committed].map(text => Buffer.from(text, 'base64'))
  if (a.length !== b.length) return Number.NaN
  return Math.max(...Array.from({ length: a.length / 4 }, (_, i) => Math.abs(a.readFloatLE(4 * i) - b.readFloatLE(4 * i))))
}
