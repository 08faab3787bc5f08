export type { AgreedExtension, Extension, ExtensionEntry, ExtensionParameter } from './extension.ts'
