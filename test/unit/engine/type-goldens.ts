/** What llama.cpp said of the models in synthetic-types.ts. Made by `npm run oracle -- --write`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TypeGolden {
  /** Of a model in TYPES_MODELS. */
  name: string
  /** Of the GGUF file that `typesGguf` makes. */
  sha256: string
  ids: number[]
  /** Mean KL divergence of llama.cpp on the quantised file from llama.cpp on its F32 twin, in nats. */
  quantisedMeanKl: number
  /** ln p of every id after each of `ids`, on the F32 twin. */
  rows: Float32Array[]
}

export interface EmbeddingGolden {
  /** Of a model in EMBEDDING_MODELS. */
  name: string
  sha256: string
  /** Rows of the table for which llama.cpp's probabilities on the file and on its twin are the same bits. */
  bitEqualRows: number
}

export function loadTypeGoldens(): { models: TypeGolden[]; embeddings: EmbeddingGolden[] } {
  const path = join(import.meta.dirname, '..', '..', 'oracle', 'golden', 'tensor-types.json')
  const { models, embeddings } = JSON.parse(readFileSync(path, 'utf8')) as {
    models: (Omit<TypeGolden, 'rows'> & { rows: string[] })[]
    embeddings: EmbeddingGolden[]
  }
  const decoded = (row: string) => new Float32Array(Uint8Array.from(Buffer.from(row, 'base64')).buffer)
  return { embeddings, models: models.map(model => ({ ...model, rows: model.rows.map(decoded) })) }
}
