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

/** A Chromium with a fresh profile that asks nobody for anything. */
export class Chromium {
  readonly #folder = mkdtempSync(join(tmpdir(), 'report-page-'))
  readonly #browser = chromium.launch({ executablePath: '/usr/bin/chromium', args: [...quiet] })
  readonly #files = new Map<SampleRun, string>()
  #context: BrowserContext | undefined

  /** Opens the report of a run as a person does who gets it by mail: from the disk. */
  async open(run: SampleRun, options: { javaScriptEnabled?: boolean } = {}): Promise<Opened> {
    const file = this.#files.get(run) ?? join(this.#folder, `report-${this.#files.size}.html`)
    if (!this.#files.has(run)) writeFileSync(file, htmlReport(sampleAudit(run)))
    this.#files.set(run, file)
    await this.leave()
    this.#context = await (await this.#browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
    this.#context.setDefaultTimeout(100_000)
    const page = await this.#context.newPage()
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

  /** Closes what is open. */
  async leave(): Promise<void> {
    await this.#context?.close()
    this.#context = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
    await (await this.#browser).close()
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
