/**
 * The committed answers of llama.cpp on the F32 twin of the embedded model, typed. Made by `npm run oracle -- --write`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface GoldenModel {
  /** From the repository's root. */
  file: string
  /** Of the GGUF file. */
  sha256: string
  /** Its name in the swarm. */
  manifestDigest: string
}

export interface GoldenPrompt {
  name: string
  kind: 'chat' | 'prose'
  /** Of a chat prompt. */
  messages?: { role: 'user'; content: string }[]
  /** The prompt as text, control markers and all, without BOS. */
  rendered: string
  /** BOS first. */
  ids: number[]
  /** Positions of the prompt whose rows `loadRows` gives, in order: all of a short prompt, every fourth and the last of a long one. */
  rowPositions: number[]
  /** Every one of the greedy steps leads by more than `safeGap`: an engine within the numeric bound must choose the same. */
  safe: boolean
  /** 64 tokens that stop at nothing; each choice's lead over the second, in ln p. */
  greedy: { ids: number[]; gaps: number[] }
  /** The greedy tokens up to the end of generation (not included), else all 64. */
  answer: { ids: number[]; text: string; finish: 'stop' | 'length' }
}

/** The next token's distribution at one position: ids with p ≥ 1e-6, most probable first. */
export interface GoldenRow {
  ids: Uint16Array
  /** ln p. */
  logProbabilities: Float32Array
}

export interface Goldens {
  model: GoldenModel
  safeGap: number
  prompts: GoldenPrompt[]
}

export interface TokenizationCase {
  text: string
  /** Control markers are text. */
  plain: number[]
  /** Control markers are their ids. */
  parsed: number[]
}

export interface Tokenization {
  model: GoldenModel
  bos: number
  endOfGeneration: number[]
  /** Ids without BOS. */
  cases: TokenizationCase[]
}

const folder = join(import.meta.dirname, 'golden')

export function loadGoldens(): Goldens {
  return JSON.parse(readFileSync(join(folder, 'prompts.json'), 'utf8')) as Goldens
}

export function loadTokenization(): Tokenization {
  return JSON.parse(readFileSync(join(folder, 'tokenization.json'), 'utf8')) as Tokenization
}

/** The rows of the prompt named `name`: the next token's distribution at each of its `rowPositions`. */
export function loadRows(name: string): GoldenRow[] {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${name}.rows.bin`))
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength)
  const rows: GoldenRow[] = []
  for (let at = 0; at < byteLength; ) {
    const count = new DataView(bytes).getUint32(at, true)
    const values = at + 4 + 4 * Math.ceil(count / 2)
    rows.push({ ids: new Uint16Array(bytes, at + 4, count), logProbabilities: new Float32Array(bytes, values, count) })
    at = values + 4 * count
  }
  return rows
}

/** Path of the model the goldens belong to. */
export function goldenModelPath(): string {
  return join(import.meta.dirname, '..', '..', loadGoldens().model.file)
}

/** llama.cpp's answers on one of synthetic.ts's models. Made by `npm run oracle -- --write`. */
export interface GoldenArchitecture {
  name: string
  /** Of the GGUF file that synthetic.ts makes. */
  sha256: string
  /** Of a mixed model: mean KL divergence of llama.cpp on the file itself from llama.cpp on its F32 twin, in nats. */
  quantisedMeanKl?: number
  ids: number[]
  rowPositions: number[]
  /** ln p of every id after each of `rowPositions`, of a mixed model on its F32 twin. */
  rows: Float32Array[]
}

export function loadArchitectures(): GoldenArchitecture[] {
  const { models } = JSON.parse(readFileSync(join(folder, 'architectures.json'), 'utf8')) as {
    models: (Omit<GoldenArchitecture, 'rows'> & { rows: string[] })[]
  }
  return models.map(model => ({
    ...model,
    rows: model.rows.map(row => new Float32Array(Uint8Array.from(Buffer.from(row, 'base64')).buffer))
  }))
}
