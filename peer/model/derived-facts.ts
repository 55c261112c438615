/**
 * The facts in which a model differs from a plain llama, from its GGUF header and its architecture's table: rope scaling,
 * windows, scales and soft-caps. What a file does not say is as llama.cpp takes it.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { ArchitectureFacts } from './architectures.ts'
import type { GgufMetadata } from './gguf.ts'
import { optionalBoolean, optionalFactor, optionalInteger, optionalPositive, optionalString, show } from './metadata.ts'
import type { Hyperparameters, RopeScaling } from './types.ts'

type Facts = Partial<Hyperparameters>

/** @throws InvalidFileError, UnsupportedModelError naming the field */
export function derivedFacts(
  metadata: GgufMetadata,
  plain: Hyperparameters,
  facts: ArchitectureFacts,
  tensorNames: ReadonlySet<string>
): Facts {
  const field = (name: string) => (facts.fields.has(name) ? `${plain.architecture}.${name}` : undefined)
  const found: Facts = {
    ...facts.fixed,
    ...ropeScaling(metadata, plain, facts),
    ...ropeFactors(metadata, plain, facts, tensorNames),
    ...attentionWindow(metadata, plain, facts),
    ...unrotatedLayers(metadata, plain, facts)
  }
  const factor = (name: string) => {
    const key = field(name)
    return key === undefined ? undefined : optionalFactor(metadata, key)
  }
  const set = (name: 'embeddingScale' | 'residualScale' | 'logitScale' | 'attentionScale', value: number | undefined) => {
    if (value !== undefined && value !== 0 && value !== 1) found[name] = value
  }
  set('embeddingScale', facts.rootEmbeddingScale ? Math.fround(Math.sqrt(plain.width)) : factor('embedding_scale'))
  set('residualScale', factor('residual_scale'))
  const divisor = factor('logit_scale')
  if (divisor === undefined && field('logit_scale') !== undefined)
    throw new InvalidFileError(`metadata '${field('logit_scale')}': missing`)
  if (divisor === 0) throw new InvalidFileError(`metadata '${field('logit_scale')}': 0, but logits are divided by it`)
  set('logitScale', divisor === undefined ? undefined : 1 / divisor)
  const widthScale = plain.layers === facts.widthScaledLayers ? 1 / Math.sqrt(Math.floor(plain.width / plain.heads)) : undefined
  set('attentionScale', widthScale ?? factor('attention.scale'))
  const attentionSoftCap = factor('attn_logit_softcapping') ?? facts.defaults.attentionSoftCap ?? 0
  if (attentionSoftCap !== 0) found.attentionSoftCap = attentionSoftCap
  const logitSoftCap = factor('final_logit_softcapping') ?? facts.defaults.logitSoftCap ?? 0
  if (logitSoftCap !== 0) found.logitSoftCap = logitSoftCap
  return found
}

function ropeScaling(metadata: GgufMetadata, plain: Hyperparameters, facts: ArchitectureFacts): Facts {
  const key = (name: string) => `${plain.architecture}.rope.${name}`
  const kind = optionalString(metadata, key('scaling.type')) ?? 'linear'
  const magnitude = optionalPositive(metadata, key('scaling.attn_factor')) ?? 1
  const stated = optionalFactor(metadata, key('scaling.factor')) ?? optionalFactor(metadata, key('scale_linear')) ?? 0
  const factor = stated === 0 || kind === 'none' ? 1 : stated
  // Longrope's angles are in its factor tensors.
  const long = kind === 'longrope' && facts.ropeFactors.includes('rope_factors_long.weight')
  const known = kind === 'none' || long ? 'linear' : kind
  if (!isScaling(known, facts)) {
    throw new UnsupportedModelError(`metadata '${key('scaling.type')}': ${show(kind)} is not computed for ${plain.architecture}`)
  }
  const stretch = magnitude === 1 ? {} : { magnitude }
  if (known === 'yarn' && factor > 1) {
    const context = { least: 1, most: plain.contextLength }
    const original = optionalInteger(metadata, key('scaling.original_context_length'), context) ?? plain.contextLength
    return { ropeScaling: { kind: 'yarn', factor, originalContext: original, ...stretch } }
  }
  if (known === 'yarn' && factor !== 1) throw new InvalidFileError(`metadata '${key('scaling.factor')}': ${factor} with yarn`)
  return factor === 1 && magnitude === 1 ? {} : { ropeScaling: { kind: 'linear', factor, ...stretch } }
}

