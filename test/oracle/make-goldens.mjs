// Writes the goldens: what llama.cpp says on the F32 twin of the embedded model. `--check` compares with the committed
// ones instead and writes nothing. Usage: node make-goldens.mjs [--check]
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestOf } from '../../peer/model/manifest.ts'
import { writeF32Twin } from './f32-twin.mjs'
import { CHAT, PROSE, STRINGS } from './prompts.mjs'
import { openReference, SETTINGS } from './reference.mjs'

const MODEL = 'models/psalter-6m.q8_0.gguf'
const STEPS = 64
/** Below it a greedy choice is a near-tie that an engine within the numeric bound may decide otherwise. */
const SAFE_GAP = 1e-2
/** Rarer tokens are left out: the bound on log-probabilities is stated for those above, and files stay small. */
const LEAST_PROBABILITY = 1e-6
/** Another CPU's SIMD sums in another order; measured differences stay far below. */
const SAME_LOG_PROBABILITY = 1e-4

/** Of a prompt longer than this only every fourth row (and the last) is kept: neighbours say little more, and files stay small. */
const ALL_ROWS_UP_TO = 40

const root = join(import.meta.dirname, '..', '..')
const golden = name => join(import.meta.dirname, 'golden', name)

const modelPath = join(root, MODEL)
const folder = mkdtempSync(join(tmpdir(), 'shoal-oracle-'))
try {
  const twin = join(folder, 'twin.gguf')
  await writeF32Twin(modelPath, twin)
  const reference = await openReference(twin)
  try {
    const made = await makeGoldens(reference)
    if (process.argv.includes('--check')) {
      const differences = [...compare(made)]
      for (const difference of differences) console.error(difference)
      console.log(differences.length === 0 ? 'goldens: as committed' : `goldens: ${differences.length} differences`)
      process.exitCode = differences.length === 0 ? 0 : 1
    } else {
      write(made)
    }
  } finally {
    await reference.close()
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function makeGoldens(reference) {
  const prompts = []
  for (const { name, content } of CHAT) {
    // ChatML by hand: the template engine is the product's own.
    const rendered = `<|im_start|>user\n${content}<|im_end|>\n<|im_start|>assistant\n`
    const messages = [{ role: 'user', content }]
    prompts.push(await makePrompt(reference, { name, kind: 'chat', messages, rendered }, reference.tokenize(rendered, true)))
  }
  for (const { name, text } of PROSE) {
    prompts.push(await makePrompt(reference, { name, kind: 'prose', rendered: text }, reference.tokenize(text, false)))
  }
  const model = await describeModel()
  return {
    index: {
      model,
      reference: { release: reference.release, ...SETTINGS },
      safeGap: SAFE_GAP,
      prompts: prompts.map(prompt => prompt.entry)
    },
    rows: new Map(prompts.map(prompt => [prompt.entry.name, prompt.rows])),
    tokenization: {
      model,
      bos: reference.bos,
      endOfGeneration: reference.endOfGenerationIds(),
      cases: STRINGS.map(text => ({ text, plain: reference.tokenize(text, false), parsed: reference.tokenize(text, true) }))
    }
  }
}

/** What the goldens belong to: the file, and the name the swarm knows it by. */
async function describeModel() {
  const bytes = new Uint8Array(readFileSync(modelPath))
  const source = { name: MODEL, size: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) }
  const { digest } = await manifestOf(source)
  return { file: MODEL, sha256: createHash('sha256').update(bytes).digest('hex'), manifestDigest: digest }
}

async function makePrompt(reference, described, tokens) {
  const ids = [reference.bos, ...tokens]
  const { rows, greedy, gaps } = await reference.run(ids, STEPS)
  const end = greedy.findIndex(id => reference.endOfGeneration(id))
  const answer = end < 0 ? greedy : greedy.slice(0, end)
  const rowPositions = ids.map((_, i) => i).filter(i => ids.length <= ALL_ROWS_UP_TO || i % 4 === 0 || i === ids.length - 1)
  const entry = {
    ...described,
    ids,
    rowPositions,
    safe: gaps.every(gap => gap > SAFE_GAP),
    greedy: { ids: greedy, gaps: gaps.map(gap => Number(gap.toFixed(5))) },
    answer: { ids: answer, text: reference.detokenize(answer), finish: end < 0 ? 'length' : 'stop' }
  }
  const kept = position => [...rows[position]].filter(([, p]) => p >= LEAST_PROBABILITY).map(([id, p]) => [id, Math.log(p)])
  return { entry, rows: rowPositions.map(kept) }
}

/** Row after row: count (u32), ids (u16 each, padded to 4 bytes), log-probabilities (f32 each), most probable first; little-endian. */
function encodeRows(rows) {
  return Buffer.concat(
    rows.map(row => {
      const idBytes = 4 * Math.ceil(row.length / 2)
      const bytes = Buffer.alloc(4 + idBytes + 4 * row.length)
      bytes.writeUInt32LE(row.length)
      for (const [i, [id, logProbability]] of row.entries()) {
        bytes.writeUInt16LE(id, 4 + 2 * i)
        bytes.writeFloatLE(logProbability, 4 + idBytes + 4 * i)
      }
      return bytes
    })
  )
}

function decodeRows(bytes) {
  const rows = []
  for (let at = 0; at < bytes.length; ) {
    const count = bytes.readUInt32LE(at)
    const values = at + 4 + 4 * Math.ceil(count / 2)
    rows.push(Array.from({ length: count }, (_, i) => [bytes.readUInt16LE(at + 4 + 2 * i), bytes.readFloatLE(values + 4 * i)]))
    at = values + 4 * count
  }
  return rows
}

function write({ index, rows, tokenization }) {
  writeFileSync(golden('prompts.json'), `${JSON.stringify(index, null, 1)}\n`)
  writeFileSync(golden('tokenization.json'), `${JSON.stringify(tokenization, null, 1)}\n`)
  for (const [name, values] of rows) writeFileSync(golden(`${name}.rows.bin`), encodeRows(values))
  for (const { name, safe, greedy } of index.prompts) {
    console.log(`${name}: ${safe ? 'safe' : 'not safe'}, least gap ${Math.min(...greedy.gaps)}`)
  }
}

function* compare({ index, rows, tokenization }) {
  const committed = JSON.parse(readFileSync(golden('prompts.json'), 'utf8'))
  const numbersAside = (key, value) => (key === 'gaps' ? undefined : value)
  if (JSON.stringify(index, numbersAside) !== JSON.stringify(committed, numbersAside))
    yield 'prompts.json: other tokens, texts or settings'
  if (JSON.stringify(tokenization) !== JSON.stringify(JSON.parse(readFileSync(golden('tokenization.json'), 'utf8')))) {
    yield 'tokenization.json: other ids'
  }
  for (const [name, made] of rows) {
    const stored = decodeRows(readFileSync(golden(`${name}.rows.bin`)))
    if (stored.length !== made.length) yield `${name}: ${made.length} rows, committed ${stored.length}`
    for (const [place, row] of stored.entries()) {
      const now = new Map(made[place])
      // A token at the edge of LEAST_PROBABILITY may be in one list and not in the other.
      const worst = Math.max(...row.map(([id, value]) => Math.abs(value - (now.get(id) ?? Math.log(LEAST_PROBABILITY)))))
      if (worst > SAME_LOG_PROBABILITY) yield `${name}, row ${place}: a log-probability differs by ${worst}`
    }
  }
}
