import { out } from './play.ts'

/** Prints each command line and environment that a process ever has, once. */
const WATCH = (everyMs: number) => `
use strict; my %seen; $| = 1; local $/;
while (1) {
  for my $file (glob('/proc/[0-9]*/cmdline'), glob('/proc/[0-9]*/environ')) {
    open(my $handle, '<', $file) or next;
    my $text = <$handle>;
    print "$text\\n" if defined $text && !$seen{$text}++;
  }
  select(undef, undef, undef, ${everyMs / 1000});
}
`

/** Keeps all command lines and environments of a host's processes in its /run/watched from now on, and gives them in the end. */
export async function watchProcesses(host: string, everyMs = 2): Promise<{ end(): Promise<string> }> {
  await out(host, `cat >/run/watch.pl <<'END'\n${WATCH(everyMs)}END`)
  await out(host, 'systemd-run --quiet --unit=lab-watch sh -c "exec perl /run/watch.pl >/run/watched"')
  return {
    async end() {
      await out(host, 'systemctl stop lab-watch')
      return await out(host, 'tr "\\0" "\\n" </run/watched')
    },
  }
}