function isScaling(kind: string, facts: ArchitectureFacts): kind is RopeScaling['kind'] {
  return facts.scalings.some(known => known === kind)
}

/** Of long and short factors llama.cpp takes the long ones for a context beyond the original; here the context is the model's. */
function ropeFactors(
  metadata: GgufMetadata,
  plain: Hyperparameters,
  facts: ArchitectureFacts,
  tensorNames: ReadonlySet<string>
): Facts {
  const there = facts.ropeFactors.filter(name => tensorNames.has(name))
  if (there.length === 0) return {}
  if (!facts.ropeFactors.includes('rope_factors_long.weight')) return { ropeFactors: there[0] as Hyperparameters['ropeFactors'] }
  if (there.length < 2)
    throw new InvalidFileError(`tensor '${there[0]}': the other of long and short rotation factors is missing`)
  const key = `${plain.architecture}.rope.scaling.original_context_length`
  const original = optionalInteger(metadata, key, { least: 1, most: plain.contextLength }) ?? plain.contextLength
  return { ropeFactors: plain.contextLength > original ? 'rope_factors_long.weight' : 'rope_factors_short.weight' }
}

function attentionWindow(metadata: GgufMetadata, plain: Hyperparameters, facts: ArchitectureFacts): Facts {
  const key = (name: string) => `${plain.architecture}.${name}`
  if (!facts.fields.has('attention.sliding_window')) return {}
  const size =
    optionalInteger(metadata, key('attention.sliding_window'), { least: 0, most: 2 ** 31 }) ?? facts.defaults.window ?? 0
  const windowed = windowedLayers(metadata, key('attention.sliding_window_pattern'), plain, facts)
  const layers = Array.from({ length: plain.layers }, (_, layer) => layer).filter(windowed)
  if (size === 0 || layers.length === 0) return {}
  const ropeBase = facts.fields.has('rope.freq_base_swa')
    ? (optionalPositive(metadata, key('rope.freq_base_swa')) ?? facts.defaults.windowRopeBase)
    : undefined
  // A window as long as the context hides nothing.
  if (size >= plain.contextLength && ropeBase === undefined) return {}
  return { window: { size, layers, ...(ropeBase === undefined ? {} : { ropeBase }) } }
}

function windowedLayers(metadata: GgufMetadata, key: string, plain: Hyperparameters, facts: ArchitectureFacts) {
  const pattern = metadata.get(key)
  if (Array.isArray(pattern)) {
    if (pattern.length !== plain.layers || !pattern.every(item => typeof item === 'boolean'))
      throw new InvalidFileError(`metadata '${key}': not a bool for each of the ${plain.layers} layers`)
    return (layer: number) => pattern[layer] === true
  }
  const period = optionalInteger(metadata, key, { least: 0, most: 2 ** 31 }) ?? facts.windowPeriod
  return (layer: number) => period === 0 || layer % period < period - 1
}

function unrotatedLayers(metadata: GgufMetadata, plain: Hyperparameters, facts: ArchitectureFacts): Facts {
  const layers = Array.from({ length: plain.layers }, (_, layer) => layer)
  const key = 'rope.scaling.finetuned'
  // granite's converter says with this field whether the model rotates at all.
  if (facts.fields.has(key) && optionalBoolean(metadata, `${plain.architecture}.${key}`) === false) return { unrotated: layers }
  const period = facts.unrotatedPeriod
  const unrotated = period === undefined ? [] : layers.filter(layer => (layer + 1) % period === 0)
  return unrotated.length === 0 ? {} : { unrotated }
}
