export function writePages(): void {}
