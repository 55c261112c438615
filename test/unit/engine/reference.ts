/**
 * The forward pass in float64, written from the maths of the LLaMA papers and nothing of the engine: whole sequences,
 * no cache, no fusing.
 */
import type { SyntheticModel } from './synthetic.ts'

export interface ReferencePass {
  /** Hidden states after `layers[i]` layers: states[i][position]; states[0] is the embedding. */
  states: Float64Array[][]
  /** Logits at each position. */
  logits: Float64Array[]
}

export function referencePass(model: SyntheticModel, tokens: readonly number[]): ReferencePass {
  const { layers, width, heads, kvHeads, headDim, normEpsilon, ropeBase, ropeDimensions, ropePairing, tied, window } =
    model.hyperparameters
  const tensor = (name: string) => model.values.get(name)!
  const product = (name: string, x: Float64Array) => {
    const w = tensor(name)
    return Float64Array.from({ length: w.length / x.length }, (_, row) => {
      let sum = 0
      for (let column = 0; column < x.length; column++) sum += w[row * x.length + column]! * x[column]!
      return sum
    })
  }
  const norm = (name: string, x: Float64Array) => {
    const gain = tensor(name)
    const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length
    return x.map((value, i) => (value / Math.sqrt(mean + normEpsilon)) * gain[i]!)
  }
  const rotate = (x: Float64Array, position: number) => {
    const out = x.slice()
    for (let head = 0; head < x.length; head += headDim)
      for (let pair = 0; pair < ropeDimensions / 2; pair++) {
        const angle = position * ropeBase ** ((-2 * pair) / ropeDimensions)
        const a = head + (ropePairing === 'interleaved' ? 2 * pair : pair)
        const b = head + (ropePairing === 'interleaved' ? 2 * pair + 1 : pair + ropeDimensions / 2)
        out[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle)
        out[b] = x[a]! * Math.sin(angle) + x[b]! * Math.cos(angle)
      }
    return out
  }
  const attend = (query: Float64Array, keys: Float64Array[], values: Float64Array[]) => {
    const out = new Float64Array(heads * headDim)
    for (let head = 0; head < heads; head++) {
      const at = Math.floor(head / (heads / kvHeads)) * headDim
      const scores = keys.map(key => {
        let sum = 0
        for (let i = 0; i < headDim; i++) sum += query[head * headDim + i]! * key[at + i]!
        return sum / Math.sqrt(headDim)
      })
      const top = Math.max(...scores)
      const weights = scores.map(score => Math.exp(score - top))
      const total = weights.reduce((a, b) => a + b, 0)
      for (let i = 0; i < headDim; i++)
        out[head * headDim + i] = weights.reduce((sum, weight, k) => sum + (weight / total) * values[k]![at + i]!, 0)
    }
    return out
  }
  const add = (x: Float64Array, y: Float64Array) => x.map((value, i) => value + y[i]!)

  let x = tokens.map(id => tensor('token_embd.weight').slice(id * width, (id + 1) * width))
  const states = [x]
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}.weight`
    const normed = x.map(row => norm(name('attn_norm'), row))
    const keys = normed.map((row, position) => rotate(product(name('attn_k'), row), position))
    const values = normed.map(row => product(name('attn_v'), row))
    x = x.map((row, position) => {
      const query = rotate(product(name('attn_q'), normed[position]!), position)
      const start = window?.layers.includes(layer) ? Math.max(0, position + 1 - window.size) : 0
      const attended = attend(query, keys.slice(start, position + 1), values.slice(start, position + 1))
      return add(row, product(name('attn_output'), attended))
    })
    x = x.map(row => {
      const n = norm(name('ffn_norm'), row)
      const gate = product(name('ffn_gate'), n)
      const up = product(name('ffn_up'), n)
      return add(
        row,
        product(
          name('ffn_down'),
          gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!)
        )
      )
    })
    states.push(x)
  }
  const head = tied ? 'token_embd.weight' : 'output.weight'
  return { states, logits: x.map(row => product(head, norm('output_norm.weight', row))) }
}
