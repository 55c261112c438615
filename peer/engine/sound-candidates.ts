/** Which variants a tuner may choose from on a device: a fast kernel that computes wrongly is none. */
import { SelfTestError } from '../errors.ts'
import type { KernelVariant } from './kernels/shared.ts'
import { type SelfTestRequest, selfTest } from './self-test.ts'
import { candidatesFor } from './style.ts'

/**
 * The variants that the device computes rightly, of those it may be tuned to; the first is the default.
 * @throws what selfTest does when the default fails; DeviceLostError and the signal's reason in any case
 */
export async function soundCandidates(
  request: Omit<SelfTestRequest, 'variant'>,
  [standard, ...others]: readonly KernelVariant[] = candidatesFor(request.device)
): Promise<KernelVariant[]> {
  await selfTest({ ...request, variant: standard! })
  const sound = [standard!]
  for (const variant of others)
    try {
      await selfTest({ ...request, variant })
      sound.push(variant)
    } catch (error) {
      if (!(error instanceof SelfTestError)) throw error
    }
  return sound
}
