import { startSampleSite } from './start-sample-site.ts';
import { readArguments, USAGE, UsageError } from './site-options.ts';

/** Exit code for a command line that makes no sense, as sysexits.h has it. */
const EXIT_USAGE = 64;

try {
  const options = readArguments(process.argv.slice(2), new Date());
  if (options === 'help') {
    process.stdout.write(USAGE);
  } else {
    const site = await startSampleSite(options);
    process.stdout.write(`sample site ${site.url}\n`);
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(1);
      stopping = true;
      void site.close();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  }
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
  } else {
    process.stderr.write(`sample site cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
