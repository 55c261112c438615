// Writes the goldens of the tensor types: for models of random bits in each type (synthetic-types.ts) llama.cpp's
// probabilities on the F32 twin, and how far they are from llama.cpp on the quantised file itself, whose CPU code rounds
// activations. First it proves the dequantiser that makes the twins: a model whose only quantised tensor is the embedding
// makes llama.cpp give bit by bit the probabilities of its twin. `--check` compares with the committed goldens instead and
// writes nothing. Usage: node make-type-goldens.mjs [--check]
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeF32Twin } from './f32-twin.mjs'
import { openReference, SETTINGS } from './reference.mjs'
import { EMBEDDING_MODELS, TYPES_MODELS, TYPES_VOCABULARY, typesGguf, typesPrompt } from './synthetic-types.ts'

/** More than a KV block of 16 and no multiple of a prefill tile. */
const PROMPT_TOKENS = 27
/** nats; what llama.cpp's rounding of activations may change. */
const MOST_DIVERGENCE = 1e-2
/** Another CPU's SIMD sums in another order; measured differences stay far below. */
const SAME_LOG_PROBABILITY = 1e-4

const goldenPath = join(import.meta.dirname, 'golden', 'tensor-types.json')
const folder = mkdtempSync(join(tmpdir(), 'shoal-oracle-'))
const ids = Array.from({ length: TYPES_VOCABULARY }, (_, id) => id)
try {
  const embeddings = []
  for (const model of EMBEDDING_MODELS) {
    const { sha256, quantised, twin } = await evaluateBoth(model, ids)
    // Every row of the table is looked up once; the rows' bits are those of llama.cpp's own dequantiser.
    for (const id of ids) if (!quantised[id].equals(twin[id])) throw new Error(`${model.name}: row ${id} differs from the twin's`)
    embeddings.push({ name: model.name, sha256, bitEqualRows: ids.length })
    console.log(`${model.name}: ${ids.length} rows bit-equal to the twin's`)
  }
  const models = []
  let release
  for (const model of TYPES_MODELS) {
    const prompt = typesPrompt(model.seed, PROMPT_TOKENS)
    const both = await evaluateBoth(model, prompt)
    release = both.release
    const divergence = both.twin.reduce((sum, row, at) => sum + klDivergence(row, both.quantised[at]), 0) / prompt.length
    if (!(divergence <= MOST_DIVERGENCE)) throw new Error(`${model.name}: mean KL ${divergence} from the quantised file`)
    const rows = both.twin.map(row => logs(row).toString('base64'))
    models.push({ name: model.name, sha256: both.sha256, ids: prompt, quantisedMeanKl: Number(divergence.toPrecision(2)), rows })
    console.log(`${model.name}: mean KL of the quantised file ${divergence.toExponential(1)}`)
  }
  const made = { reference: { release, ...SETTINGS }, embeddings, models }
  if (process.argv.includes('--check')) compare(made)
  else writeFileSync(goldenPath, `${JSON.stringify(made, null, 1)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

/** Probabilities after each of `prompt`'s tokens, one buffer of f64 by id a row, from the file and from its twin. */
async function evaluateBoth(model, prompt) {
  const file = typesGguf(model)
  const [path, twinPath] = ['model.gguf', 'twin.gguf'].map(name => join(folder, name))
  writeFileSync(path, file)
  await writeF32Twin(path, twinPath)
  const quantised = await evaluate(path, prompt)
  const twin = await evaluate(twinPath, prompt)
  const sha256 = createHash('sha256').update(file).digest('hex')
  return { sha256, release: twin.release, quantised: quantised.rows, twin: twin.rows }
}

async function evaluate(path, prompt) {
  const reference = await openReference(path)
  const { rows } = await reference.run(prompt, 0)
  const { release } = reference
  await reference.close()
  return {
    release,
    rows: rows.map(row => {
      if (row.size !== TYPES_VOCABULARY) throw new Error(`${row.size} probabilities for ${TYPES_VOCABULARY} ids`)
      return Buffer.from(Float64Array.from(ids, id => row.get(id)).buffer)
    })
  }
}

function value(row, id) {
  return row.readDoubleLE(8 * id)
}

function klDivergence(p, q) {
  return ids.reduce((sum, id) => sum + value(p, id) * Math.log(value(p, id) / value(q, id)), 0)
}

/** ln p of every id in f32, little-endian. */
function logs(row) {
  return Buffer.from(Float32Array.from(ids, id => Math.log(value(row, id))).buffer)
}

function compare(made) {
  const committed = JSON.parse(readFileSync(goldenPath, 'utf8'))
  const numbersAside = (key, value) => (key === 'rows' || key === 'quantisedMeanKl' ? undefined : value)
  let same = JSON.stringify(made, numbersAside) === JSON.stringify(committed, numbersAside)
  if (!same) console.error('tensor-types.json: other models, prompts or settings')
  for (const [index, { name, rows }] of made.models.entries()) {
    const worst = Math.max(...rows.map((row, at) => difference(row, committed.models[index]?.rows[at] ?? '')))
    if (worst <= SAME_LOG_PROBABILITY) continue
    console.error(`${name}: a log-probability differs by ${worst}`)
    same = false
  }
  if (same) console.log('tensor type goldens: as committed')
  else process.exitCode = 1
}

function difference(made, committed) {
  const [a, b] = [made, committed].map(text => Buffer.from(text, 'base64'))
  if (a.length !== b.length) return Number.NaN
  return Math.max(...Array.from({ length: a.length / 4 }, (_, i) => Math.abs(a.readFloatLE(4 * i) - b.readFloatLE(4 * i))))
}
