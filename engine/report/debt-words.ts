import { moment } from '../resource/moment.ts'
import type { Debt } from './event.ts'

/** `owed since 14:02, by ann@laptop, for 'The settings' in site.yml`. */
export function debtWords({ since, by, reason, playbook }: Debt, now: Date): string {
  return `owed since ${moment(since, now)}, by ${by}, for '${reason}' in ${playbook}`
}
