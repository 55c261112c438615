/** A model that a bootstrap publishes: where peers find its manifest and its weights. */
export interface PublishedModel {
  name: string
  /** SHA-256 of the manifest, hex: the model's name among peers. */
  digest: string
  layers: number
  /** The manifest's canonical bytes. */
  manifest: Uint8Array
  /** A local file to serve the weights from. */
  weightsPath?: string
  /** Or local files that hold the weights end to end. */
  weightsParts?: readonly string[]
  /** Further URLs of the same weights. */
  sources: readonly string[]
}
