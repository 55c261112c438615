/**
 * Options that say which swarm a command belongs to.
 */
import { type Command, Option } from 'commander'
import { InviteError } from '../errors.ts'
import { checkNetwork, type Membership, publicMembership, readInvite } from '../wire/membership.ts'

export interface MembershipOptions {
  invite?: string
  network?: string
}

export function addMembershipOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--invite <invite>',
        'invite to a private swarm, as its bootstrap prints it; the environment keeps it from other users'
      ).env('SHOAL_INVITE')
    )
    .addOption(new Option('--network <id>', 'network id of a public swarm (default: shoal)').env('SHOAL_NETWORK'))
}

/** @throws InviteError, InvalidRequestError */
export function membershipOf({ invite, network }: MembershipOptions): Membership {
  if (invite === undefined) return network === undefined ? publicMembership : { network: checkNetwork(network) }
  const membership = readInvite(invite)
  if (network !== undefined && network !== membership.network)
    throw new InviteError(`--network ${network}, but the invite is to ${membership.network}`)
  return membership
}
