/** The metadata of a llama model with made-up words, as llama.cpp reads it: synthetic models differ in sizes and weights only. */
import { f32, i32s, text, texts, u32, type WrittenValue } from '../unit/model/gguf-writer.ts'

export interface LlamaSize {
  contextLength: number
  layers: number
  width: number
  /** Of width / heads values each. */
  heads: number
  kvHeads: number
  feedForward: number
  vocabulary: number
}

export function llamaMetadata(size: LlamaSize): [string, WrittenValue][] {
  const tokens = Array.from({ length: size.vocabulary }, (_, id) => (id === 0 ? '<|end|>' : `t${id}`))
  return [
    ['general.architecture', text('llama')],
    ['general.name', text('synthetic')],
    ['llama.context_length', u32(size.contextLength)],
    ['llama.embedding_length', u32(size.width)],
    ['llama.block_count', u32(size.layers)],
    ['llama.feed_forward_length', u32(size.feedForward)],
    ['llama.attention.head_count', u32(size.heads)],
    ['llama.attention.head_count_kv', u32(size.kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ['llama.rope.freq_base', f32(10_000)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    ['tokenizer.ggml.tokens', texts(tokens)],
    ['tokenizer.ggml.token_type', i32s(tokens.map((_, id) => (id === 0 ? 3 : 1)))],
    ['tokenizer.ggml.merges', texts(['t 1'])],
    ['tokenizer.ggml.bos_token_id', u32(0)],
    ['tokenizer.ggml.eos_token_id', u32(0)]
  ]
}
