/** Which form of the kernels an adapter gets by default. */
import { InvalidRequestError } from '../errors.ts'
import type { AdapterDescription } from './adapter-description.ts'
import type { EngineDevice } from './device.ts'
import { type KernelStyle, type KernelVariant, LEAST_SUBGROUP, needsSubgroups } from './kernels/shared.ts'

/**
 * Kernels with barriers are 5 to 30 times slower than one row a thread on adapters that run on the CPU, the reverse on GPUs.
 * @throws InvalidRequestError when `variant` needs subgroups that the adapter lacks
 */
export function styleFor({ adapter }: Pick<EngineDevice, 'adapter'>, variant?: KernelVariant): KernelStyle {
  const software = adapter.kind === 'software'
  const chosen = variant ?? (software ? (runs(adapter, 'exchange') ? 'exchange' : 'rows') : 'workgroup')
  if (!runs(adapter, chosen))
    throw new InvalidRequestError(`${adapter.name} lacks the subgroups of ${LEAST_SUBGROUP} lanes that ${chosen} kernels need`, {
      param: 'variant'
    })
  return { variant: chosen, rolled: software }
}

/** The adapter has what the variant needs. */
export function runs({ features }: AdapterDescription, variant: KernelVariant): boolean {
  return !needsSubgroups(variant) || (features.subgroups && features.leastSubgroup >= LEAST_SUBGROUP)
}

/** What a tuner may choose from, the default first: on software adapters that alone, whose rivals lose by far. */
export function candidatesFor({ adapter }: Pick<EngineDevice, 'adapter'>): KernelVariant[] {
  if (adapter.kind === 'software') return [styleFor({ adapter }).variant]
  return (['workgroup', 'subgroup', 'rows'] as const).filter(variant => runs(adapter, variant))
}
