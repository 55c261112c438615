/** The driver's signature over an open: hops trust the plan because of it, not because of whoever passed it on. */
import type { PrivateKey } from '@libp2p/interface'
import { InvalidFrameError } from '../errors.ts'
import { checkPlan, planLimits } from './check-frames.ts'
import { type Open, OpenPlan } from './frames.pb.js'
import { toHex } from './hex.ts'
import { sign, signerOf } from './signature.ts'

const DOMAIN = 'shoal/open/1'

export async function signOpen(plan: OpenPlan, key: PrivateKey): Promise<Open> {
  const { payload, publicKey, signature } = await sign(DOMAIN, OpenPlan.encode(plan), key)
  return { plan: payload, publicKey, signature }
}

/** The plan, if it is well formed and its driver signed it. @throws InvalidFrameError */
export async function verifyOpen(open: Open): Promise<OpenPlan> {
  const signer = await signerOf(DOMAIN, { payload: open.plan, publicKey: open.publicKey, signature: open.signature })
  const plan = planOf(open)
  checkPlan(plan)
  if (signer !== plan.driver) throw new InvalidFrameError(`plan.driver: ${plan.driver}, but signed by ${signer}`)
  return plan
}

/** Digest of the model that an open says it is for, lower-case hex: nothing of it is proven yet. @throws InvalidFrameError */
export function modelOf(open: Open): string {
  return toHex(planOf(open).model)
}

function planOf({ plan }: Open): OpenPlan {
  try {
    return OpenPlan.decode(plan, { limits: planLimits })
  } catch (cause) {
    throw new InvalidFrameError(`plan: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
}
