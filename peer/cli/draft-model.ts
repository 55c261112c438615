/** `--draft FILE`: a small model of the same vocabulary, loaded whole in this process to draft for answers of a larger one. */
import { requestGpu } from '#engine/adapter'
import { openDevice } from '../engine/device.ts'
import { createSpanEngine } from '../engine/span.ts'
import { describeHeader } from '../model/manifest.ts'
import type { Manifest } from '../model/manifest-format.ts'
import type { TensorInfo } from '../model/types.ts'
import type { Drafter } from '../session/drafter.ts'
import { engineDrafter } from './engine-drafter.ts'
import { openModelSource } from './model-source.ts'

/** KV positions for all answers at a time: at four answers of 1,024 tokens each; one that finds no room goes on without. */
const KV_TOKENS = 4_096

export interface DraftModel {
  readonly name: string
  readonly drafter: Drafter
  /** Whether ids mean the same in both. */
  drafts: (manifest: Manifest) => boolean
  close: () => Promise<void>
}

/** @throws SourceError, InvalidFileError, UnsupportedModelError, GpuMemoryError, the signal's reason */
export async function openDraftModel(place: string, signal: AbortSignal): Promise<DraftModel> {
  const source = await openModelSource(place, signal)
  try {
    const header = await source.readHeader(signal)
    const { name, hyperparameters, tokenizer } = describeHeader(header)
    const infos = new Map(header.tensors.map(({ typeName, ...rest }) => [rest.name, { ...rest, type: typeName } as TensorInfo]))
    const device = await openDevice(await requestGpu())
    try {
      const engine = await createSpanEngine({
        device,
        hyperparameters,
        span: { first: 0, end: hyperparameters.layers },
        tensors: {
          info: tensor => infos.get(tensor),
          read: async (tensor, limit) => {
            const { offset, bytes } = infos.get(tensor)!
            return await source.read(offset, bytes, limit)
          }
        },
        kvTokens: KV_TOKENS,
        signal
      })
      return {
        name,
        drafter: engineDrafter(engine),
        drafts: manifest =>
          manifest.tokenizer.tokens.length === tokenizer.tokens.length &&
          manifest.tokenizer.tokens.every((token, id) => token === tokenizer.tokens[id]),
        close: async () => {
          await engine.close()
          device.close()
        }
      }
    } catch (thrown) {
      device.close()
      throw thrown
    }
  } finally {
    await source.close()
  }
}
