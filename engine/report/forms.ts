import type { Audit } from './audit-schema.ts'
import { htmlReport } from './html/html-report.ts'
import { junitReport } from './junit.ts'
import { markdownReport } from './markdown.ts'
import { sarifReport } from './sarif.ts'

/** The reports by the extension of their file. Each is a function of the audit alone. */
export const reportForms: Readonly<Record<string, (audit: Audit) => string>> = {
  '.html': htmlReport,
  '.json': (audit) => `${JSON.stringify(audit, null, 2)}\n`,
  '.sarif': sarifReport,
  '.xml': junitReport,
  '.md': markdownReport,
}
