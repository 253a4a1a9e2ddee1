export function pageBundle(path: string): Promise<string>
export const bundleQuery: RegExp
