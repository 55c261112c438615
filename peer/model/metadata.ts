/**
 * Typed, bounded access to GGUF metadata, so that every wrong field is named with its value in one way.
 */
import { InvalidFileError } from '../errors.ts'
import type { GgufMetadata } from './gguf.ts'

interface Bounds {
  least: number
  most: number
}

/** An integer field within bounds; `undefined` when absent. */
export function optionalInteger(metadata: GgufMetadata, key: string, { least, most }: Bounds): number | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) {
    throw new InvalidFileError(`metadata '${key}': ${show(value)} is not a whole number from ${least} to ${most}`)
  }
  return number
}

export function integer(metadata: GgufMetadata, key: string, bounds: Bounds): number {
  return present(optionalInteger(metadata, key, bounds), key)
}

/** A finite number above zero; `undefined` when absent. */
export function optionalPositive(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidFileError(`metadata '${key}': ${show(value)} is not a positive number`)
  }
  return value
}

/** A finite number; `undefined` when absent. */
export function optionalFactor(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new InvalidFileError(`metadata '${key}': ${show(value)} is not a finite number`)
  return value
}

export function positive(metadata: GgufMetadata, key: string): number {
  return present(optionalPositive(metadata, key), key)
}

export function optionalString(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw new InvalidFileError(`metadata '${key}': ${show(value)} is not a string`)
}

export function string(metadata: GgufMetadata, key: string): string {
  return present(optionalString(metadata, key), key)
}

export function optionalBoolean(metadata: GgufMetadata, key: string): boolean | undefined {
  const value = metadata.get(key)
  if (value === undefined || typeof value === 'boolean') return value
  throw new InvalidFileError(`metadata '${key}': ${show(value)} is not a bool`)
}

export function strings(metadata: GgufMetadata, key: string): readonly string[] {
  const value = present(metadata.get(key), key)
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw new InvalidFileError(`metadata '${key}': not an array of strings`)
}

export function optionalIntegers(metadata: GgufMetadata, key: string): Int32Array | Uint32Array | undefined {
  const value = metadata.get(key)
  if (value === undefined || value instanceof Int32Array || value instanceof Uint32Array) return value
  throw new InvalidFileError(`metadata '${key}': not an array of 32-bit integers`)
}

export function optionalFloats(metadata: GgufMetadata, key: string): Float32Array | undefined {
  const value = metadata.get(key)
  if (value === undefined || value instanceof Float32Array) return value
  throw new InvalidFileError(`metadata '${key}': not an array of 32-bit floats`)
}

function present<T>(value: T | undefined, key: string): T {
  if (value === undefined) throw new InvalidFileError(`metadata '${key}': missing`)
  return value
}

/** A value as an error message quotes it: short whatever a stranger's file holds. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an array'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
