/**
 * Bounds and relations of the facts in which a model differs from a plain llama, whatever their source: a GGUF header or a
 * stranger's manifest.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { ArchitectureFacts } from './architectures.ts'
import { show } from './metadata.ts'
import type { Hyperparameters } from './types.ts'

/** Far beyond any factor in use, and products of a few of them stay far below what f32 holds. */
const LARGEST_FACTOR = 1e6

/** @throws InvalidFileError, UnsupportedModelError naming the fact */
export function checkFacts(h: Hyperparameters, facts: ArchitectureFacts): void {
  for (const name of ['activation', 'qkvBias', 'headNorms', 'postNorms', 'fused'] as const) {
    if (h[name] !== facts.fixed[name]) {
      throw new UnsupportedModelError(`${name}: ${show(h[name])}, but ${h.architecture} has ${show(facts.fixed[name])}`)
    }
  }
  if (facts.alwaysTied && !h.tied)
    throw new UnsupportedModelError(`tensor 'output.weight': ${h.architecture} reuses the embedding`)
  for (const name of ['embeddingScale', 'residualScale', 'logitScale', 'attentionScale'] as const) checkFactor(name, h[name])
  for (const name of ['attentionSoftCap', 'logitSoftCap'] as const) {
    if (h[name] !== undefined && h[name] <= 0) throw new InvalidFileError(`${name}: ${h[name]} is not above zero`)
    checkFactor(name, h[name])
  }
  if (h.ropeFactors !== undefined && !facts.ropeFactors.includes(h.ropeFactors))
    throw new UnsupportedModelError(`ropeFactors: ${show(h.ropeFactors)} are no part of ${h.architecture}`)
  checkScaling(h, facts)
  if (h.unrotated !== undefined) checkLayers('unrotated', h.unrotated, h.layers)
  if (h.window !== undefined) {
    const { size, layers, ropeBase } = h.window
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 31) throw new InvalidFileError(`window.size: ${show(size)}`)
    checkLayers('window.layers', layers, h.layers)
    if (ropeBase !== undefined && !(ropeBase > 0 && Number.isFinite(ropeBase)))
      throw new InvalidFileError(`window.ropeBase: ${show(ropeBase)} is not a positive number`)
  }
}

function checkFactor(name: string, value: number | undefined): void {
  if (value !== undefined && !(Math.abs(value) >= 1 / LARGEST_FACTOR && Math.abs(value) <= LARGEST_FACTOR))
    throw new InvalidFileError(`${name}: ${show(value)} is no factor from ${1 / LARGEST_FACTOR} to ${LARGEST_FACTOR}`)
}

function checkScaling(h: Hyperparameters, facts: ArchitectureFacts): void {
  if (h.ropeScaling === undefined) return
  const { kind, factor, originalContext, magnitude } = h.ropeScaling
  if (!facts.scalings.includes(kind))
    throw new UnsupportedModelError(`ropeScaling: ${show(kind)} is not computed for ${h.architecture}`)
  checkFactor('ropeScaling.factor', factor)
  checkFactor('ropeScaling.magnitude', magnitude)
  if (factor <= 0 || (magnitude ?? 1) <= 0) throw new InvalidFileError('ropeScaling: a factor that is not above zero')
  if (kind === 'yarn' ? !isContext(originalContext, h.contextLength) || factor <= 1 : originalContext !== undefined)
    throw new InvalidFileError(`ropeScaling: ${kind} by ${factor} over an original context of ${show(originalContext)}`)
}

const isContext = (value: number | undefined, most: number) => Number.isInteger(value) && value! >= 1 && value! <= most

function checkLayers(name: string, layers: readonly number[], count: number): void {
  if (layers.length === 0) throw new InvalidFileError(`${name}: no layers`)
  for (const [i, layer] of layers.entries()) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= count || (i > 0 && layer <= layers[i - 1]!))
      throw new InvalidFileError(`${name}[${i}]: layer ${show(layer)}, not ascending below ${count}`)
  }
}
