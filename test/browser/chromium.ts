import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { htmlReport } from '../../engine/report/html/html-report.ts'
import { type SampleRun, sampleAudit } from '../report/sample.ts'

export interface Opened {
  page: Page
  /** What the page said on the console, threw, or asked somebody for. */
  complaints: string[]
}

/** A Chromium with a profile of its own that asks nobody for anything. */
export class Browser {
  readonly #folder = mkdtempSync(join(tmpdir(), 'report-page-'))
  readonly #contexts: BrowserContext[] = []
  #files = 0

  /** Opens the report of a run as a person does who gets it by mail: from the disk. */
  async open(run: SampleRun, options: { javaScriptEnabled?: boolean } = {}): Promise<Opened> {
    const context = await chromium.launchPersistentContext(join(this.#folder, `profile-${this.#files++}`), {
      executablePath: '/usr/bin/chromium',
      args: [...quiet],
      viewport: { width: 1280, height: 900 },
      ...options,
    })
    this.#contexts.push(context)
    const file = join(this.#folder, `report-${this.#files}.html`)
    writeFileSync(file, htmlReport(sampleAudit(run)))
    const page = context.pages()[0] ?? (await context.newPage())
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => complaints.push(dialog.message()))
    page.on('request', (request) => {
      if (request.url() !== `file://${file}`) complaints.push(request.url())
    })
    await page.goto(`file://${file}`)
    return { page, complaints }
  }

  async close(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** As root there is no sandbox to be had; the rest keeps Chromium from talking to anybody. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
