import { defineConfig } from 'vitest/config'

/** `fast` needs nothing but Node; `lab` boots real hosts as root, so its files take turns. */
export default defineConfig({
  test: {
    // What tests run is nobody's history.
    env: { LOCKSTEP_HISTORY: 'off' },
    projects: [
      { test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/lab/**'], testTimeout: 60_000 } },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
