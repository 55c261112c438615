// Writes the goldens of the synthetic models: llama.cpp's probabilities after each third token of a prompt; for the mixed ones
// fewer, on the F32 twin, and how far they are from llama.cpp on the mixed file itself, whose CPU code rounds activations.
// `--check` compares with the committed ones instead and writes nothing. Usage: node make-architecture-goldens.mjs [--check]
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeF32Twin } from './f32-twin.mjs'
import { openReference, SETTINGS } from './reference.mjs'
import { MIXED_MODELS, SYNTHETIC_MODELS, SYNTHETIC_VOCABULARY, syntheticGguf, syntheticPrompt } from './synthetic.ts'

/** Past the windows and original contexts of the models. */
const PROMPT_TOKENS = 64
/** Neighbouring rows say little more, and the file stays small. */
const ROW_STEP = 3
/** Fewer: the types are held at every position in tensor-types.json. The prompt's first and last are among these. */
const MIXED_ROW_STEP = 9
/** nats; what llama.cpp's rounding of activations may change. */
const MOST_DIVERGENCE = 1e-2
/** Another CPU's SIMD sums in another order; measured differences stay far below. */
const SAME_LOG_PROBABILITY = 1e-4

const goldenPath = join(import.meta.dirname, 'golden', 'architectures.json')
const folder = mkdtempSync(join(tmpdir(), 'shoal-oracle-'))
try {
  const models = []
  let release
  for (const name of SYNTHETIC_MODELS) {
    const { sha256, path } = write(name)
    const ids = syntheticPrompt(name, PROMPT_TOKENS)
    const { rows, ...reference } = await evaluate(path, ids)
    release = reference.release
    models.push({ name, sha256, ids, ...chosen(rows, ROW_STEP) })
    console.log(name)
  }
  for (const name of MIXED_MODELS) {
    const { sha256, path } = write(name)
    const twinPath = join(folder, 'twin.gguf')
    await writeF32Twin(path, twinPath)
    const ids = syntheticPrompt(name, PROMPT_TOKENS)
    const { rows } = await evaluate(twinPath, ids)
    const quantised = await evaluate(path, ids)
    const divergence = rows.reduce((sum, row, at) => sum + klDivergence(row, quantised.rows[at]), 0) / rows.length
    console.log(`${name}: mean KL of the mixed file ${divergence.toExponential(1)}`)
    if (!(divergence <= MOST_DIVERGENCE)) throw new Error(`${name}: mean KL ${divergence} from the mixed file`)
    models.push({ name, sha256, quantisedMeanKl: Number(divergence.toPrecision(2)), ids, ...chosen(rows, MIXED_ROW_STEP) })
  }
  const made = { reference: { release, ...SETTINGS }, models }
  if (process.argv.includes('--check')) compare(made)
  else writeFileSync(goldenPath, `${JSON.stringify(made, null, 1)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

function write(name) {
  const file = syntheticGguf(name)
  const path = join(folder, 'model.gguf')
  writeFileSync(path, file)
  return { path, sha256: createHash('sha256').update(file).digest('hex') }
}

async function evaluate(path, ids) {
  const reference = await openReference(path)
  const { rows } = await reference.run(ids, 0)
  await reference.close()
  return { release: reference.release, rows }
}

function chosen(rows, step) {
  const rowPositions = rows.map((_, i) => i).filter(i => i % step === 0)
  return { rowPositions, rows: rowPositions.map(position => encodeRow(rows[position])) }
}

function klDivergence(p, q) {
  return [...p].reduce((sum, [id, value]) => sum + (value === 0 ? 0 : value * Math.log(value / q.get(id))), 0)
}

/** ln p of every id in f32, little-endian, base64. */
function encodeRow(probabilities) {
  const row = Buffer.alloc(4 * SYNTHETIC_VOCABULARY)
  for (let id = 0; id < SYNTHETIC_VOCABULARY; id++) row.writeFloatLE(Math.log(probabilities.get(id)), 4 * id)
  return row.toString('base64')
}

function compare(made) {
  const committed = JSON.parse(readFileSync(goldenPath, 'utf8'))
  const numbersAside = (key, value) => (key === 'rows' || key === 'quantisedMeanKl' ? undefined : value)
  let same = JSON.stringify(made, numbersAside) === JSON.stringify(committed, numbersAside)
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
