/**
 * What a hop does with a step of a recovery. Numbers on the wire and no protobuf enum: protons can't compile lists of those.
 */
export const Part = {
  /** Computes the step from its input, writes KV and logs its output: an ordinary step. */
  run: 0,
  /** Holds the positions already and sends the next hop what its log has of them. */
  replay: 1,
  /** Holds them already, and the next hop needs nothing either: the step goes on without hidden states. */
  pass: 2
} as const
export type Part = (typeof Part)[keyof typeof Part]

const HIGHEST = Part.pass

export function isPart(value: number): value is Part {
  return value >= Part.run && value <= HIGHEST
}
