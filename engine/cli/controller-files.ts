import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ControllerFiles } from '../execution/context.ts'

/** This machine's own files, where `fetch` puts what it brings. */
export const controllerFiles: ControllerFiles = {
  async read(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },

  /** Whole or not at all, and never open to more people than asked for. */
  async write(path, content, mode) {
    await mkdir(dirname(path), { recursive: true })
    const draft = `${path}.${randomBytes(6).toString('hex')}`
    try {
      await writeFile(draft, content, { mode: 0o600, flag: 'wx' })
      await chmod(draft, mode)
      await rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  },
}
