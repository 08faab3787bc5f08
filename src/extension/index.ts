export { type DeflateOption, deflateReader } from './deflate-option.ts'
export { DEFAULT_DEFLATE, type DeflateOptions } from './deflate-options.ts'
export {
  DeflateDataError,
  type DeflateFlush,
  type DeflatePort,
  type DeflaterOptions,
  type DeflateStream,
} from './deflate-port.ts'
export {
  type AgreedExtension,
  type Extension,
  type ExtensionEntry,
  type ExtensionParameter,
  type IncomingTransform,
  type MessageTransform,
  type MessageTransforms,
  type OutgoingMessage,
  type OutgoingTransform,
  type PayloadEnd,
  TransformError,
  type TransformSharing,
} from './extension.ts'
export { type PermessageDeflate, permessageDeflate } from './permessage-deflate.ts'
export { type IncomingPipeline, type OutgoingPipeline, openPipelines, type Pipelines } from './pipeline.ts'
